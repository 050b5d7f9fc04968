"""`/api/v1/revenue-records`."""

from typing import Any

from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import Page, Paging, paginate
from tenants.activity import selectors, services
from tenants.activity.schemas import RevenueBatchIn, RevenueOut

revenue_router = Router(tags=["Revenue"])


class RevenueFilters(Paging):
    """Which records."""

    site_id: str | None = None


@revenue_router.get("", response=Page[RevenueOut])
def list_revenue(request: ApiRequest, filters: Query[RevenueFilters]) -> Any:
    """Revenue records, newest day first."""
    found = selectors.revenue_records(actor=request.actor, site_id=filters.site_id)
    page = paginate(found, filters, orderings=("day",), default="-day")
    return {"items": [RevenueOut.of(row) for row in page.items], "next": page.next}


@revenue_router.post("", response={201: list[RevenueOut]})
def record_revenue(request: ApiRequest, body: RevenueBatchIn) -> Any:
    """Store a site's revenue by day and category; all of it or nothing."""
    rows = services.record_revenue(
        actor=request.actor,
        site_id=body.site_id,
        records=[
            services.DayRevenue(
                day=given.day,
                category=given.category,
                gross_amount=given.gross_amount,
                net_amount=given.net_amount,
            )
            for given in body.records
        ],
    )
    return Status(201, [RevenueOut.of(row) for row in rows])
