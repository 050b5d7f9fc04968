"""Recording payments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from hashlib import sha256

from django.db import IntegrityError, transaction

from billing.application import ALL_RULES, Rule
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.codes import next_code
from shared.kernel.errors import FieldError, NotFound
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.invoices.models import Invoice
from tenants.ledger.periods import first_open_day, refuse_closed
from tenants.ledger.rates import book_rate
from tenants.ledger.services import post
from tenants.payments.errors import NotPayable, TransactionUsed
from tenants.payments.journal import payment_entry
from tenants.payments.models import Allocation, Payment
from tenants.payments.services.applying import apply_by_rules
from tenants.payments.services.checking import (
    Part,
    PaymentInput,
    check_payment,
    lock_invoices,
    shares_of,
)
from tenants.payments.services.settling import Application, apply_payment
from tenants.sites.models import Customer
from tenants.structure.models import LegalEntity

REPEAT_KEY_MAX = 80
# The names that the payment-status operation of seed 000 gives the fields.
STATUS_FIELDS = {
    "amount": "payment_amount",
    "received_on": "payment_date",
    "method": "payment_method",
}


@dataclass(frozen=True)
class RecordedPayment:
    """The payment, the invoice as it now stands, and whether this call made the payment."""

    payment: Payment
    invoice: Invoice
    created: bool


@dataclass(frozen=True)
class Receipt:
    """A customer's payment, what it settled, and whether this call made it."""

    payment: Payment
    allocations: Sequence[Allocation]
    created: bool


def record_payment(
    *,
    actor: Actor,
    invoice_id: str,
    amount: Decimal,
    received_on: date,
    method: str,
    transaction_id: str | None = None,
    reference: str = "",
    repeat_key: str = "",
    expected_revision: int | None = None,
) -> RecordedPayment:
    """Record money received for an invoice; what exceeds its balance stays unapplied credit.

    The same transaction number again has no effect and gives the same answer. Without a number
    the invoice, day, amount and method are what makes a payment the same, so that an answer lost
    on the way can be asked for again; a `repeat_key` of its own (an Idempotency-Key) tells apart
    what is alike and yet another payment, and so does a reversal in between. Raises Invalid
    naming each wrong field, NotFound, NotPayable, TransactionUsed, PeriodClosed,
    PreconditionFailed when the invoice changed since it was read. Source: `domain.md` 6.
    """
    authorize(actor, "payments.write")
    with transaction.atomic():
        invoice = _lock_invoice(invoice_id)
        given = PaymentInput(
            amount, invoice.currency, received_on, method, reference, "", transaction_id or None
        )
        check_payment(given, STATUS_FIELDS)
        if invoice.document_status != Invoice.DocumentStatus.ISSUED or invoice.total <= 0:
            message = _("%(id)s is not an issued invoice, so it cannot be paid.")
            raise NotPayable(message % {"id": invoice.invoice_id})
        key, earlier = _natural_key(invoice, given, repeat_key)
        earlier = _earlier(invoice, given) if given.transaction_id else earlier
        if earlier is not None:
            return RecordedPayment(earlier, invoice, created=False)
        invoice.require_revision(expected_revision)
        payment = _insert(
            given, invoice.customer, invoice.entity, actor, key, day=STATUS_FIELDS["received_on"]
        )
        # What the invoice still needs; the rest of the payment stays unapplied.
        applied = min(Decimal(payment.amount), invoice.balance_due)
        if applied > 0:
            part = Application(invoice, applied)
            apply_payment(payment=payment, parts=[part], on=received_on, by=actor.label)
        publish(
            topic="payment.recorded",
            key=invoice.site.site_id,
            payload={"payment_id": payment.payment_id, "invoice_id": invoice.invoice_id},
        )
        after = {"invoice": invoice.number, "amount": str(amount), "method": method}
        record(actor=actor, action="payment.recorded", target=payment, after=after)
    return RecordedPayment(payment, invoice, created=True)


def record_customer_payment(
    *,
    actor: Actor,
    customer_id: str,
    given: PaymentInput,
    parts: Sequence[Part] = (),
    rules: Sequence[Rule] = ALL_RULES,
    into_open_time: bool = False,
) -> Receipt:
    """Record money received from a customer, for the invoices in `parts` or for none yet.

    Without parts the `rules` choose (none: all of it stays unapplied credit). The same
    transaction number again has no effect and gives the same answer. `into_open_time` enters
    what was received in closed time on the first open day, for the background, which nobody can
    ask for another day. Raises Invalid naming each wrong field, NotFound, TransactionUsed,
    PeriodClosed.
    """
    authorize(actor, "payments.write")
    with transaction.atomic():
        customer = Customer.objects.filter(customer_id=customer_id).first()
        if customer is None:
            raise NotFound(_("There is no customer %(id)s.") % {"id": customer_id})
        check_payment(given)
        earlier = _same_transaction(customer, given)
        if earlier is not None:
            return Receipt(earlier, list(earlier.allocations.all()), created=False)
        shares = _shares(customer, given, parts) if parts else []
        entity = shares[0][0].entity if shares else _entity_of(customer, given.currency)
        if into_open_time:
            given = replace(given, received_on=first_open_day([entity.pk], given.received_on))
        try:
            payment = _insert(given, customer, entity, actor)
        except TransactionUsed:  # told twice at the same moment, perhaps
            earlier = _same_transaction(customer, given)
            if earlier is None:
                raise
            return Receipt(earlier, list(earlier.allocations.all()), created=False)
        by, on = actor.label, given.received_on
        if parts:
            wanted = [Application(*share) for share in shares]
            made = apply_payment(payment=payment, parts=wanted, on=on, by=by)
        else:
            made = apply_by_rules(payment=payment, rules=rules, on=on, by=by)
        publish(
            topic="payment.recorded",
            key=customer.customer_id,
            payload={"payment_id": payment.payment_id},
        )
        after = {str(one.invoice): str(Decimal(one.amount)) for one in made}
        after |= {"customer": customer.customer_id, "amount": str(given.amount)}
        record(actor=actor, action="payment.recorded", target=payment, after=after)
    return Receipt(payment, made, created=True)


def _shares(
    customer: Customer, given: PaymentInput, parts: Sequence[Part]
) -> list[tuple[Invoice, Decimal]]:
    """The invoices of the parts, locked, with what each takes. Raises Invalid."""
    return shares_of(
        parts,
        lock_invoices([part.invoice_id for part in parts]),
        customer_id=customer.pk,
        currency=given.currency,
        available=given.amount,
    )


def _lock_invoice(invoice_id: str) -> Invoice:
    invoice = (
        Invoice.objects.select_for_update(of=("self",))
        .select_related("customer", "site", "entity")
        .filter(invoice_id=invoice_id)
        .first()
    )
    if invoice is None:
        raise NotFound(_("There is no invoice %(id)s.") % {"id": invoice_id})
    return invoice


def _natural_key(
    invoice: Invoice, given: PaymentInput, repeat_key: str
) -> tuple[str | None, Payment | None]:
    """The key of a payment without a number, and the payment that stands under it already.

    A reversed payment gives its key free: the next one counts on.
    """
    if given.transaction_id:
        return None, None
    amount = f"{given.amount.normalize():f}"
    parts = (invoice.invoice_id, str(given.received_on), amount, given.method)
    if len(repeat_key) > REPEAT_KEY_MAX or "#" in repeat_key:  # "#" ends the key
        repeat_key = sha256(repeat_key.encode()).hexdigest()
    key = ":".join((*parts, repeat_key))
    found = Payment.objects.filter(natural_key__startswith=f"{key}#")
    standing = found.filter(reversal__isnull=True).first()
    return f"{key}#{found.count()}", standing


def _entity_of(customer: Customer, currency: str) -> LegalEntity:
    """Who is paid: the entity of the customer's latest invoice of the currency, else of any."""
    invoices = Invoice.objects.filter(customer=customer).select_related("entity")
    latest = invoices.filter(currency=currency).order_by("-invoice_date").first()
    latest = latest or invoices.order_by("-invoice_date").first()
    return latest.entity if latest else LegalEntity.objects.get(is_default=True)


def _insert(
    given: PaymentInput,
    customer: Customer,
    entity: LegalEntity,
    actor: Actor,
    natural_key: str | None = None,
    *,
    day: str = "received_on",
) -> Payment:
    """The payment with the rate of its day, posted as unapplied cash; `day` is its input's name.

    Two payments at once with one transaction number: the database lets one in.
    """
    refuse_closed([(entity.pk, given.received_on)], field=day)
    books = book_rate(given.currency, entity.currency, given.received_on)
    payment = Payment(
        payment_id=next_code(Payment, "payment_id"),
        customer=customer,
        entity=entity,
        received_on=given.received_on,
        amount=given.amount,
        currency=given.currency,
        exchange_rate=books.rate if books.on else None,
        base_currency=books.base_currency,
        method=given.method,
        reference=given.reference,
        payer=given.payer,
        transaction_id=given.transaction_id or None,
        natural_key=natural_key,
        recorded_by=actor.label[:200],
    )
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
    except IntegrityError as error:
        first = Payment.objects.filter(transaction_id=payment.transaction_id).first()
        if first is None or not payment.transaction_id:
            raise
        raise _transaction_used(first) from error
    post([payment_entry(payment)])
    return payment


def _earlier(invoice: Invoice, given: PaymentInput) -> Payment | None:
    """The payment already recorded under this transaction number, for this very invoice."""
    payment = Payment.objects.filter(transaction_id=given.transaction_id).first()
    if payment is None:
        return None
    same_invoice = payment.allocations.filter(invoice=invoice).exists() or (
        payment.customer_id == invoice.customer_id and not payment.allocations.exists()
    )
    told = (payment.amount, payment.currency)
    if not same_invoice or told != (given.amount, given.currency):
        raise _transaction_used(payment)
    return payment


def _same_transaction(customer: Customer, given: PaymentInput) -> Payment | None:
    """The customer's payment already recorded under this transaction number."""
    if not given.transaction_id:
        return None
    payment = Payment.objects.filter(transaction_id=given.transaction_id).first()
    if payment is None:
        return None
    told = (customer.pk, given.amount, given.currency)
    if told != (payment.customer_id, payment.amount, payment.currency):
        raise _transaction_used(payment)
    return payment


def _transaction_used(payment: Payment) -> TransactionUsed:
    message = _("The transaction %(id)s is already recorded as %(payment)s.") % {
        "id": payment.transaction_id,
        "payment": payment.payment_id,
    }
    return TransactionUsed(message, errors=[FieldError("transaction_id", "used", message)])
