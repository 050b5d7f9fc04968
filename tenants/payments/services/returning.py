"""Money that goes back: refunds of what is unapplied or credited, and reversals."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.codes import next_code
from shared.kernel.errors import FieldError, Invalid, NotFound, Text
from shared.kernel.wording import money
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.invoices.models import Invoice
from tenants.ledger.periods import refuse_closed
from tenants.ledger.services import post
from tenants.payments.errors import NotReversible, TransactionUsed
from tenants.payments.journal import credit_refund_entry, refund_entry, reversal_entry
from tenants.payments.models import Payment, Refund, Reversal
from tenants.payments.returns import RETURN_KIND
from tenants.payments.services.applying import live_allocations, open_credit_note, undo_all
from tenants.payments.services.checking import (
    TRANSACTION_ID_MAX,
    amount_errors,
    check_reason,
    lock_invoices,
    lock_payment,
    method_errors,
)
from tenants.payments.services.settling import settle_refunded_credit, unapplied_of
from tenants.review.services import close_items


@dataclass(frozen=True)
class RefundInput:
    """How money is given back."""

    amount: Decimal
    method: str
    reason: Text
    refunded_on: date | None = None
    transaction_id: str | None = None


def refund_payment(*, actor: Actor, payment_id: str, given: RefundInput) -> Refund:
    """Give back what of a payment no invoice has taken; the same transaction number once.

    Raises Invalid naming each field (`exceeds` above what is unapplied), NotFound,
    TransactionUsed, PeriodClosed.
    """
    authorize(actor, "payments.refund")
    with transaction.atomic():
        payment = lock_payment(payment_id)
        on = _check(given, payment.currency, not_before=payment.received_on)
        earlier = _earlier(given, payment=payment)
        if earlier is not None:
            return earlier
        refuse_closed([(payment.entity_id, on)], field="refunded_on")
        unapplied = unapplied_of(payment)
        _require_enough(given.amount, unapplied, payment.currency)
        refund = _make(given, payment, on, actor, payment=payment)
        post([refund_entry(refund, unapplied_before=unapplied)])
        if payment.file_lines.filter(status="returned", amount=refund.amount).exists():
            close_items(actor=actor, kind=RETURN_KIND, target_id=payment.pk)
        _tell(actor, refund, payment, key=payment.customer.customer_id)
    return refund


def refund_credit_note(*, actor: Actor, credit_note_id: str, given: RefundInput) -> Refund:
    """Pay out what a credit note still has to give. Raises as `refund_payment`, and Conflict."""
    authorize(actor, "payments.refund")
    with transaction.atomic():
        locked = lock_invoices([credit_note_id])
        earlier = _earlier(given, credit_note=locked.get(credit_note_id))
        if earlier is not None:
            return earlier
        note = open_credit_note(locked, credit_note_id)
        on = _check(given, note.currency, not_before=note.invoice_date)
        refuse_closed([(note.entity_id, on)], field="refunded_on")
        _require_enough(given.amount, -note.balance_due, note.currency)
        refund = _make(given, note, on, actor, credit_note=note)
        post([credit_refund_entry(refund)])
        settle_refunded_credit(credit_note=note, amount=given.amount)
        _tell(actor, refund, note, key=note.site.site_id)
    return refund


def undo_refund(*, actor: Actor, refund_id: str, reason: str) -> Refund:
    """Take a refund back, because the bank returned it or it was recorded by mistake.

    What was given back stands open again, on the payment unapplied or on the credit note, and is
    posted as of today at the rate it left with. The answer is the row that undoes it; undoing it
    again changes nothing. Raises NotFound, Invalid without a reason or for such a row.
    """
    authorize(actor, "payments.refund")
    with transaction.atomic():
        text = check_reason(reason)
        refund, document = _lock_refund(refund_id)
        if hasattr(refund, "reversed_by"):
            return refund.reversed_by
        undoing = RefundInput(-Decimal(refund.amount), refund.method, text)
        on = max(today(), refund.refunded_on)
        if isinstance(document, Payment):
            unapplied = unapplied_of(document)
            undone = _make(undoing, document, on, actor, payment=document, reverses=refund)
            post([refund_entry(undone, unapplied_before=unapplied)])
            _tell(actor, undone, document, key=document.customer.customer_id)
        else:
            undone = _make(undoing, document, on, actor, credit_note=document, reverses=refund)
            post([credit_refund_entry(undone)])
            settle_refunded_credit(credit_note=document, amount=undone.amount)
            _tell(actor, undone, document, key=document.site.site_id)
    return undone


def reverse_payment(*, actor: Actor, payment_id: str, reason: Text) -> Reversal:
    """Undo a payment that turned out not to be one, with everything it settled.

    Raises Invalid without a reason, NotFound, NotReversible once it is reversed or a part of it
    was given back.
    """
    authorize(actor, "payments.refund")
    with transaction.atomic():
        payment = lock_payment(payment_id)
        text = check_reason(reason)
        if hasattr(payment, "reversal"):
            raise NotReversible(_("%(id)s is reversed already.") % {"id": payment_id})
        if live_refunds(payment).exists():
            raise NotReversible(_("A part of %(id)s was given back.") % {"id": payment_id})
        on = max(today(), payment.received_on)
        undo_all(allocations=live_allocations(payment), on=on, by=actor.label)
        reversal = Reversal.objects.create(
            payment=payment, reversed_on=on, reason=text, recorded_by=actor.label[:200]
        )
        post([reversal_entry(reversal)])
        close_items(actor=actor, kind=RETURN_KIND, target_id=payment.pk)
        publish(
            topic="payment.reversed",
            key=payment.customer.customer_id,
            payload={"payment_id": payment.payment_id},
        )
        record(actor=actor, action="payment.reversed", target=payment, after={"reason": str(text)})
    return reversal


def live_refunds(payment: Payment) -> QuerySet[Refund]:
    """What of a payment was given back and not returned."""
    return payment.refunds.filter(reverses__isnull=True, reversed_by__isnull=True)


def _lock_refund(refund_id: str) -> tuple[Refund, Payment | Invoice]:
    """The refund with what it was given from, which is locked: two at once take turns."""
    found = Refund.objects.select_related("payment", "credit_note", "reversed_by")
    refund = found.filter(refund_id=refund_id).first()
    if refund is None:
        raise NotFound(_("There is no refund %(id)s.") % {"id": refund_id})
    if refund.reverses_id is not None:
        message = _("%(id)s is itself a refund taken back. Record a new refund instead.")
        raise Invalid(errors=[FieldError("refund_id", "undoing", message % {"id": refund_id})])
    document: Payment | Invoice
    if refund.payment is not None:
        document = lock_payment(refund.payment.payment_id)
    else:
        assert refund.credit_note is not None
        code = refund.credit_note.invoice_id
        document = lock_invoices([code])[code]
    return found.get(pk=refund.pk), document


def _check(given: RefundInput, currency: str, *, not_before: date) -> date:
    """The day of the refund. Raises Invalid naming each wrong field."""
    check_reason(given.reason)
    latest = max(today(), not_before)
    on = given.refunded_on or latest
    errors = amount_errors("amount", given.amount, currency) + method_errors("method", given.method)
    if not not_before <= on <= latest:
        message = _("Between %(first)s and today.") % {"first": not_before}
        errors.append(FieldError("refunded_on", "range", message))
    if len(given.transaction_id or "") > TRANSACTION_ID_MAX:
        message = _("At most %(number)d characters.") % {"number": TRANSACTION_ID_MAX}
        errors.append(FieldError("transaction_id", "too_long", message))
    if errors:
        raise Invalid(errors=errors)
    return on


def _require_enough(amount: Decimal, available: Decimal, currency: str) -> None:
    if amount > available:
        message = _("At most %(amount)s is left.") % {"amount": money(available, currency)}
        raise Invalid(errors=[FieldError("amount", "exceeds", message)])


def _earlier(
    given: RefundInput, *, payment: Payment | None = None, credit_note: Invoice | None = None
) -> Refund | None:
    if not given.transaction_id:
        return None
    found = Refund.objects.filter(transaction_id=given.transaction_id).first()
    if found is None:
        return None
    source = payment or credit_note
    same = source is not None and source.pk in (found.payment_id, found.credit_note_id)
    # One that was taken back stands no more: nothing would be given back.
    if not same or found.amount != given.amount or hasattr(found, "reversed_by"):
        raise _transaction_used(found)
    return found


def _transaction_used(refund: Refund) -> TransactionUsed:
    message = _("The transaction %(id)s is already recorded as %(payment)s.") % {
        "id": refund.transaction_id,
        "payment": refund.refund_id,
    }
    return TransactionUsed(message, errors=[FieldError("transaction_id", "used", message)])


def _make(
    given: RefundInput,
    document: Payment | Invoice,
    on: date,
    actor: Actor,
    *,
    payment: Payment | None = None,
    credit_note: Invoice | None = None,
    reverses: Refund | None = None,
) -> Refund:
    """The refund. Of two at once with one transaction number the database lets one in."""
    refund = Refund(
        refund_id=next_code(Refund, "refund_id"),
        payment=payment,
        credit_note=credit_note,
        customer_id=document.customer_id,
        refunded_on=on,
        amount=given.amount,
        currency=document.currency,
        method=given.method,
        transaction_id=given.transaction_id or None,
        reason=check_reason(given.reason),
        reverses=reverses,
        recorded_by=actor.label[:200],
    )
    try:
        with transaction.atomic():
            refund.save(force_insert=True)
    except IntegrityError as error:
        first = Refund.objects.filter(transaction_id=refund.transaction_id).first()
        if first is None or not refund.transaction_id:
            raise
        raise _transaction_used(first) from error
    return refund


def _tell(actor: Actor, refund: Refund, target: Payment | Invoice, *, key: str) -> None:
    done = "refunded" if refund.reverses is None else "refund_undone"
    publish(topic=f"payment.{done}", key=key, payload={"refund_id": refund.refund_id})
    after = {"refund": refund.refund_id, "amount": str(refund.amount), "reason": str(refund.reason)}
    if refund.reverses is not None:
        after["undoes"] = refund.reverses.refund_id
    action = f"{'payment' if isinstance(target, Payment) else 'credit_note'}.{done}"
    record(actor=actor, action=action, target=target, after=after)
