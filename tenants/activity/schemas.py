"""What the API takes and answers about revenue."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from shared.kernel.api.pagination import Paging
from shared.kernel.api.schemas import Filters, Money, Schema
from tenants.activity.models import CATEGORY_MAX, RevenueRecord
from tenants.activity.selectors import RevenueCalendar

SiteCode = Annotated[str, Field(max_length=20)]
Month = Annotated[str, Field(pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$")]


class RevenueIn(Schema):
    """One day's revenue of one category; `site_id` where the body names none."""

    site_id: SiteCode | None = None
    day: date
    category: Annotated[str, Field(max_length=CATEGORY_MAX)] = "general"
    gross_amount: Money
    net_amount: Money | None = None


class RevenueBatchIn(Schema):
    """Revenue of one site or of several; the same day and category again replaces the first."""

    site_id: SiteCode | None = None
    records: Annotated[list[RevenueIn], Field(min_length=1, max_length=1000)]


class RevenueOut(Schema):
    """One stored revenue record."""

    site_id: str
    day: date
    category: str
    gross_amount: Money
    net_amount: Money

    @staticmethod
    def of(row: RevenueRecord) -> "RevenueOut":
        """The answer about a record."""
        return RevenueOut(
            site_id=row.site.site_id,
            day=row.day,
            category=row.category,
            gross_amount=row.gross_amount,
            net_amount=row.net_amount,
        )


class RevenueFilters(Paging):
    """Which records; both days are included."""

    site_id: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    category: Annotated[str, Field(max_length=CATEGORY_MAX)] | None = None


class CalendarFilters(Filters):
    """Which month, as YYYY-MM."""

    month: Month


class CategoryOut(Schema):
    """Revenue of one category: of a day, or of the month and on how many days."""

    category: str
    gross_amount: Money
    net_amount: Money
    days: int


class CalendarDayOut(Schema):
    """One day: `missing` where a contract needs revenue, the day is over and none is there."""

    day: date
    state: Literal["reported", "missing", "due", "none"]
    net_amount: Money
    categories: list[CategoryOut]
    invoices: list[str]


class RevenueCalendarOut(Schema):
    """A month of a site, day by day."""

    site_id: str
    month: Month
    currency: str
    net_amount: Money
    reported_days: int
    missing_days: list[date]
    categories: list[CategoryOut]
    days: list[CalendarDayOut]

    @staticmethod
    def of(found: RevenueCalendar) -> "RevenueCalendarOut":
        """The answer about a month."""
        return RevenueCalendarOut(
            site_id=found.site.site_id,
            month=f"{found.period.start_date:%Y-%m}",
            currency=found.site.currency,
            net_amount=found.net_amount,
            reported_days=found.reported_days,
            missing_days=found.missing_days,
            categories=[CategoryOut.model_validate(one) for one in found.categories],
            days=[
                CalendarDayOut(
                    day=one.day,
                    state=one.state,
                    net_amount=one.net_amount,
                    categories=[CategoryOut.model_validate(part) for part in one.categories],
                    invoices=list(one.invoices),
                )
                for one in found.days
            ],
        )
