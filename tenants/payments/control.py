"""Proof that the journal and the documents agree, account by account, at any date.

The documents are summed from their own rows, never from the journal. In the books' currency
what is left of a document stands at the document's rate; each settlement takes the difference
of two rounded amounts, so settlements are followed in the order in which they were made.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, Q, Sum

from billing.money import round_money
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.invoices.held import base_by_document, clearings, moved_by
from tenants.invoices.models import Invoice, InvoiceTax
from tenants.ledger.models import Account, JournalLine
from tenants.payments.models import Payment, Reversal
from tenants.payments.settlements import settled_in_books, wrongly_settled

ZERO = Decimal(0)
WHO = ("entity_id", "customer_id", "currency", "base_currency")
REVENUE = "revenue_and_deferred"
"""Revenue by whenever it is earned: both accounts together."""
_NAMES = {Account.REVENUE: REVENUE, Account.DEFERRED_REVENUE: REVENUE}
_CONTROLLED = (
    Account.CASH,
    Account.RECEIVABLE,
    Account.HOLDBACK_RECEIVABLE,
    Account.UNAPPLIED_CASH,
    Account.TAX_PAYABLE,
    Account.REVENUE,
    Account.DEFERRED_REVENUE,
)


class Key(NamedTuple):
    """What is compared: a company's account, of tax a component, of a customer's the customer.

    Each company is compared by itself, so that opposite errors of two do not cancel. `in_books`
    tells amounts of the books' currency from those of the documents' own.
    """

    account: str
    detail: str
    entity_id: UUID
    customer_id: UUID | None
    currency: str
    in_books: bool = False


@dataclass(frozen=True)
class Difference:
    """One balance on which journal and documents do not agree; debit positive."""

    key: Key
    ledger: Decimal
    documents: Decimal


@dataclass(frozen=True)
class Proof:
    """What was compared at the end of a day: the sums by account and every difference."""

    on: date
    compared: int
    differences: tuple[Difference, ...]


Sums = defaultdict[Key, Decimal]


def control_differences(*, actor: Actor, on: date) -> list[Difference]:
    """Every balance at the end of the day on which journal and documents differ; none is right."""
    return list(prove(actor=actor, on=on).differences)


def prove(*, actor: Actor, on: date) -> Proof:
    """Compare the journal with the documents at the end of a day, in a fixed number of queries."""
    authorize(actor, "ledger.read")
    ledger, documents = _ledger_sums(on), _document_sums(on)
    keys = sorted({*ledger, *documents}, key=str)
    found = [
        Difference(key, ledger[key], documents[key])
        for key in keys
        if ledger[key] != documents[key]
    ]
    found += _unsettled_differences()
    return Proof(on, len(keys), tuple(found))


def _ledger_sums(on: date) -> Sums:
    sums: Sums = defaultdict(Decimal)
    rows = (
        JournalLine.objects.filter(posted_on__lte=on, account__in=_CONTROLLED)
        .order_by()
        .values(
            "account",
            "detail",
            "entry__entity_id",
            "customer_id",
            "currency",
            "entry__base_currency",
        )
        .annotate(amount_sum=Sum("amount"), base_sum=Sum("base_amount"))
    )
    for row in rows:
        who = (row["entry__entity_id"], row["customer_id"], row["currency"])
        key = _key(row["account"], row["detail"], *who)
        sums[key] += row["amount_sum"]
        sums[_booked(key, row["entry__base_currency"])] += row["base_sum"]
    return _filled(sums)


def _document_sums(on: date) -> Sums:
    sums: Sums = defaultdict(Decimal)
    for account, detail, entity, customer, currency, base_currency, amount, base in _documents_at(
        on
    ):
        if amount or base:
            key = _key(account, detail, entity, customer, currency)
            sums[key] += amount
            sums[_booked(key, base_currency)] += base
    return _filled(sums)


Row = tuple[str, str, UUID, UUID, str, str, Decimal, Decimal]
"""Account, detail, company, customer, currency, the books' currency, and both amounts."""


def _documents_at(on: date) -> Iterator[Row]:
    yield from _issued(on)
    yield from _held_over(on)
    yield from _taxed(on)
    yield from _settled(on)
    yield from _received(on)


def _live(on: date, prefix: str = "") -> Q:
    """Documents that were issued and not void at the end of the day."""
    return Q(**{f"{prefix}number__isnull": False, f"{prefix}invoice_date__lte": on}) & (
        Q(**{f"{prefix}voided_on__isnull": True}) | Q(**{f"{prefix}voided_on__gt": on})
    )


def _issued(on: date) -> Iterator[Row]:
    live = Invoice.objects.filter(_live(on)).order_by()
    own = live.filter(exchange_rate__isnull=True).values(*WHO)
    for row in own.annotate(all=Sum("total"), net=Sum("subtotal"), held=Sum("holdback")):
        yield from _three(row, row["all"], row["net"], row["held"], None, row["held"])
    foreign = live.filter(exchange_rate__isnull=False)
    released = base_by_document(moved_by(foreign.values("pk")))
    fields = ("pk", "exchange_rate", "total", "subtotal", "holdback", *WHO)
    for row in foreign.values(*fields).iterator():
        rate, into = row["exchange_rate"], row["base_currency"]
        held = round_money(row["holdback"] * rate, into)
        held_base = released.get(row["pk"], held)
        yield from _three(row, row["total"], row["subtotal"], row["holdback"], rate, held_base)


def _held_over(on: date) -> Iterator[Row]:
    """What is cleared where nothing of an invoice's holdback is kept back any more."""
    cleared = {
        root: sum((amount for day, amount in days.items() if day <= on), ZERO)
        for root, days in clearings().items()
    }
    roots = Invoice.objects.filter(pk__in=[root for root, amount in cleared.items() if amount])
    for row in roots.values("pk", *WHO):
        yield (Account.HOLDBACK_RECEIVABLE, "", *_who(row), ZERO, cleared[row["pk"]])


def _three(
    row: dict[str, Any],
    total: Decimal,
    subtotal: Decimal,
    held: Decimal,
    rate: Decimal | None,
    held_base: Decimal,
) -> Iterator[Row]:
    """Receivable, holdback and, where books are in the document's currency, revenue."""
    who = _who(row)
    base = total if rate is None else round_money(total * rate, row["base_currency"])
    yield (Account.RECEIVABLE, "", *who, total, base)
    yield (Account.HOLDBACK_RECEIVABLE, "", *who, held, held_base)
    yield (REVENUE, "", *who, -subtotal - held, ZERO)


def _taxed(on: date) -> Iterator[Row]:
    names = ("name", *(f"invoice__{name}" for name in WHO))
    live = InvoiceTax.objects.filter(_live(on, "invoice__")).order_by()
    own = live.filter(invoice__exchange_rate__isnull=True).values(*names)
    for row in own.annotate(sum=Sum("amount")):
        yield _tax_row(row, row["sum"], row["sum"])
    foreign = live.filter(invoice__exchange_rate__isnull=False)
    for row in foreign.values("amount", "invoice__exchange_rate", *names).iterator():
        into = row["invoice__base_currency"]
        yield _tax_row(
            row, row["amount"], round_money(row["amount"] * row["invoice__exchange_rate"], into)
        )


def _tax_row(row: dict[str, Any], amount: Decimal, base: Decimal) -> Row:
    who = _who(row, "invoice__")
    return (Account.TAX_PAYABLE, row["name"], *who, -amount, -base)


def _settled(on: date) -> Iterator[Row]:
    """What settles documents: it leaves the receivable, and unapplied cash where it was paid."""
    for moved in settled_in_books(on):
        yield (moved.account, "", *moved[1:])


def _received(on: date) -> Iterator[Row]:
    paid = Payment.objects.filter(received_on__lte=on)
    returned = Reversal.objects.filter(reversed_on__lte=on)
    for row in paid.values("amount", "exchange_rate", *WHO).iterator():
        yield from _cash(row, 1)
    through = {name: F(f"payment__{name}") for name in ("amount", "exchange_rate", *WHO)}
    for row in returned.values(**through).iterator():
        yield from _cash(dict(row), -1)


def _cash(row: dict[str, Any], sign: int) -> Iterator[Row]:
    who = _who(row)
    amount = sign * row["amount"]
    rate = row["exchange_rate"]
    base = amount if rate is None else round_money(amount * rate, row["base_currency"])
    yield (Account.CASH, "", *who, amount, base)
    yield (Account.UNAPPLIED_CASH, "", *who, -amount, -base)


def _who(row: Mapping[str, Any], prefix: str = "") -> tuple[UUID, UUID, str, str]:
    entity, customer, currency, base_currency = (row[f"{prefix}{name}"] for name in WHO)
    return entity, customer, currency, base_currency


def _key(account: str, detail: str, entity_id: UUID, customer_id: UUID, currency: str) -> Key:
    name = _NAMES.get(account, account)  # type: ignore[call-overload]
    is_tax, is_revenue = account == Account.TAX_PAYABLE, name == REVENUE
    by_customer = not is_tax and not is_revenue
    customer = customer_id if by_customer else None
    return Key(name, detail if is_tax else "", entity_id, customer, currency)


def _booked(key: Key, base_currency: str) -> Key:
    return key._replace(currency=base_currency, in_books=True)


def _filled(sums: Sums) -> Sums:
    """Without zeros; revenue in the books' currency takes the rounding of its entries."""
    kept: Sums = defaultdict(Decimal)
    for key, amount in sums.items():
        if amount and not (key.in_books and key.account == REVENUE):
            kept[key] = amount
    return kept


def _unsettled_differences() -> Iterator[Difference]:
    """Documents whose settled amount is not the sum of what settles them, as of now."""
    for invoice in wrongly_settled():
        settled = invoice.amount_paid + invoice.amount_credited + invoice.amount_written_off
        rows = invoice.paid + invoice.credited + invoice.written_off
        who = (invoice.entity_id, invoice.customer_id, invoice.currency)
        key = Key("settled", str(invoice), *who)
        yield Difference(key, rows, settled)
