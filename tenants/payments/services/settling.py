"""Settling invoices: parts of other services' transactions, which have authorised their actor.

The caller has locked the invoices (and the credit note or payment) that it names. Each step
adds the allocations, posts to the journal and moves the settled amounts of the documents.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import Sum

from shared.kernel.bulk import copy_instances, update_rows
from shared.kernel.clock import now
from tenants.invoices.models import Invoice
from tenants.ledger.periods import first_open_day
from tenants.ledger.services import Entry, post
from tenants.payments.hooks import settled_listener
from tenants.payments.journal import (
    application_entries,
    credit_application_entries,
    write_off_entry,
)
from tenants.payments.models import Allocation, Payment, WriteOff

ZERO = Decimal(0)
DETAIL_MAX = 300
SETTLED_FIELDS = (
    "amount_paid",
    "amount_credited",
    "amount_written_off",
    "payment_status",
    "revision",
    "updated_at",
)


def unapplied_of(payment: Payment) -> Decimal:
    """What of a payment no invoice has taken and nobody got back; 0 once it is reversed."""
    if hasattr(payment, "reversal"):
        return ZERO
    applied = payment.allocations.aggregate(sum=Sum("amount"))["sum"] or ZERO
    refunded = payment.refunds.aggregate(sum=Sum("amount"))["sum"] or ZERO
    return Decimal(payment.amount - applied - refunded)


class Application(NamedTuple):
    """What an invoice takes of a payment, and what it was found by."""

    invoice: Invoice
    amount: Decimal
    rule: str = Allocation.Rule.GIVEN
    detail: str = ""


def apply_payment(
    *, payment: Payment, parts: Sequence[Application], on: date, by: str
) -> list[Allocation]:
    """Let a payment settle its parts, each more than zero, of invoices.

    The caller has checked that neither has less to give or to take; the database refuses an
    invoice settled beyond its total. What is applied before the invoice's own day counts from
    that day, so that no receivable is negative meanwhile; between two companies it counts from
    the first day that is open in the books of both. A fixed number of statements, however many
    invoices of one company there are.
    """
    unapplied = unapplied_of(payment)
    made, entries = [], []
    for invoice, amount, rule, detail in parts:
        day = max(on, invoice.invoice_date)
        if payment.entity_id != invoice.entity_id:
            day = first_open_day([payment.entity_id, invoice.entity_id], day)
        allocation = Allocation(
            invoice=invoice,
            payment=payment,
            amount=amount,
            applied_on=day,
            rule=rule,
            rule_detail=detail[:DETAIL_MAX],
            recorded_by=by[:200],
        )
        entries += application_entries(allocation, unapplied_before=unapplied)
        unapplied -= amount
        _settle(invoice, paid=amount)
        made.append(allocation)
    _keep(made, entries, by)
    return made


def apply_credit(
    *, credit_note: Invoice, invoice: Invoice, amount: Decimal, on: date, by: str
) -> Allocation:
    """Let a credit note settle `amount` (more than zero) of an invoice of the same customer."""
    allocation = Allocation(
        invoice=invoice,
        credit_note=credit_note,
        amount=amount,
        applied_on=max(on, invoice.invoice_date, credit_note.invoice_date),
        recorded_by=by[:200],
    )
    entries = credit_application_entries(allocation)
    _settle(invoice, credited=amount)
    _settle(credit_note, credited=-amount)
    _keep([allocation], entries, by)
    return allocation


def settle_refunded_credit(*, credit_note: Invoice, amount: Decimal) -> None:
    """What of a credit note was paid out is no longer to be given."""
    _settle(credit_note, paid=-amount)
    _save([credit_note])


def write_off_amount(
    *, invoice: Invoice, amount: Decimal, on: date, reason: str, by: str
) -> Allocation:
    """Give up `amount` (more than zero) of what an invoice is still owed."""
    write_off = WriteOff.objects.create(
        invoice=invoice, amount=amount, written_off_on=on, reason=reason, recorded_by=by[:200]
    )
    allocation = Allocation(
        invoice=invoice, write_off=write_off, amount=amount, applied_on=on, recorded_by=by[:200]
    )
    entry = write_off_entry(allocation)
    _settle(invoice, written_off=amount)
    _keep([allocation], [entry], by)
    return allocation


def undo_allocations(*, allocations: Sequence[Allocation], on: date, by: str) -> list[Allocation]:
    """Take allocations back, each by a negative row that points at it; it can be undone once.

    Those of one invoice or credit note carry the same locked object. A fixed number of
    statements, however many there are of one payment.
    """
    unapplied: dict[UUID, Decimal] = {}
    made, entries = [], []
    for allocation in allocations:
        undone = Allocation(
            invoice=allocation.invoice,
            payment=allocation.payment,
            credit_note=allocation.credit_note,
            write_off=allocation.write_off,
            amount=-allocation.amount,
            applied_on=max(on, allocation.applied_on),
            reverses=allocation,
            recorded_by=by[:200],
        )
        if (payment := undone.payment) is not None:
            before = unapplied.get(payment.pk)
            before = unapplied_of(payment) if before is None else before
            entries += application_entries(undone, unapplied_before=before)
            unapplied[payment.pk] = before - undone.amount
            _settle(undone.invoice, paid=undone.amount)
        elif undone.credit_note is not None:
            entries += credit_application_entries(undone)
            _settle(undone.invoice, credited=undone.amount)
            _settle(undone.credit_note, credited=-undone.amount)
        else:
            entries.append(write_off_entry(undone))
            _settle(undone.invoice, written_off=undone.amount)
        made.append(undone)
    _keep(made, entries, by)
    return made


def _settle(
    invoice: Invoice,
    *,
    paid: Decimal = ZERO,
    credited: Decimal = ZERO,
    written_off: Decimal = ZERO,
) -> None:
    """Move the amounts of the object in hand; _keep() or _save() stores them."""
    invoice.amount_paid = Decimal(invoice.amount_paid) + paid
    invoice.amount_credited = Decimal(invoice.amount_credited) + credited
    invoice.amount_written_off = Decimal(invoice.amount_written_off) + written_off
    invoice.payment_status = invoice.derive_payment_status()


def _keep(made: Sequence[Allocation], entries: Sequence[Entry], by: str) -> None:
    """Store what was made: the allocations, their postings and the documents they moved."""
    copy_instances(made)
    post(entries)
    touched = [document for one in made for document in (one.invoice, one.credit_note) if document]
    _save({one.pk: one for one in touched}.values())
    listener = settled_listener()
    for one in made:
        if listener is not None and one.invoice.amount_disputed > one.invoice.balance_due:
            listener(invoice=one.invoice, by=by)


def _save(documents: Iterable[Invoice]) -> None:
    rows, moment = list(documents), now()
    for one in rows:
        one.revision += 1
        one.updated_at = moment
    if rows:
        update_rows(Invoice, SETTLED_FIELDS, rows)
