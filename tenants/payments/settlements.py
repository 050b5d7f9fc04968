"""What settlements did to the documents, from their own rows: for the proof of the journal.

What is left of a document in another currency stands in the books at the document's rate, and
each settlement takes the difference of two rounded amounts. So these are followed one after the
other in the order they were made, whatever day they count for.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import (
    DecimalField,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from billing.money import round_money
from tenants.invoices.models import Invoice
from tenants.ledger.models import Account
from tenants.payments.models import Allocation, Refund

ZERO = Decimal(0)
UNSETTLED_MAX = 1_000
_AMOUNT: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=19, decimal_places=4)


class Moved(NamedTuple):
    """What a company's account of a customer was moved by, in both currencies; debit positive."""

    account: str
    entity_id: UUID
    customer_id: UUID
    currency: str
    base_currency: str
    amount: Decimal
    base: Decimal


class _Side(NamedTuple):
    """One document that a row settles: by which field, on which account, in which direction."""

    document: str
    account: str
    sign: int


_INVOICE = _Side("invoice", Account.RECEIVABLE, -1)
_NOTE = _Side("credit_note", Account.RECEIVABLE, 1)
_PAYMENT = _Side("payment", Account.UNAPPLIED_CASH, 1)
_FROM_CASH = (_Side("payment", Account.CASH, -1), _Side("credit_note", Account.CASH, -1))


def settled_in_books(on: date) -> Iterator[Moved]:
    """Every settlement that counts until the end of the day, summed where nothing is converted."""
    allocations = Allocation.objects.filter(applied_on__lte=on)
    refunds = Refund.objects.filter(refunded_on__lte=on)
    for side in (_INVOICE, _NOTE, _PAYMENT):
        yield from _summed(allocations, side)
    for side in (_NOTE, _PAYMENT, *_FROM_CASH):
        yield from _summed(refunds, side)
    yield from _converted(on)


def wrongly_settled() -> list[Any]:
    """Documents whose settled amounts are not what their allocations and refunds say.

    Each has the sums as `paid`, `credited` and `written_off`. Two queries.
    """
    issued = Invoice.objects.filter(number__isnull=False).order_by("invoice_id")
    invoices = issued.filter(total__gte=0).annotate(
        paid=_taken("payment"), credited=_taken("credit_note"), written_off=_taken("write_off")
    )
    notes = issued.filter(total__lt=0).annotate(
        paid=-_given(Refund), credited=-_given(Allocation), written_off=Value(ZERO)
    )
    agree = Q(
        amount_paid=F("paid"), amount_credited=F("credited"), amount_written_off=F("written_off")
    )
    wrong = [*invoices.exclude(agree)[:UNSETTLED_MAX], *notes.exclude(agree)[:UNSETTLED_MAX]]
    return wrong[:UNSETTLED_MAX]


def _taken(source: str) -> Coalesce:
    """What an invoice took from one kind of source."""
    of_source = Q(**{f"allocations__{source}__isnull": False})
    return Coalesce(Sum("allocations__amount", filter=of_source), Value(ZERO), output_field=_AMOUNT)


def _given(model: type[Model]) -> Coalesce:
    """What a credit note gave by rows of one kind."""
    rows = model._default_manager.filter(credit_note=OuterRef("pk"))
    total = rows.order_by().values("credit_note").annotate(sum=Sum("amount")).values("sum")
    return Coalesce(Subquery(total, output_field=_AMOUNT), Value(ZERO), output_field=_AMOUNT)


def _summed(rows: QuerySet[Any], side: _Side) -> Iterator[Moved]:
    """By customer and currency; the books' amount only of documents that are kept as they are."""
    document = side.document
    names = {
        "company": F(f"{document}__entity_id"),
        "of_customer": F(f"{document}__customer_id"),
        "own": F(f"{document}__currency"),
        "books": F(f"{document}__base_currency"),
        "rate": F(f"{document}__exchange_rate"),
    }
    found = rows.filter(**{f"{document}__isnull": False}).order_by().values(**names)
    for row in found.annotate(sum=Sum("amount")):
        amount = side.sign * row["sum"]
        base = amount if row["rate"] is None else ZERO
        who = (row["company"], row["of_customer"], row["own"], row["books"])
        yield Moved(side.account, *who, amount, base)


def _converted(on: date) -> Iterator[Moved]:
    """The books' amounts of documents in another currency, one settlement after the other."""
    left: dict[UUID, Decimal] = {}
    for row in _foreign_rows():
        is_refund = isinstance(row, Refund)
        day = row.refunded_on if isinstance(row, Refund) else row.applied_on
        for side in (_NOTE, _PAYMENT) if is_refund else (_INVOICE, _NOTE, _PAYMENT):
            document = getattr(row, side.document, None)
            if document is None or document.exchange_rate is None:
                continue
            whole = abs(document.amount if side is _PAYMENT else document.total)
            before = left.get(document.pk, whole)
            left[document.pk] = before - row.amount
            base = _part(before, row.amount, document.exchange_rate, document.base_currency)
            if day > on:
                continue
            owner = (document.entity_id, document.customer_id)
            who = (*owner, document.currency, document.base_currency)
            yield Moved(side.account, *who, ZERO, side.sign * base)
            if is_refund:
                yield Moved(Account.CASH, *who, ZERO, -base)


def _foreign_rows() -> list[Allocation | Refund]:
    """What settles documents of another currency, in the order it was made."""
    sides = ("invoice", "credit_note", "payment")
    found: list[Allocation | Refund] = []
    for model, names in ((Allocation, sides), (Refund, sides[1:])):
        foreign = Q()
        for name in names:
            foreign |= Q(**{f"{name}__exchange_rate__isnull": False})
        found += model._default_manager.filter(foreign).select_related(*names)
    return sorted(found, key=lambda row: (row.created_at, row.pk))


def _part(before: Decimal, amount: Decimal, rate: Decimal, base_currency: str) -> Decimal:
    whole = round_money(before * rate, base_currency)
    return whole - round_money((before - amount) * rate, base_currency)
