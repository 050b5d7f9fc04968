"""What a report is: its parameters, its columns, where its rows come from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from billing.errors import InvalidPeriod
from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.charts import Chart
from shared.kernel.clock import today
from shared.kernel.errors import FieldError, Invalid, Text, invalid_fields
from tenants.invoices.forms import last_full_month

PERIOD_MAX = timedelta(days=3 * 366)
CURRENCY = "currency"

Row = Sequence[Any]


class Kind(StrEnum):
    """What the values of a column are; money is in the currency of the row's own column."""

    TEXT = "text"
    DAY = "day"
    MONTH = "month"
    INSTANT = "instant"
    MONEY = "money"
    RATE = "rate"
    COUNT = "count"


class Parameter(StrEnum):
    """What a report asks for."""

    PERIOD = "period"
    DAY = "day"
    INVOICE = "invoice"


@dataclass(frozen=True)
class Column:
    """One column; `totalled` ones are summed by currency."""

    name: str
    label: Text
    kind: Kind = Kind.TEXT
    totalled: bool = False

    @property
    def is_number(self) -> bool:
        """Whether its values stand to the right."""
        return self.kind in (Kind.MONEY, Kind.RATE, Kind.COUNT)


@dataclass(frozen=True)
class Parameters:
    """What a report is asked for; a report reads only those that it names."""

    period: Period
    on: date
    invoice: str = ""


@dataclass(frozen=True)
class Report:
    """One report of the library. `rows` yields them in their order, as few as are asked for.

    `permission` is needed beside reports.read, for what the rows are made of. One that `is_long`
    takes seconds where there are many invoices: its page comes first, the rows after it.
    """

    name: str
    title: Text
    text: Text
    icon: str
    permission: str
    parameter: Parameter
    columns: tuple[Column, ...]
    rows: Callable[[Actor, Parameters], Iterable[Row]]
    chart: Callable[[Sequence[Row]], Chart | None] | None = None
    is_long: bool = False

    def may_be_read(self, actor: Actor) -> bool:
        """Whether the actor may see it."""
        return actor.may("reports.read") and actor.may(self.permission)

    def totals(self, rows: Sequence[Row]) -> Mapping[str, Mapping[str, Decimal]]:
        """The sums of the totalled columns by currency; currencies are never added up."""
        summed = [(at, one) for at, one in enumerate(self.columns) if one.totalled]
        if not summed:
            return {}
        currency_at = [one.name for one in self.columns].index(CURRENCY)
        sums: dict[str, dict[str, Decimal]] = {}
        for row in rows:
            mine = sums.setdefault(row[currency_at], {one.name: Decimal(0) for _at, one in summed})
            for at, column in summed:
                mine[column.name] += row[at]
        return dict(sorted(sums.items()))


def parameters_of(
    report: Report,
    *,
    start_date: date | None = None,
    end_date: date | None = None,
    on: date | None = None,
    invoice: str = "",
) -> Parameters:
    """What was asked for; the last full month and today unless given.

    Raises Invalid for an end before the start, more than three years, or no invoice where the
    report is about one.
    """
    usual = last_full_month()
    try:
        period = Period(
            start_date or end_date or usual.start_date, end_date or start_date or usual.end_date
        )
    except InvalidPeriod as error:
        raise invalid_fields(error.problems) from error
    if period.end_date - period.start_date > PERIOD_MAX:
        message = _("A report covers three years at most.")
        raise Invalid(errors=[FieldError("end_date", "too_long", message)])
    if report.parameter == Parameter.INVOICE and not invoice.strip():
        message = _("Which invoice? Give its number.")
        raise Invalid(errors=[FieldError("invoice", "required", message)])
    return Parameters(period=period, on=on or today(), invoice=invoice.strip())


def instants(period: Period) -> tuple[datetime, datetime]:
    """The first instant of the period and the first after it, in the reader's zone."""
    zone = timezone.get_current_timezone()
    start = datetime.combine(period.start_date, datetime.min.time(), tzinfo=zone)
    after = period.end_date + timedelta(days=1)
    return start, datetime.combine(after, datetime.min.time(), tzinfo=zone)
