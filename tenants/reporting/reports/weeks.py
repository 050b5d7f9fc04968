"""The weekly performance of sites and what it changes in their bills. Source: seed 000."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext_lazy

from shared.kernel.actor import Actor
from tenants.connections.selectors.quality import weekly_sites
from tenants.reporting.reports.base import Column, Kind, Parameter, Parameters, Report, Row

WEEK = timedelta(days=6)


def _rows(actor: Actor, asked: Parameters) -> Iterator[Row]:
    """A row a site and week that lies in the period, if only in part."""
    period = asked.period
    found = weekly_sites(actor=actor, first=period.start_date - WEEK, last=period.end_date)
    for one in found.order_by("week_start", "site__site_id").iterator():
        yield (
            one.week_start,
            one.site.site_id,
            one.site.name,
            one.currency,
            one.days_reported,
            one.revenue,
            one.billing_impact,
            one.sent_at,
        )


REPORT = Report(
    name="weekly-performance",
    title=gettext_lazy("Weekly performance"),
    text=gettext_lazy("What each site took in a week, and what that changes in its bills."),
    icon="calendar-range",
    permission="connections.read",
    parameter=Parameter.PERIOD,
    columns=(
        Column("week_start", gettext_lazy("Week from"), Kind.DAY),
        Column("site_id", gettext_lazy("Site number")),
        Column("site", gettext_lazy("Site")),
        Column("currency", gettext_lazy("Currency")),
        Column("days_reported", gettext_lazy("Days with revenue"), Kind.COUNT),
        Column("revenue", gettext_lazy("Revenue"), Kind.MONEY, totalled=True),
        Column("billing_impact", gettext_lazy("Billing impact"), Kind.MONEY, totalled=True),
        Column("sent_at", gettext_lazy("Sent on"), Kind.INSTANT),
    ),
    rows=_rows,
)
