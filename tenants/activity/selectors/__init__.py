"""Reading revenue: records, totals, and which days are complete."""

from tenants.activity.selectors.calendar import (
    CalendarDay,
    CategoryTotal,
    RevenueCalendar,
    revenue_calendar,
)
from tenants.activity.selectors.completeness import (
    NEEDS_REVENUE,
    MissingDays,
    SiteGap,
    expected_days,
    missing_revenue_days,
)
from tenants.activity.selectors.revenue import (
    RevenueTotal,
    revenue_by_day,
    revenue_records,
    revenue_totals,
)

__all__ = [
    "NEEDS_REVENUE",
    "CalendarDay",
    "CategoryTotal",
    "MissingDays",
    "RevenueCalendar",
    "RevenueTotal",
    "SiteGap",
    "expected_days",
    "missing_revenue_days",
    "revenue_by_day",
    "revenue_calendar",
    "revenue_records",
    "revenue_totals",
]
