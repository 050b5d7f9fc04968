"""How many invoices were made, how well, and what they came to. Source: seed 001, reporting."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared.kernel.actor import Actor
from tenants.invoices.selectors.generation_metrics import generation_metrics
from tenants.reporting.reports.base import Column, Kind, Parameter, Parameters, Report, Row


def _rows(actor: Actor, asked: Parameters) -> Iterator[Row]:
    found = generation_metrics(actor=actor, period=asked.period)
    yield (_("Invoices made"), "", found.total_invoices, None, None)
    yield (_("Average time in milliseconds"), "", found.average_generation_ms, None, None)
    rates = (
        (_("Contracts billed of those tried"), found.success_rate),
        (_("Validation error rate"), found.validation_error_rate),
        (_("Manual review rate"), found.manual_review_rate),
        (_("Delivery success rate"), found.delivery_success_rate),
    )
    for label, rate in rates:
        yield (label, "", None, rate, None)
    for one in found.amounts:
        yield (_("Before tax"), one.currency, one.invoices, None, one.subtotal)
        yield (_("Tax"), one.currency, one.invoices, None, one.tax)
        yield (_("With tax"), one.currency, one.invoices, None, one.total)


REPORT = Report(
    name="generation",
    title=gettext_lazy("Invoice generation"),
    text=gettext_lazy("How many invoices were made, how fast and how well."),
    icon="gauge",
    permission="invoices.read",
    parameter=Parameter.PERIOD,
    columns=(
        Column("figure", gettext_lazy("Figure")),
        Column("currency", gettext_lazy("Currency")),
        Column("number", gettext_lazy("How many"), Kind.COUNT),
        Column("rate", gettext_lazy("Rate"), Kind.RATE),
        Column("amount", gettext_lazy("Amount"), Kind.MONEY),
    ),
    rows=_rows,
)
