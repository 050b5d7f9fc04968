"""What customers owe at the end of a day, by how late it is. Equal to the ledger's receivable.

An invoice counts from its date, what settles it from the day of its allocation; a void one until
the day it was voided. Open credit notes stand in a column of their own: nobody is late with them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Case, DecimalField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from billing.ageing import Bucket, due_dates_of
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.invoices.models import IS_OPEN, OPEN_AMOUNT, Invoice
from tenants.payments.models import Allocation, Refund
from tenants.payments.selectors.unapplied import Owner, unapplied_cash
from tenants.sites.models import Customer

ZERO = Decimal(0)
ROWS_MAX = 50_000
_AMOUNT: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=19, decimal_places=4)
_COLUMN = {bucket: f"bucket_{number}" for number, bucket in enumerate(Bucket)}


class GroupBy(StrEnum):
    """What the rows of an ageing are."""

    CUSTOMER = "customer"
    SITE = "site"
    ENTITY = "entity"


_CODE = {
    GroupBy.CUSTOMER: "customer__customer_id",
    GroupBy.SITE: "site__site_id",
    GroupBy.ENTITY: "entity__number_prefix",
}


@dataclass(frozen=True)
class AgeingRow:
    """What one customer, site or entity owes in one currency.

    `total` is the sum of the buckets and the (negative) credits. `unapplied` is money received
    that no invoice has taken; it is not in the total, and not known by site or entity.
    """

    code: str
    name: str
    currency: str
    buckets: Mapping[Bucket, Decimal]
    credits: Decimal
    total: Decimal
    unapplied: Decimal = ZERO

    @property
    def amounts(self) -> Sequence[Decimal]:
        """The buckets in their order."""
        return list(self.buckets.values())


def open_documents(on: date) -> "QuerySet[Any]":
    """Documents with something open at the end of the day, each with it as `open`.

    What is open now, and what has moved since is taken back: a recent day costs what it holds.
    """
    later = Allocation.objects.filter(applied_on__gt=on)
    given = later.filter(credit_note__isnull=False)
    paid_out = Refund.objects.filter(refunded_on__gt=on, credit_note__isnull=False)
    issued = Q(document_status=Invoice.DocumentStatus.ISSUED)
    voided_later = Q(document_status=Invoice.DocumentStatus.VOID, voided_on__gt=on)
    # One OR over all of them would read every invoice; each of these has an index.
    touched = (
        _keys(Invoice.objects.filter(IS_OPEN), "pk"),
        _keys(Invoice.objects.filter(voided_later), "pk"),
        _keys(later, "invoice"),
        _keys(given, "credit_note"),
        _keys(paid_out, "credit_note"),
    )
    return (
        Invoice.objects.filter(
            issued | voided_later,
            pk__in=touched[0].union(*touched[1:]),
            invoice_date__lte=on,
            number__isnull=False,
        )
        .annotate(
            open=OPEN_AMOUNT
            + _sum_of(later, "invoice")
            - _sum_of(given, "credit_note")
            - _sum_of(paid_out, "credit_note")
        )
        .exclude(open=0)
    )


def ageing(
    *, actor: Actor, by: GroupBy, on: date, text: str = "", first: int = 0, limit: int = ROWS_MAX
) -> list[AgeingRow]:
    """Rows from the `first`, those who owe most at the top; `limit` at most.

    Customers who owe nothing and have unapplied cash come last.
    """
    authorize(actor, "payments.read")
    code, name = _CODE[by], f"{by.value}__name"
    found = open_documents(on)
    if text:
        found = found.filter(Q(**{f"{name}__icontains": text}) | Q(**{f"{code}__iexact": text}))
    rows = _summed(found, on, code, name, "currency", f"{by.value}_id").order_by(
        "-total_open", code, "currency"
    )
    most = min(limit, ROWS_MAX)
    page = list(rows[first : first + most])
    if by != GroupBy.CUSTOMER:
        return [_row(row, row[code], row[name], None) for row in page]
    is_last = len(page) < most
    named = None if is_last else {row["customer_id"] for row in page}
    unapplied = unapplied_cash(on=on, customers=named)
    owing = [
        _row(row, row[code], row[name], unapplied.get((row["customer_id"], row["currency"])))
        for row in page
    ]
    if is_last:
        # After all who owe something come those who only have something.
        before = max(first - rows.count(), 0) if first else 0
        owing += _owners(unapplied, text, on)[before : before + most - len(owing)]
    return owing


def ageing_totals(*, actor: Actor, on: date) -> list[AgeingRow]:
    """One row a currency over everybody, with all the unapplied cash."""
    authorize(actor, "payments.read")
    rows = _summed(open_documents(on), on, "currency").order_by("currency")
    cash: dict[str, Decimal] = defaultdict(Decimal)
    for (_customer, currency), amount in unapplied_cash(on=on).items():
        cash[currency] += amount
    found = [_row(row, "", "", cash.pop(row["currency"], None)) for row in rows]
    nothing = dict.fromkeys(Bucket, ZERO)
    found += [AgeingRow("", "", code, nothing, ZERO, ZERO, cash[code]) for code in cash]
    return sorted(found, key=lambda row: row.currency)


def open_items(
    *, actor: Actor, by: GroupBy, code: str, on: date, bucket: Bucket | None = None
) -> Any:
    """The documents behind a row of the ageing, or behind one of its buckets."""
    authorize(actor, "payments.read")
    found = open_documents(on).filter(**{_CODE[by]: code}).select_related("customer", "site")
    return found.filter(_in_bucket(bucket, on)) if bucket else found


def _summed(found: "QuerySet[Any]", on: date, *names: str) -> Any:
    columns = {
        column: Coalesce(
            Sum("open", filter=_in_bucket(bucket, on)), Value(ZERO), output_field=_AMOUNT
        )
        for bucket, column in _COLUMN.items()
    }
    return (
        found.order_by()
        .values(*names)
        .annotate(
            **columns,
            credits=Coalesce(Sum("open", filter=Q(total__lt=0)), Value(ZERO), output_field=_AMOUNT),
            total_open=Sum("open"),
        )
    )


def _in_bucket(bucket: Bucket, on: date) -> Q:
    earliest, latest = due_dates_of(bucket, on)
    condition = Q(total__gte=0)
    if earliest:
        condition &= Q(due_date__gte=earliest)
    if latest:
        condition &= Q(due_date__lte=latest)
    return condition


def _row(row: Mapping[str, Any], code: str, name: str, unapplied: Decimal | None) -> AgeingRow:
    return AgeingRow(
        code=code,
        name=name,
        currency=row["currency"],
        buckets={bucket: row[column] for bucket, column in _COLUMN.items()},
        credits=row["credits"],
        total=row["total_open"],
        unapplied=unapplied or ZERO,
    )


def _owners(cash: Mapping[Owner, Decimal], text: str, on: date) -> list[AgeingRow]:
    """Customers who owe nothing and have unapplied cash, by their ids."""
    found = Customer.objects.filter(pk__in={customer for customer, _currency in cash})
    if text:
        found = found.filter(Q(name__icontains=text) | Q(customer_id__iexact=text))
    names = {one.pk: one for one in found}
    owing = set(
        open_documents(on)
        .filter(customer__in=names)
        .order_by()
        .values_list("customer_id", "currency")
        .distinct()
    )
    rows = [
        AgeingRow(
            code=names[customer].customer_id,
            name=names[customer].name,
            currency=currency,
            buckets=dict.fromkeys(Bucket, ZERO),
            credits=ZERO,
            total=ZERO,
            unapplied=amount,
        )
        for (customer, currency), amount in cash.items()
        if customer in names and (customer, currency) not in owing
    ]
    return sorted(rows, key=lambda row: (row.code, row.currency))


def _keys(rows: "QuerySet[Any]", name: str) -> "QuerySet[Any]":
    return rows.order_by().values(name)


def _sum_of(rows: "QuerySet[Any]", name: str) -> Any:
    """The sum of the rows that point at the outer row by `name`; 0 of none.

    The subquery is asked of documents that have such rows only: an amount that is grouped by
    appears many times in the statement, and each time would ask anew for every document.
    """
    sums = (
        _keys(rows.filter(**{name: OuterRef("pk")}), name).annotate(sum=Sum("amount")).values("sum")
    )
    return Case(
        When(pk__in=_keys(rows, name), then=Subquery(sums, output_field=_AMOUNT)),
        default=Value(ZERO),
        output_field=_AMOUNT,
    )
