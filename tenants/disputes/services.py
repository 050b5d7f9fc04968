"""Raising disputes and closing them; what is disputed is kept on the invoice."""

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from billing.money import round_money
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.codes import next_code
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound, Text
from shared.kernel.wording import money
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.disputes.models import Dispute
from tenants.invoices.models import Invoice, InvoiceLine
from tenants.invoices.services import LineCredit, credit_invoice, issue_invoice
from tenants.invoices.services.crediting import total_of_line

ZERO = Decimal(0)
TEXT_MAX = 500
Status = Dispute.Status


def raise_dispute(
    *,
    actor: Actor,
    invoice_id: str,
    reason: str,
    amount: Decimal | None = None,
    position: int | None = None,
) -> Dispute:
    """Record that a customer objects to `amount` (with tax) of an invoice, or to a line of it.

    Without an amount: the line with its taxes, or without a line the whole; of that what is open
    and undisputed, and never more. Raises NotFound, Conflict where nothing is open, Invalid naming
    each field.
    """
    authorize(actor, "invoices.dispute")
    with transaction.atomic():
        invoice = _lock_invoice(invoice_id)
        text = _checked_text("reason", reason)
        undisputed = invoice.balance_due - invoice.amount_disputed
        is_issued = invoice.document_status == Invoice.DocumentStatus.ISSUED
        if not is_issued or undisputed <= 0:
            raise Conflict(_("%(id)s has no open amount that is undisputed.") % {"id": invoice})
        line = _line(invoice, position)
        objected = amount
        if objected is None:
            objected = min(undisputed, _line_total(invoice, line)) if line else undisputed
        _check_amount(objected, undisputed, invoice.currency)
        dispute = Dispute.objects.create(
            dispute_id=next_code(Dispute, "dispute_id"),
            invoice=invoice,
            line=line,
            amount=objected,
            reason=text,
            raised_by=actor.label[:200],
        )
        _keep_disputed(invoice)
        after = {"invoice": str(invoice), "amount": str(objected), "reason": text}
        _tell(actor, dispute, "dispute.raised", after)
    return dispute


def resolve_dispute(
    *,
    actor: Actor,
    dispute_id: str,
    resolution: str,
    credit: Decimal | None = None,
    expected_revision: int | None = None,
) -> Dispute:
    """Close a dispute that was settled, where asked by a credit note of `credit` before tax.

    The credit note is issued at once, on the disputed line where there is one. Raises NotFound,
    Conflict for one that is closed, Invalid, and what crediting raises.
    """
    authorize(actor, "invoices.dispute")
    with transaction.atomic():
        dispute = _lock_open(dispute_id, expected_revision)
        text = _checked_text("resolution", resolution)
        _close(actor.label, dispute, Status.RESOLVED, text)
        if credit is not None:
            dispute.credit_note = _credit(actor, dispute, credit, text)
            dispute.save_changes("credit_note")
        _tell_closed(actor, dispute)
    return dispute


def withdraw_dispute(
    *, actor: Actor, dispute_id: str, note: str = "", expected_revision: int | None = None
) -> Dispute:
    """Close a dispute that the customer does not stand by. Raises NotFound, Conflict."""
    authorize(actor, "invoices.dispute")
    with transaction.atomic():
        dispute = _lock_open(dispute_id, expected_revision)
        _close(actor.label, dispute, Status.WITHDRAWN, note.strip()[:TEXT_MAX])
        _tell_closed(actor, dispute)
    return dispute


def cap_disputes(*, invoice: Invoice, by: str) -> None:
    """Nobody disputes what is settled: keep the open disputes to what is open, oldest first.

    One of which nothing is left is closed. Part of the transaction that settles the locked
    invoice and records that; the disputes say themselves why they changed.
    """
    left = max(invoice.balance_due, ZERO)
    standing = invoice.disputes.select_for_update().filter(status=Status.OPEN)
    for dispute in standing.order_by("created_at", "pk"):
        kept = min(Decimal(dispute.amount), left)
        left -= kept
        dispute.invoice = invoice
        if not kept:
            _close(by, dispute, Status.RESOLVED, _("The invoice was settled in full."))
            _publish(dispute, "dispute.closed")
        elif kept < dispute.amount:
            note = _("A part was settled; %(amount)s was disputed at first.")
            dispute.resolution = note % {"amount": money(dispute.amount, invoice.currency)}
            dispute.amount = kept
            dispute.save_changes("amount", "resolution")
    _keep_disputed(invoice)


def _lock_invoice(invoice_id: str) -> Invoice:
    found = Invoice.objects.select_for_update(of=("self",)).select_related("site")
    invoice = found.filter(invoice_id=invoice_id).first()
    if invoice is None:
        raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
    return invoice


def _lock_open(dispute_id: str, expected_revision: int | None) -> Dispute:
    """The dispute, locked after its invoice as everywhere."""
    codes = Dispute.objects.filter(dispute_id=dispute_id).values_list("invoice__invoice_id")
    code = codes.first()
    if code is None:
        raise NotFound(_("There is no dispute %(id)s.") % {"id": dispute_id})
    invoice = _lock_invoice(code[0])
    locked = Dispute.objects.select_for_update(of=("self",)).select_related("line")
    dispute = locked.get(dispute_id=dispute_id)
    dispute.invoice = invoice
    dispute.require_revision(expected_revision)
    if dispute.status != Status.OPEN:
        raise Conflict(_("It is closed already."))
    return dispute


def _line(invoice: Invoice, position: int | None) -> InvoiceLine | None:
    if position is None:
        return None
    line = invoice.lines.filter(position=position).first()
    if line is None:
        message = _("The invoice has no such line.")
        raise Invalid(errors=[FieldError("position", "no_such_line", message)])
    return line


def _line_total(invoice: Invoice, line: InvoiceLine) -> Decimal:
    """What is left of a line, with its taxes. Raises Invalid where it is nothing to object to."""
    total = total_of_line(invoice, line.position)
    if total <= 0:
        message = _("Nothing is left of this line.")
        raise Invalid(errors=[FieldError("position", "nothing_left", message)])
    return total


def _check_amount(amount: Decimal, most: Decimal, currency: str) -> None:
    if not amount.is_finite() or amount <= 0:
        raise Invalid(errors=[FieldError("amount", "range", _("Must be more than zero."))])
    if amount > most:
        message = _("At most %(amount)s is open.") % {"amount": money(most, currency)}
        raise Invalid(errors=[FieldError("amount", "exceeds", message)])
    if round_money(amount, currency) != amount:
        message = _("%(currency)s has no such fraction.") % {"currency": currency}
        raise Invalid(errors=[FieldError("amount", "fraction", message)])


def _checked_text(field: str, given: str) -> str:
    text = given.strip()
    if not text:
        raise Invalid(errors=[FieldError(field, "required", _("Say why."))])
    if len(text) > TEXT_MAX:
        raise Invalid(errors=[FieldError(field, "too_long", _("At most 500 characters."))])
    return text


def _credit(actor: Actor, dispute: Dispute, amount: Decimal, reason: str) -> Invoice:
    invoice_id = dispute.invoice.invoice_id
    lines = [LineCredit(dispute.line.position, amount)] if dispute.line else []
    note = credit_invoice(
        actor=actor,
        invoice_id=invoice_id,
        reason=reason,
        amount=None if lines else amount,
        lines=lines,
    )
    issued = issue_invoice(actor=actor, invoice_id=note.invoice_id)
    dispute.invoice.refresh_from_db()
    return issued


def _close(by: str, dispute: Dispute, status: str, text: Text) -> None:
    dispute.status, dispute.resolution = status, text
    dispute.closed_by, dispute.closed_at = by[:200], now()
    dispute.save_changes("status", "resolution", "closed_by", "closed_at")
    _keep_disputed(dispute.invoice)


def _tell_closed(actor: Actor, dispute: Dispute) -> None:
    credit_note = str(dispute.credit_note) if dispute.credit_note else None
    after = {
        "status": dispute.status,
        "resolution": str(dispute.resolution),
        "credit_note": credit_note,
    }
    _tell(actor, dispute, "dispute.closed", after)


def _keep_disputed(invoice: Invoice) -> None:
    """The sum of the open disputes, on the locked invoice."""
    standing = invoice.disputes.filter(status=Status.OPEN).aggregate(sum=Sum("amount"))
    invoice.amount_disputed = standing["sum"] or ZERO
    invoice.save_changes("amount_disputed")


def _tell(actor: Actor, dispute: Dispute, action: str, after: Mapping[str, str | None]) -> None:
    _publish(dispute, action)
    record(actor=actor, action=action, target=dispute, after=after)


def _publish(dispute: Dispute, action: str) -> None:
    publish(
        topic=action,
        key=dispute.invoice.site.site_id,
        payload={"dispute_id": dispute.dispute_id, "invoice_id": dispute.invoice.invoice_id},
    )
