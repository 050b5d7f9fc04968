"""What customers owe at the end of a day, by how late it is. Equal to the ledger's receivable.

An invoice counts from its date, what settles it from the day of its allocation; a void one until
the day it was voided. Open credit notes stand in a column of their own: nobody is late with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from billing.ageing import Bucket, due_dates_of
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.invoices.models import OPEN_PAYMENT, Invoice
from tenants.payments.models import Allocation, Payment, Refund, Reversal

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
    that no invoice has taken; it is not in the total, and known by customer only.
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

    Looks only at what is open now or has moved since, so that a recent day costs what it holds.
    """
    later = Allocation.objects.filter(applied_on__gt=on)
    paid_out = Refund.objects.filter(refunded_on__gt=on, credit_note__isnull=False)
    moved = (
        Q(payment_status__in=OPEN_PAYMENT)
        | Q(pk__in=later.values("invoice"))
        | Q(pk__in=later.filter(credit_note__isnull=False).values("credit_note"))
        | Q(pk__in=paid_out.values("credit_note"))
    )
    issued = Q(document_status=Invoice.DocumentStatus.ISSUED) & moved
    voided_later = Q(document_status=Invoice.DocumentStatus.VOID, voided_on__gt=on)
    settled = Allocation.objects.filter(applied_on__lte=on)
    refunds = Refund.objects.filter(refunded_on__lte=on)
    return (
        Invoice.objects.filter(issued | voided_later, invoice_date__lte=on, number__isnull=False)
        .annotate(
            open=F("total")
            - _sum_of(settled, "invoice")
            + _sum_of(settled, "credit_note")
            + _sum_of(refunds, "credit_note")
        )
        .exclude(open=0)
    )


def ageing(
    *, actor: Actor, by: GroupBy, on: date, text: str = "", first: int = 0, limit: int = ROWS_MAX
) -> list[AgeingRow]:
    """Rows from the `first`, those who owe most at the top; `limit` at most."""
    authorize(actor, "payments.read")
    code, name = _CODE[by], f"{by.value}__name"
    found = open_documents(on)
    if text:
        found = found.filter(Q(**{f"{name}__icontains": text}) | Q(**{f"{code}__iexact": text}))
    rows = _summed(found, on, code, name, "currency", f"{by.value}_id").order_by(
        "-total_open", code, "currency"
    )
    page = list(rows[first : first + min(limit, ROWS_MAX)])
    unapplied = _unapplied([row["customer_id"] for row in page], on) if by == "customer" else {}
    return [
        _row(row, row[code], row[name], unapplied.get((row[f"{by.value}_id"], row["currency"])))
        for row in page
    ]


def ageing_totals(*, actor: Actor, on: date) -> list[AgeingRow]:
    """One row a currency over everybody."""
    authorize(actor, "payments.read")
    rows = _summed(open_documents(on), on, "currency").order_by("currency")
    return [_row(row, "", "", None) for row in rows]


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


def _unapplied(customer_ids: Sequence[UUID], on: date) -> dict[tuple[UUID, str], Decimal]:
    """By customer and currency what of the money received until then no invoice had taken."""
    reversed_then = Reversal.objects.filter(reversed_on__lte=on)
    rows = (
        Payment.objects.filter(customer_id__in=set(customer_ids), received_on__lte=on)
        .exclude(pk__in=reversed_then.values("payment"))
        .annotate(
            left=F("amount")
            - _sum_of(Allocation.objects.filter(applied_on__lte=on), "payment")
            - _sum_of(Refund.objects.filter(refunded_on__lte=on), "payment")
        )
        .order_by()
        .values("customer_id", "currency")
        .annotate(sum=Sum("left"))
    )
    return {(row["customer_id"], row["currency"]): row["sum"] for row in rows}


def _sum_of(rows: "QuerySet[Any, Any]", name: str) -> Any:
    """The sum of the rows that point at the outer row by `name`; 0 of none."""
    sums = (
        rows.filter(**{name: OuterRef("pk")})
        .order_by()
        .values(name)
        .annotate(sum=Sum("amount"))
        .values("sum")
    )
    return Coalesce(Subquery(sums, output_field=_AMOUNT), Value(ZERO), output_field=_AMOUNT)
