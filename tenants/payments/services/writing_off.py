"""Giving up what an invoice is still owed, and taking that back."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import FieldError, Invalid, NotFound
from shared.kernel.wording import money
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.invoices.models import Invoice
from tenants.ledger.periods import refuse_closed
from tenants.payments.errors import NotPayable
from tenants.payments.models import Allocation
from tenants.payments.services.checking import amount_errors, check_reason, lock_invoices
from tenants.payments.services.settling import undo_allocations, write_off_amount


def write_off_invoice(
    *,
    actor: Actor,
    invoice_id: str,
    reason: str,
    amount: Decimal | None = None,
    on: date | None = None,
    expected_revision: int | None = None,
) -> Invoice:
    """Write off `amount` of an invoice, all that is open where none is given.

    The tax in it stays payable until relief is claimed. Raises NotFound, NotPayable where
    nothing is open, Invalid naming each field, PeriodClosed, PreconditionFailed when stale.
    """
    authorize(actor, "payments.write_off")
    with transaction.atomic():
        invoice = _lock(invoice_id)
        invoice.require_revision(expected_revision)
        text = str(check_reason(reason))
        is_issued = invoice.document_status == Invoice.DocumentStatus.ISSUED
        if not is_issued or invoice.balance_due <= 0:
            raise NotPayable(_("%(id)s has no open amount.") % {"id": invoice})
        given_up = invoice.balance_due if amount is None else amount
        day = _checked(invoice, given_up, on)
        write_off_amount(invoice=invoice, amount=given_up, on=day, reason=text, by=actor.label)
        _tell(actor, invoice, "invoice.written_off", {"amount": str(given_up), "reason": text})
    return invoice


def undo_write_off(*, actor: Actor, invoice_id: str, write_off_id: UUID) -> Invoice:
    """Take a write-off back: the amount is open again; undoing it again changes nothing.

    Raises NotFound for a write-off that is not the invoice's.
    """
    authorize(actor, "payments.write_off")
    with transaction.atomic():
        invoice = _lock(invoice_id)
        found = Allocation.objects.filter(
            invoice=invoice, write_off_id=write_off_id, reverses__isnull=True
        ).select_related("write_off", "reversed_by")
        allocation = found.first()
        if allocation is None:
            raise NotFound(_("There is no such write-off of %(id)s.") % {"id": invoice})
        if hasattr(allocation, "reversed_by"):
            return invoice
        allocation.invoice = invoice
        undo_allocations(allocations=[allocation], on=today(), by=actor.label)
        after = {"amount": str(allocation.amount)}
        _tell(actor, invoice, "invoice.write_off_undone", after)
    return invoice


def _lock(invoice_id: str) -> Invoice:
    invoice = lock_invoices([invoice_id]).get(invoice_id)
    if invoice is None:
        raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
    return invoice


def _checked(invoice: Invoice, amount: Decimal, on: date | None) -> date:
    """The day of the write-off. Raises Invalid naming each wrong field."""
    latest = max(today(), invoice.invoice_date)
    day = on or latest
    errors = amount_errors("amount", amount, invoice.currency)
    if not errors and amount > invoice.balance_due:
        still_open = money(invoice.balance_due, invoice.currency)
        message = _("At most %(amount)s is open.") % {"amount": still_open}
        errors.append(FieldError("amount", "exceeds", message))
    if not invoice.invoice_date <= day <= latest:
        message = _("Between %(first)s and today.") % {"first": invoice.invoice_date}
        errors.append(FieldError("on", "range", message))
    if errors:
        raise Invalid(errors=errors)
    refuse_closed([(invoice.entity_id, day)], field="on")
    return day


def _tell(actor: Actor, invoice: Invoice, action: str, after: dict[str, str]) -> None:
    publish(topic=action, key=invoice.site.site_id, payload={"invoice_id": invoice.invoice_id})
    record(actor=actor, action=action, target=invoice, after=after)
