"""A site's month day by day: what was reported, what is missing, what is invoiced already."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.clock import today
from tenants.activity.models import RevenueRecord
from tenants.activity.selectors.completeness import expected_days
from tenants.sites.models import Site
from tenants.sites.selectors import site_by_code

# `missing`: a contract needs it, the day is over, and nothing was reported. `due`: it needs it,
# but the day is not over. `none`: no contract needs it.
DayState = Literal["reported", "missing", "due", "none"]


@dataclass(frozen=True)
class CategoryTotal:
    """The revenue of one category: of a day, or of the month with the days it was reported on."""

    category: str
    gross_amount: Decimal
    net_amount: Decimal
    days: int = 1


@dataclass(frozen=True)
class CalendarDay:
    """One day: its categories, and the invoices whose period it lies in."""

    day: date
    state: DayState
    categories: tuple[CategoryTotal, ...] = ()
    invoices: tuple[str, ...] = ()

    @property
    def net_amount(self) -> Decimal:
        """The day's net revenue."""
        return sum((one.net_amount for one in self.categories), Decimal(0))


@dataclass(frozen=True)
class RevenueCalendar:
    """A month of a site."""

    site: Site
    period: Period
    days: tuple[CalendarDay, ...]
    categories: tuple[CategoryTotal, ...]

    @property
    def net_amount(self) -> Decimal:
        """The month's net revenue."""
        return sum((one.net_amount for one in self.categories), Decimal(0))

    @property
    def missing_days(self) -> list[date]:
        """The days that a contract needs and nobody reported."""
        return [one.day for one in self.days if one.state == "missing"]

    @property
    def reported_days(self) -> int:
        """On how many days something was reported."""
        return sum(one.state == "reported" for one in self.days)


def revenue_calendar(*, actor: Actor, site_id: str, period: Period) -> RevenueCalendar:
    """The month of a site, in a constant number of queries. Raises NotFound for the site.

    Invoices are named to who may see them.
    """
    site = site_by_code(actor=actor, site_id=site_id)
    expected = expected_days(actor=actor, site_id=site.pk, period=period)
    records = RevenueRecord.objects.filter(
        site=site, day__range=(period.start_date, period.end_date)
    ).order_by("day", "category")
    by_day: dict[date, list[CategoryTotal]] = defaultdict(list)
    by_category: dict[str, list[CategoryTotal]] = defaultdict(list)
    for row in records:
        part = CategoryTotal(row.category, Decimal(row.gross_amount), Decimal(row.net_amount))
        by_day[row.day].append(part)
        by_category[row.category].append(part)
    invoiced = _invoiced(actor, site, period)
    present = today()
    return RevenueCalendar(
        site=site,
        period=period,
        days=tuple(
            CalendarDay(
                day,
                _state(day in by_day, day in expected, day < present),
                tuple(by_day.get(day, ())),
                tuple(number for number, span in invoiced if day in span),
            )
            for day in period
        ),
        categories=tuple(_total(name, parts) for name, parts in sorted(by_category.items())),
    )


def _state(is_reported: bool, is_expected: bool, is_over: bool) -> DayState:
    if is_reported:
        return "reported"
    if not is_expected:
        return "none"
    return "missing" if is_over else "due"


def _total(category: str, parts: list[CategoryTotal]) -> CategoryTotal:
    return CategoryTotal(
        category,
        sum((part.gross_amount for part in parts), Decimal(0)),
        sum((part.net_amount for part in parts), Decimal(0)),
        len(parts),
    )


def _invoiced(actor: Actor, site: Site, period: Period) -> list[tuple[str, Period]]:
    """Numbers and periods of the regular invoices issued for days of this period."""
    if not actor.may("invoices.read"):
        return []
    rows = (
        site.invoices.filter(
            kind="regular",
            document_status="issued",
            period_start__lte=period.end_date,
            period_end__gte=period.start_date,
        )
        .order_by("number")
        .values_list("number", "period_start", "period_end")
    )
    return [(str(number), Period(first, last)) for number, first, last in rows]
