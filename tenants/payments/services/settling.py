"""Settling invoices: parts of other services' transactions, which have authorised their actor.

The caller has locked the invoices (and the credit note or payment) that it names. Each step
moves the invoice's settled amount, adds the allocation and posts to the journal.
"""

from datetime import date
from decimal import Decimal

from django.db.models import Sum

from tenants.invoices.models import Invoice
from tenants.ledger.periods import first_open_day
from tenants.ledger.services import post
from tenants.payments.hooks import settled_listener
from tenants.payments.journal import (
    application_entries,
    credit_application_entries,
    write_off_entry,
)
from tenants.payments.models import Allocation, Payment, WriteOff

ZERO = Decimal(0)
DETAIL_MAX = 300


def unapplied_of(payment: Payment) -> Decimal:
    """What of a payment no invoice has taken and nobody got back; 0 once it is reversed."""
    if hasattr(payment, "reversal"):
        return ZERO
    applied = payment.allocations.aggregate(sum=Sum("amount"))["sum"] or ZERO
    refunded = payment.refunds.aggregate(sum=Sum("amount"))["sum"] or ZERO
    return Decimal(payment.amount - applied - refunded)


def apply_payment(
    *,
    payment: Payment,
    invoice: Invoice,
    amount: Decimal,
    on: date,
    by: str,
    rule: str = Allocation.Rule.GIVEN,
    detail: str = "",
) -> Allocation:
    """Let a payment settle `amount` (more than zero) of an invoice.

    The caller has checked that neither has less to give or to take; the database refuses an
    invoice settled beyond its total. What is applied before the invoice's own day counts from
    that day, so that no receivable is negative meanwhile; between two companies it counts from
    the first day that is open in the books of both.
    """
    unapplied = unapplied_of(payment)
    day = max(on, invoice.invoice_date)
    if payment.entity_id != invoice.entity_id:
        day = first_open_day([payment.entity_id, invoice.entity_id], day)
    allocation = Allocation.objects.create(
        invoice=invoice,
        payment=payment,
        amount=amount,
        applied_on=day,
        rule=rule,
        rule_detail=detail[:DETAIL_MAX],
        recorded_by=by[:200],
    )
    post(application_entries(allocation, unapplied_before=unapplied))
    _settle(invoice, paid=amount)
    _tell_settled(invoice, by)
    return allocation


def apply_credit(
    *, credit_note: Invoice, invoice: Invoice, amount: Decimal, on: date, by: str
) -> Allocation:
    """Let a credit note settle `amount` (more than zero) of an invoice of the same customer."""
    allocation = Allocation.objects.create(
        invoice=invoice,
        credit_note=credit_note,
        amount=amount,
        applied_on=max(on, invoice.invoice_date, credit_note.invoice_date),
        recorded_by=by[:200],
    )
    post(credit_application_entries(allocation))
    _settle(invoice, credited=amount)
    _tell_settled(invoice, by)
    _settle(credit_note, credited=-amount)
    return allocation


def settle_refunded_credit(*, credit_note: Invoice, amount: Decimal) -> None:
    """What of a credit note was paid out is no longer to be given."""
    _settle(credit_note, paid=-amount)


def write_off_amount(
    *, invoice: Invoice, amount: Decimal, on: date, reason: str, by: str
) -> Allocation:
    """Give up `amount` (more than zero) of what an invoice is still owed."""
    write_off = WriteOff.objects.create(
        invoice=invoice, amount=amount, written_off_on=on, reason=reason, recorded_by=by[:200]
    )
    allocation = Allocation.objects.create(
        invoice=invoice, write_off=write_off, amount=amount, applied_on=on, recorded_by=by[:200]
    )
    post([write_off_entry(allocation)])
    _settle(invoice, written_off=amount)
    _tell_settled(invoice, by)
    return allocation


def undo_allocation(*, allocation: Allocation, on: date, by: str) -> Allocation:
    """Take an allocation back by a negative row that points at it; it can be undone once."""
    invoice, payment = allocation.invoice, allocation.payment
    unapplied = unapplied_of(payment) if payment else ZERO
    undone = Allocation.objects.create(
        invoice=invoice,
        payment=payment,
        credit_note=allocation.credit_note,
        write_off=allocation.write_off,
        amount=-allocation.amount,
        applied_on=max(on, allocation.applied_on),
        reverses=allocation,
        recorded_by=by[:200],
    )
    if payment is not None:
        post(application_entries(undone, unapplied_before=unapplied))
        _settle(invoice, paid=undone.amount)
    elif allocation.credit_note is not None:
        post(credit_application_entries(undone))
        _settle(invoice, credited=undone.amount)
        _settle(allocation.credit_note, credited=-undone.amount)
    else:
        post([write_off_entry(undone)])
        _settle(invoice, written_off=undone.amount)
    return undone


def _settle(
    invoice: Invoice,
    *,
    paid: Decimal = ZERO,
    credited: Decimal = ZERO,
    written_off: Decimal = ZERO,
) -> None:
    invoice.amount_paid = Decimal(invoice.amount_paid) + paid
    invoice.amount_credited = Decimal(invoice.amount_credited) + credited
    invoice.amount_written_off = Decimal(invoice.amount_written_off) + written_off
    invoice.payment_status = invoice.derive_payment_status()
    invoice.save_changes("amount_paid", "amount_credited", "amount_written_off", "payment_status")


def _tell_settled(invoice: Invoice, by: str) -> None:
    listener = settled_listener()
    if listener is not None and invoice.amount_disputed > invoice.balance_due:
        listener(invoice=invoice, by=by)
