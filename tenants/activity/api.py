"""`/api/v1/revenue-records` and the revenue calendar of a site."""

from typing import Any

from ninja import Query, Router, Status

from billing.periods import month_period
from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import Page, paginate
from tenants.activity import selectors, services
from tenants.activity.schemas import (
    CalendarFilters,
    RevenueBatchIn,
    RevenueCalendarOut,
    RevenueFilters,
    RevenueOut,
)

revenue_router = Router(tags=["Revenue"])
calendar_router = Router(tags=["Revenue"])


@revenue_router.get("", response=Page[RevenueOut])
def list_revenue(request: ApiRequest, filters: Query[RevenueFilters]) -> Any:
    """Revenue records, newest day first."""
    found = selectors.revenue_records(
        actor=request.actor,
        site_id=filters.site_id,
        first_day=filters.first_day,
        last_day=filters.last_day,
        category=filters.category,
    )
    page = paginate(found, filters, orderings=("day",), default="-day")
    return {"items": [RevenueOut.of(row) for row in page.items], "next": page.next}


@revenue_router.post("", response={201: list[RevenueOut]})
def record_revenue(request: ApiRequest, body: RevenueBatchIn) -> Any:
    """Store up to 1,000 days' revenue of one site or of several; all of it or nothing.

    What is wrong is named by its position: `records[7].site_id`.
    """
    rows = services.record_revenue(
        actor=request.actor,
        site_id=body.site_id,
        records=[services.DayRevenue(**given.model_dump()) for given in body.records],
    )
    return Status(201, [RevenueOut.of(row) for row in rows])


@calendar_router.get("/{site_id}/revenue-calendar", response=RevenueCalendarOut)
def get_revenue_calendar(request: ApiRequest, site_id: str, filters: Query[CalendarFilters]) -> Any:
    """A month of a site: what was reported, what is missing, what is invoiced already."""
    year, month = map(int, filters.month.split("-"))
    found = selectors.revenue_calendar(
        actor=request.actor, site_id=site_id, period=month_period(year, month)
    )
    return RevenueCalendarOut.of(found)
