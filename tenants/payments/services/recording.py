"""Recording payments."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.money import round_money
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.codes import next_code
from shared.kernel.errors import FieldError, Invalid, NotFound
from shared.outbox.services import publish
from tenants.invoices.models import Invoice
from tenants.ledger.rates import book_rate
from tenants.ledger.services import post
from tenants.payments.errors import NotPayable, TransactionUsed
from tenants.payments.journal import payment_entry
from tenants.payments.models import Payment
from tenants.payments.services.settling import apply_payment

TRANSACTION_ID_MAX = 100
AMOUNT_LIMIT = Decimal(10) ** 15


@dataclass(frozen=True)
class RecordedPayment:
    """The payment, the invoice as it now stands, and whether this call made the payment."""

    payment: Payment
    invoice: Invoice
    created: bool


def record_payment(
    *,
    actor: Actor,
    invoice_id: str,
    amount: Decimal,
    received_on: date,
    method: str,
    transaction_id: str | None = None,
    expected_revision: int | None = None,
) -> RecordedPayment:
    """Record money received for an invoice; what exceeds its balance stays unapplied credit.

    The same transaction number again has no effect and gives the same answer. Raises Invalid
    naming each wrong field, NotFound, NotPayable, TransactionUsed, PreconditionFailed when the
    invoice changed since it was read. Source: `domain.md` 6.
    """
    authorize(actor, "payments.write")
    with transaction.atomic():
        invoice = (
            Invoice.objects.select_for_update(of=("self",))
            .select_related("customer", "site", "entity")
            .filter(invoice_id=invoice_id)
            .first()
        )
        if invoice is None:
            raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
        _check(invoice, amount, received_on, method, transaction_id)
        earlier = _earlier(invoice, amount, transaction_id)
        if earlier is not None:
            return RecordedPayment(earlier, invoice, created=False)
        invoice.require_revision(expected_revision)
        payment = _payment_of(invoice, amount, received_on, method)
        payment.transaction_id = transaction_id or None
        payment.recorded_by = actor.label[:200]
        _insert(payment)
        post([payment_entry(payment)])
        # What the invoice still needs; the rest of the payment stays unapplied.
        applied = min(Decimal(payment.amount), invoice.balance_due)
        if applied > 0:
            apply_payment(
                payment=payment, invoice=invoice, amount=applied, on=received_on, by=actor.label
            )
        publish(
            topic="payment.recorded",
            key=invoice.site.site_id,
            payload={"payment_id": payment.payment_id, "invoice_id": invoice.invoice_id},
        )
        after = {"invoice": invoice.number, "amount": str(amount), "method": method}
        record(actor=actor, action="payment.recorded", target=payment, after=after)
    return RecordedPayment(payment, invoice, created=True)


def _payment_of(invoice: Invoice, amount: Decimal, received_on: date, method: str) -> Payment:
    """An unsaved payment of the invoice's customer, with the rate of the day for the books."""
    books = book_rate(invoice.currency, invoice.entity.currency, received_on)
    return Payment(
        payment_id=next_code(Payment, "payment_id"),
        customer=invoice.customer,
        entity=invoice.entity,
        received_on=received_on,
        amount=amount,
        currency=invoice.currency,
        exchange_rate=books.rate if books.on else None,
        base_currency=books.base_currency,
        method=method,
    )


def _insert(payment: Payment) -> None:
    """Two payments at once with one transaction number: the database lets one in."""
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
    except IntegrityError as error:
        first = Payment.objects.get(transaction_id=payment.transaction_id)
        raise _transaction_used(first) from error


def _check(
    invoice: Invoice, amount: Decimal, received_on: date, method: str, transaction_id: str | None
) -> None:
    errors: list[FieldError] = []
    if received_on > today() + timedelta(days=1):  # tomorrow may be today where it was paid
        errors.append(FieldError("payment_date", "future", _("The day is in the future.")))
    if not amount.is_finite() or not 0 < amount < AMOUNT_LIMIT:
        errors.append(FieldError("payment_amount", "range", _("Must be more than zero.")))
    elif round_money(amount, invoice.currency) != amount:
        message = _("%(currency)s has no such fraction.") % {"currency": invoice.currency}
        errors.append(FieldError("payment_amount", "fraction", message))
    if method not in Payment.Method.values:
        message = _("Use one of: %(choices)s.") % {"choices": ", ".join(Payment.Method.values)}
        errors.append(FieldError("payment_method", "choice", message))
    if transaction_id and len(transaction_id) > TRANSACTION_ID_MAX:
        errors.append(FieldError("transaction_id", "too_long", _("At most 100 characters.")))
    if errors:
        raise Invalid(errors=errors)
    if invoice.document_status != Invoice.DocumentStatus.ISSUED:
        raise NotPayable(
            _("%(id)s is not an issued invoice, so it cannot be paid.") % {"id": invoice.invoice_id}
        )


def _earlier(invoice: Invoice, amount: Decimal, transaction_id: str | None) -> Payment | None:
    """The payment already recorded under this transaction number, for this very invoice."""
    if not transaction_id:
        return None
    payment = Payment.objects.filter(transaction_id=transaction_id).first()
    if payment is None:
        return None
    same_invoice = payment.allocations.filter(invoice=invoice).exists() or (
        payment.customer_id == invoice.customer_id and not payment.allocations.exists()
    )
    if not same_invoice or payment.amount != amount:
        raise _transaction_used(payment)
    return payment


def _transaction_used(payment: Payment) -> TransactionUsed:
    message = _("The transaction %(id)s is already recorded as %(payment)s.") % {
        "id": payment.transaction_id,
        "payment": payment.payment_id,
    }
    return TransactionUsed(message, errors=[FieldError("transaction_id", "used", message)])
