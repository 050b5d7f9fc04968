"""Reading a site's revenue."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.activity.models import RevenueRecord


class RevenueTotal(NamedTuple):
    """What a site took in a period: the net sum, and on how many days it was reported."""

    net_amount: Decimal
    days: int


def revenue_records(
    *,
    actor: Actor,
    site_id: str | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    category: str | None = None,
) -> QuerySet[RevenueRecord]:
    """Revenue records, newest first; both days are included."""
    authorize(actor, "activity.read")
    asked = {
        "site__site_id": site_id or None,
        "day__gte": first_day,
        "day__lte": last_day,
        "category": category,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    return RevenueRecord.objects.select_related("site").filter(**given)


def revenue_totals(site_ids: Iterable[UUID], period: Period) -> dict[UUID, RevenueTotal]:
    """The recorded revenue of several sites in one query; a site without records is absent."""
    rows = (
        RevenueRecord.objects.filter(
            site_id__in=list(site_ids), day__range=(period.start_date, period.end_date)
        )
        .values("site_id")
        .annotate(net=Sum("net_amount"), days=Count("day", distinct=True))
        .order_by()
    )
    return {row["site_id"]: RevenueTotal(row["net"], row["days"]) for row in rows}


def revenue_by_day(*, actor: Actor, site_id: UUID, period: Period) -> dict[date, Decimal]:
    """The net revenue of a site by day; days without a report are absent."""
    authorize(actor, "activity.read")
    rows = (
        RevenueRecord.objects.filter(
            site_id=site_id, day__range=(period.start_date, period.end_date)
        )
        .values_list("day")
        .annotate(net=Sum("net_amount"))
        .order_by("day")
    )
    return dict(rows)
