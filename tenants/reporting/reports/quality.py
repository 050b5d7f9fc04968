"""How often invoices failed their checks, needed a person or did not arrive, by month."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from billing.periods import Frequency, Period, month_period, next_period
from shared.kernel.actor import Actor
from tenants.invoices.selectors.generation_metrics import generation_metrics
from tenants.reporting.reports.base import Column, Kind, Parameter, Parameters, Report, Row


def _rows(actor: Actor, asked: Parameters) -> Iterator[Row]:
    """A row a month, 37 at most; a month that is only partly asked for counts that part."""
    month = month_period(asked.period.start_date.year, asked.period.start_date.month)
    while month.start_date <= asked.period.end_date:
        part = Period(
            max(month.start_date, asked.period.start_date),
            min(month.end_date, asked.period.end_date),
        )
        found = generation_metrics(actor=actor, period=part)
        yield (
            month.start_date,
            found.total_invoices,
            found.success_rate,
            found.validation_error_rate,
            found.manual_review_rate,
            found.delivery_success_rate,
        )
        month = next_period(Frequency.MONTHLY, month)


REPORT = Report(
    name="quality",
    title=gettext_lazy("Quality of invoices"),
    text=gettext_lazy("Validation errors, manual reviews and deliveries that arrived, by month."),
    icon="shield-check",
    permission="invoices.read",
    parameter=Parameter.PERIOD,
    columns=(
        Column("month", gettext_lazy("Month"), Kind.MONTH),
        Column("invoices", gettext_lazy("Invoices made"), Kind.COUNT),
        Column("success_rate", gettext_lazy("Contracts billed of those tried"), Kind.RATE),
        Column("validation_error_rate", gettext_lazy("Validation error rate"), Kind.RATE),
        Column("manual_review_rate", gettext_lazy("Manual review rate"), Kind.RATE),
        Column("delivery_success_rate", gettext_lazy("Delivery success rate"), Kind.RATE),
    ),
    rows=_rows,
)
