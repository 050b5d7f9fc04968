"""How well invoices are made: numbers of a range of billing periods. Source: seed 001, reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Avg, Count, Q, QuerySet, Sum

from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.contracts.models import ContractType
from tenants.invoices.models import BillingRunItem, ErrorKind, Invoice
from tenants.review.models import ReviewItem

TOP_CUSTOMERS = 10
RATE_PLACES = Decimal("0.0001")
Status = BillingRunItem.Status
Delivery = Invoice.DeliveryStatus
REACHED = (Delivery.SENT, Delivery.DELIVERED)


@dataclass(frozen=True)
class CurrencyAmount:
    """Invoices of one currency together; `tax` and `total` as charged."""

    currency: str
    invoices: int
    subtotal: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True)
class NamedAmount:
    """What was billed before tax under one name, in one currency."""

    name: str
    label: str
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class GenerationMetrics:
    """Rates are fractions with four decimals; None where there is nothing to divide by.

    `success_rate` is of contracts tried in runs; `validation_error_rate` counts those that failed
    at first or still do, `manual_review_rate` those that a person was asked about.
    """

    period: Period
    total_invoices: int
    average_generation_ms: int | None
    success_rate: Decimal | None
    amounts: list[CurrencyAmount]
    revenue_by_contract_type: list[NamedAmount]
    top_customers: list[NamedAmount]
    validation_error_rate: Decimal | None
    manual_review_rate: Decimal | None
    delivery_success_rate: Decimal | None


def generation_metrics(*, actor: Actor, period: Period) -> GenerationMetrics:
    """The metrics of billing periods that end within `period`, in a constant number of queries.

    Amounts are of regular invoices that are not void; nothing is converted between currencies.
    """
    authorize(actor, "reports.read")
    invoices = Invoice.objects.filter(
        kind=Invoice.Kind.REGULAR, period_end__range=(period.start_date, period.end_date)
    ).exclude(document_status=Invoice.DocumentStatus.VOID)
    amounts = _amounts(invoices)
    runs = _count_run_items(period)
    tried = runs["billed"] + runs["failed"]
    return GenerationMetrics(
        period=period,
        total_invoices=sum(one.invoices for one in amounts),
        average_generation_ms=None if runs["each"] is None else round(runs["each"]),
        success_rate=_rate(runs["billed"], tried),
        amounts=amounts,
        revenue_by_contract_type=_by_type(invoices),
        top_customers=_top_customers(invoices, [one.currency for one in amounts]),
        validation_error_rate=_rate(runs["wrong"], tried),
        manual_review_rate=_rate(_reviewed(period), tried),
        delivery_success_rate=_delivered(invoices),
    )


def _amounts(invoices: QuerySet[Invoice]) -> list[CurrencyAmount]:
    rows = invoices.order_by("currency").values_list("currency")
    sums = rows.annotate(Count("pk"), Sum("subtotal"), Sum("tax_total"), Sum("total"))
    return [CurrencyAmount(*row) for row in sums]


def _by_type(invoices: QuerySet[Invoice]) -> list[NamedAmount]:
    rows = invoices.order_by("contract_type", "currency").values_list("contract_type", "currency")
    return [
        NamedAmount(kind, str(ContractType(kind).label), currency, amount)
        for kind, currency, amount in rows.annotate(Sum("subtotal"))
    ]


def _top_customers(invoices: QuerySet[Invoice], currencies: Sequence[str]) -> list[NamedAmount]:
    """The largest of each currency, one currency after the other. One query for all."""
    rows = invoices.values_list("customer__customer_id", "customer__name", "currency")
    sums = rows.annotate(amount=Sum("subtotal")).order_by("-amount", "customer__customer_id")
    each = [sums.filter(currency=currency)[:TOP_CUSTOMERS] for currency in currencies]
    if not each:
        return []
    found = [NamedAmount(*row) for row in each[0].union(*each[1:], all=True)]
    return sorted(found, key=lambda one: (one.currency, -one.amount, one.name))


def _count_run_items(period: Period) -> dict[str, int]:
    failed = Q(status=Status.FAILED)
    counts: dict[str, int] = BillingRunItem.objects.filter(
        run__period_end__range=(period.start_date, period.end_date)
    ).aggregate(
        billed=Count("pk", filter=Q(status=Status.BILLED)),
        failed=Count("pk", filter=failed),
        wrong=Count("pk", filter=failed | Q(status=Status.BILLED, attempts__gt=1)),
        each=Avg("milliseconds", filter=Q(status=Status.BILLED)),
    )
    return counts


def _reviewed(period: Period) -> int:
    """Contracts and periods that a person was asked about, once each."""
    raised = ReviewItem.objects.filter(
        kind__in=(ErrorKind.DATA_VALIDATION, ErrorKind.CALCULATION),
        details__period_end__gte=str(period.start_date),
        details__period_end__lte=str(period.end_date),
    )
    return raised.values("target_id").distinct().count()


def _delivered(invoices: QuerySet[Invoice]) -> Decimal | None:
    counts = invoices.aggregate(
        reached=Count("pk", filter=Q(delivery_status__in=REACHED)),
        failed=Count("pk", filter=Q(delivery_status=Delivery.FAILED)),
    )
    return _rate(counts["reached"], counts["reached"] + counts["failed"])


def _rate(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(RATE_PLACES) if whole else None
