"""Reading the quality figures, their history and the records behind each."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now, today
from shared.kernel.errors import NotFound
from shared.kernel.wording import day
from tenants.connections.models import (
    BillingCustomer,
    QualityAlert,
    QualitySettings,
    QualitySnapshot,
    SyncLog,
    WeeklySiteFigure,
)
from tenants.connections.sides.customers import CustomerSide
from tenants.connections.work.measuring import (
    CURRENT_FOR,
    Figures,
    billed_sites,
    complete,
    inaccurate_configurations,
    measure,
)

HISTORY_DAYS = 90
RECORDS_MAX = 200
WEEKS_SHOWN = 26
METRICS = ("completeness", "accuracy", "currency", "error_rate")


@dataclass(frozen=True)
class Quality:
    """The figures now, the thresholds and what is broken.

    `without_territory` counts sites in use; a territory is optional and part of no figure.
    """

    figures: Figures
    settings: QualitySettings
    alerts: list[QualityAlert]
    without_territory: int = 0


@dataclass(frozen=True)
class FaultyRecord:
    """A record behind a figure: what is wrong with it, and the page where it is put right."""

    code: str
    name: str
    why: str
    link: str


@dataclass(frozen=True)
class WeekTotal:
    """A week's figures of every site of one currency."""

    week_start: date
    currency: str
    sites: int
    revenue: Decimal
    billing_impact: Decimal


def quality(*, actor: Actor) -> Quality:
    """The figures as they are now."""
    authorize(actor, "connections.read")
    settings = QualitySettings.objects.first() or QualitySettings()
    alerts = QualityAlert.objects.filter(cleared_at__isnull=True).order_by("created_at")
    without_territory = billed_sites().filter(territory__isnull=True).count()
    return Quality(measure(), settings, list(alerts), without_territory)


def quality_settings(*, actor: Actor) -> QualitySettings:
    """The organisation's thresholds, or the usual ones."""
    authorize(actor, "connections.read")
    return QualitySettings.objects.first() or QualitySettings()


def open_alerts(*, actor: Actor) -> list[QualityAlert]:
    """What is broken, for the notices on pages."""
    authorize(actor, "connections.read")
    return list(QualityAlert.objects.filter(cleared_at__isnull=True).order_by("created_at"))


def quality_history(*, actor: Actor) -> list[tuple[QualitySnapshot, Figures]]:
    """A snapshot a day with its figures, oldest first, at most 90."""
    authorize(actor, "connections.read")
    since = today() - timedelta(days=HISTORY_DAYS)
    rows = QualitySnapshot.objects.filter(day__gt=since).order_by("day")
    return [(row, figures_of(row)) for row in rows]


def figures_of(snapshot: QualitySnapshot) -> Figures:
    """The figures a snapshot kept."""
    return Figures(**{name: getattr(snapshot, name) for name in Figures.__dataclass_fields__})


def faulty_records(*, actor: Actor, metric: str) -> list[FaultyRecord]:
    """The records behind one figure, at most 200. Raises NotFound for another metric."""
    authorize(actor, "connections.read")
    found = {
        "completeness": _incomplete_sites,
        "accuracy": _inaccurate_contracts,
        "currency": _stale_customers,
        "error_rate": _errors,
    }.get(metric)
    if found is None:
        raise NotFound(_("There is no such figure."))
    return found()


def _incomplete_sites() -> list[FaultyRecord]:
    sites = billed_sites().exclude(complete()).select_related("territory")
    side = CustomerSide()
    return [
        FaultyRecord(
            site.site_id,
            site.name,
            "; ".join(f"{one.field} {one.message}" for one in side.ours_of(site).problems),
            reverse("site_edit", args=[site.site_id]),
        )
        for site in sites.order_by("site_id")[:RECORDS_MAX]
    ]


def _inaccurate_contracts() -> list[FaultyRecord]:
    return [
        FaultyRecord(code, code, why, reverse("contract_detail", args=[code]))
        for code, why in inaccurate_configurations()[:RECORDS_MAX]
    ]


def _stale_customers() -> list[FaultyRecord]:
    old = BillingCustomer.objects.filter(last_sync_at__lt=now() - CURRENT_FOR)
    return [
        FaultyRecord(
            copy.customer_id,
            copy.customer_name,
            _("Last compared %(day)s") % {"day": day(timezone.localdate(copy.last_sync_at))},
            reverse("sync_status"),
        )
        for copy in old.order_by("last_sync_at")[:RECORDS_MAX]
    ]


def _errors() -> list[FaultyRecord]:
    lines = SyncLog.objects.filter(
        status=SyncLog.Status.ERROR, execution_date__gte=now() - CURRENT_FOR
    )
    return [
        FaultyRecord(
            line.site_id,
            line.process_name,
            line.error_message,
            reverse("site_edit", args=[line.site_id]) if line.site_id else reverse("sync_logs"),
        )
        for line in lines.order_by("-execution_date", "-id")[:RECORDS_MAX]
    ]


def weekly_totals(*, actor: Actor) -> list[WeekTotal]:
    """Sites, revenue and billing impact by week and currency, newest first, half a year."""
    authorize(actor, "connections.read")
    since = today() - timedelta(weeks=WEEKS_SHOWN)
    rows = (
        WeeklySiteFigure.objects.filter(week_start__gte=since)
        .order_by("-week_start", "currency")
        .values("week_start", "currency")
        .annotate(sites=Count("pk"), revenue=Sum("revenue"), billing_impact=Sum("billing_impact"))
    )
    return [WeekTotal(**row) for row in rows]


def weekly_sites(*, actor: Actor, first: date, last: date) -> QuerySet[WeeklySiteFigure]:
    """The figures by site of the weeks that begin on these days or between them."""
    authorize(actor, "connections.read")
    found = WeeklySiteFigure.objects.filter(week_start__range=(first, last))
    return found.select_related("site")
