"""What a payment must be before it is recorded, and what may take how much of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from billing.money import AMOUNT_LIMIT, is_currency, round_money
from shared.kernel.clock import today
from shared.kernel.errors import FieldError, Invalid, NotFound, Text
from shared.kernel.wording import Wording, money, trimmed
from shared.kernel.wording import worded as _
from tenants.invoices.models import Invoice
from tenants.payments.models import Method, Payment

TRANSACTION_ID_MAX = 100
TEXT_MAX = 200
REASON_MAX = 500
PARTS_MAX = 500
EARLIEST = date(1990, 1, 1)
ZERO = Decimal(0)


@dataclass(frozen=True)
class PaymentInput:
    """A payment as somebody tells of it."""

    amount: Decimal
    currency: str
    received_on: date
    method: str
    reference: str = ""
    payer: str = ""
    transaction_id: str | None = None


@dataclass(frozen=True)
class Part:
    """What an invoice is to take; without an amount as much as it needs and there is."""

    invoice_id: str
    amount: Decimal | None = None


def check_payment(given: PaymentInput, names: Mapping[str, str] | None = None) -> None:
    """Raise Invalid naming each wrong field; `names` are the caller's own names of fields."""
    found = [
        *_day_errors("received_on", given.received_on),
        *amount_errors("amount", given.amount, given.currency),
        *method_errors("method", given.method),
    ]
    texts = {
        "transaction_id": (given.transaction_id or "", TRANSACTION_ID_MAX),
        "reference": (given.reference, TEXT_MAX),
        "payer": (given.payer, TEXT_MAX),
    }
    for name, (text, longest) in texts.items():
        if len(text) > longest:
            message = _("At most %(number)d characters.") % {"number": longest}
            found.append(FieldError(name, "too_long", message))
    if found:
        known = names or {}
        raise Invalid(
            errors=[FieldError(known.get(e.field, e.field), e.code, e.message) for e in found]
        )


def amount_errors(field: str, amount: Decimal, currency: str) -> list[FieldError]:
    """More than zero, below the limit, with no more decimals than the currency has."""
    if not is_currency(currency):
        return [FieldError("currency", "unknown_currency", _("Use an ISO 4217 code."))]
    if not amount.is_finite() or not 0 < amount < AMOUNT_LIMIT:
        return [FieldError(field, "range", _("Must be more than zero."))]
    if round_money(amount, currency) != amount:
        message = _("%(currency)s has no such fraction.") % {"currency": currency}
        return [FieldError(field, "fraction", message)]
    return []


def method_errors(field: str, method: str) -> list[FieldError]:
    """One of the known methods."""
    if method in Method.values:
        return []
    message = _("Use one of: %(choices)s.") % {"choices": ", ".join(Method.values)}
    return [FieldError(field, "choice", message)]


def _day_errors(field: str, day: date) -> list[FieldError]:
    if day > today() + timedelta(days=1):  # tomorrow may be today where it was paid
        return [FieldError(field, "future", _("The day is in the future."))]
    if day < EARLIEST:  # a slip in the year would stand in the books for good
        return [FieldError(field, "too_early", _("The day is too long ago."))]
    return []


def check_reason(reason: Text) -> Wording:
    """The reason without blanks around it. Raises Invalid where there is none."""
    text = trimmed(reason)
    if not text:
        raise Invalid(errors=[FieldError("reason", "required", _("Say why."))])
    if len(str(text)) > REASON_MAX:
        message = _("At most %(number)d characters.") % {"number": REASON_MAX}
        raise Invalid(errors=[FieldError("reason", "too_long", message)])
    return text


def lock_payment(payment_id: str) -> Payment:
    """The payment, locked; before any invoice, so that no two wait for each other."""
    payment = (
        Payment.objects.select_for_update(of=("self",))
        .select_related("customer", "entity")
        .filter(payment_id=payment_id)
        .first()
    )
    if payment is None:
        raise NotFound(_("There is no payment %(id)s.") % {"id": payment_id})
    return payment


def lock_invoices(invoice_ids: Sequence[str]) -> dict[str, Invoice]:
    """The invoices by their ids, locked in one order; unknown ids are left out."""
    found = Invoice.objects.select_for_update(of=("self",)).select_related("site")
    return {one.invoice_id: one for one in found.filter(invoice_id__in=invoice_ids).order_by("pk")}


def shares_of(
    parts: Sequence[Part],
    invoices: Mapping[str, Invoice],
    *,
    customer_id: UUID,
    currency: str,
    available: Decimal,
) -> list[tuple[Invoice, Decimal]]:
    """Each invoice with what it takes of `available`. Raises Invalid naming `invoices[n]`.

    An invoice must be issued, of the same customer and currency, named once; nothing exceeds
    its balance or what there is.
    """
    errors: list[FieldError] = []
    shares: dict[str, tuple[Invoice, Decimal]] = {}
    if not 0 < len(parts) <= PARTS_MAX:
        message = _("Name 1 to %(number)d invoices.") % {"number": PARTS_MAX}
        errors.append(FieldError("invoices", "count", message))
    for number, part in enumerate(parts[:PARTS_MAX]):
        path = f"invoices[{number}]"
        invoice = invoices.get(part.invoice_id)
        why = _refusal(part, invoice, customer_id, currency, twice=part.invoice_id in shares)
        if why or invoice is None:
            errors.append(FieldError(f"{path}.invoice_id", *why))
            continue
        amount = min(invoice.balance_due, available) if part.amount is None else part.amount
        wrong = amount_errors(f"{path}.amount", amount, currency)
        if not wrong and amount > min(invoice.balance_due, available):
            left = min(invoice.balance_due, available)
            message = _("At most %(amount)s is left.") % {"amount": money(left, currency)}
            wrong = [FieldError(f"{path}.amount", "exceeds", message)]
        errors += wrong
        shares[part.invoice_id] = (invoice, amount)
        available -= amount if not wrong else ZERO
    if errors:
        raise Invalid(errors=errors)
    return list(shares.values())


def _refusal(
    part: Part, invoice: Invoice | None, customer_id: UUID, currency: str, *, twice: bool
) -> tuple[str, Text] | tuple[()]:
    """Code and sentence of what keeps an invoice from taking anything."""
    if invoice is None or invoice.customer_id != customer_id:
        return "unknown", _("The customer has no invoice %(id)s.") % {"id": part.invoice_id}
    if twice:
        return "duplicate", _("It is named twice.")
    if invoice.document_status != Invoice.DocumentStatus.ISSUED or invoice.total <= 0:
        return "not_payable", _("%(id)s is not an issued invoice, so it cannot be paid.") % {
            "id": part.invoice_id
        }
    if invoice.currency != currency:
        return "currency", _("The invoice is in %(currency)s.") % {"currency": invoice.currency}
    if invoice.balance_due <= 0:
        return "settled", _("Nothing of it is open.")
    return ()
