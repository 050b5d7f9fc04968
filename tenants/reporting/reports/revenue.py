"""Issued invoices less credit notes by the month of their date, by contract type or customer."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.charts import Chart, Series, short_ticks, stacked_bars
from shared.kernel.formats import format_compact, format_day, format_money
from tenants.contracts.models import ContractType
from tenants.invoices.models import Invoice
from tenants.reporting.reports.base import Column, Kind, Parameter, Parameters, Report, Row
from tenants.reporting.selectors.amounts import main_currency

MONTHS_DRAWN = 24
CUSTOMERS_DRAWN = 10
_SUMS = (Count("pk"), Sum("subtotal"), Sum("tax_total"), Sum("total"))
_AMOUNTS = (
    Column("currency", gettext_lazy("Currency")),
    Column("documents", gettext_lazy("Documents"), Kind.COUNT),
    Column("net", gettext_lazy("Before tax"), Kind.MONEY, totalled=True),
    Column("tax", gettext_lazy("Tax"), Kind.MONEY, totalled=True),
    Column("total", gettext_lazy("With tax"), Kind.MONEY, totalled=True),
)


def _issued(period: Period) -> "QuerySet[Invoice]":
    return Invoice.objects.filter(
        document_status=Invoice.DocumentStatus.ISSUED,
        invoice_date__range=(period.start_date, period.end_date),
    ).order_by()


def _by_type(actor: Actor, asked: Parameters) -> Iterator[Row]:
    rows = (
        _issued(asked.period)
        .annotate(month=TruncMonth("invoice_date"))
        .values_list("month", "contract_type", "currency")
        .annotate(*_SUMS)
        .order_by("month", "contract_type", "currency")
    )
    for month, kind, *amounts in rows.iterator():
        yield (month, str(ContractType(kind).label), *amounts)


def _by_customer(actor: Actor, asked: Parameters) -> Iterator[Row]:
    rows = (
        _issued(asked.period)
        .values_list("customer__customer_id", "customer__name", "currency")
        .annotate(
            documents=Count("pk"), net=Sum("subtotal"), tax=Sum("tax_total"), gross=Sum("total")
        )
        .order_by("-net", "customer__customer_id", "currency")
    )
    yield from rows.iterator()


def _chart_by_month(rows: Sequence[Row]) -> Chart | None:
    currency = main_currency({row[2] for row in rows})
    drawn: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for month, kind, found, _documents, net, *_rest in rows:
        if found == currency:
            drawn[kind][month] += net
    months = sorted({month for values in drawn.values() for month in values})[-MONTHS_DRAWN:]
    language = get_language()
    return _bars(
        _("Revenue by contract type"),
        [format_day(month, "month", language=language) for month in months],
        [Series(kind, [values[month] for month in months]) for kind, values in drawn.items()],
        currency,
        _("Month"),
        ticks=[format_day(month, "month", language=language)[:3] for month in months],
    )


def _chart_by_customer(rows: Sequence[Row]) -> Chart | None:
    currency = main_currency({row[2] for row in rows})
    largest = [row for row in rows if row[2] == currency][:CUSTOMERS_DRAWN]
    series = [Series(_("Before tax"), [row[4] for row in largest])]
    names = [row[1] for row in largest]
    ticks = short_ticks(names)
    return _bars(_("Revenue by customer"), names, series, currency, _("Customer"), ticks=ticks)


def _bars(
    title: str,
    categories: list[str],
    series: list[Series],
    currency: str,
    label: str,
    *,
    ticks: list[str],
) -> Chart | None:
    if not categories:
        return None
    language = get_language()
    return stacked_bars(
        title=title,
        categories=categories,
        ticks=ticks,
        series=series,
        format_value=lambda value: format_money(value, currency, language=language),
        format_axis=lambda value: format_compact(value, currency, language=language),
        total_label=_("Total"),
        category_label=label,
    )


BY_TYPE = Report(
    name="revenue-by-contract-type",
    title=gettext_lazy("Revenue by contract type"),
    text=gettext_lazy("Issued invoices less credit notes by month and kind of contract."),
    icon="chart-column",
    permission="invoices.read",
    parameter=Parameter.PERIOD,
    columns=(
        Column("month", gettext_lazy("Month"), Kind.MONTH),
        Column("contract_type", gettext_lazy("Contract type")),
        *_AMOUNTS,
    ),
    rows=_by_type,
    chart=_chart_by_month,
)
BY_CUSTOMER = Report(
    name="revenue-by-customer",
    title=gettext_lazy("Revenue by customer"),
    text=gettext_lazy("Issued invoices less credit notes, the largest customers first."),
    icon="users",
    permission="invoices.read",
    parameter=Parameter.PERIOD,
    columns=(
        Column("customer_id", gettext_lazy("Customer number")),
        Column("customer", gettext_lazy("Customer")),
        *_AMOUNTS,
    ),
    rows=_by_customer,
    chart=_chart_by_customer,
)
