"""What the pages show: the flow of the sync, values side by side, figures with their trend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from shared.kernel.charts import Chart, Series, Slice, sparkline, stacked_bars
from shared.kernel.clock import now
from shared.kernel.errors import Text
from shared.kernel.formats import (
    format_ago,
    format_compact,
    format_day,
    format_money,
    format_percentage,
    format_quantity,
)
from tenants.connections.forms import ADDRESS_LABELS
from tenants.connections.models import QualitySnapshot, SyncConflict, SyncLog
from tenants.connections.selectors.quality import METRICS, Quality, WeekTotal
from tenants.connections.selectors.sync import SyncStatus
from tenants.connections.work.measuring import Figures
from tenants.contracts.models import BillingFrequency, ContractType

HUNDRED = Decimal(100)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
SHOWN_LENGTH = 200
METRIC_LABELS: Mapping[str, Text] = {
    "completeness": gettext_lazy("Site data completeness"),
    "accuracy": gettext_lazy("Contract configuration accuracy"),
    "currency": gettext_lazy("Synchronisation currency"),
    "error_rate": gettext_lazy("Error rate"),
}


FIELD_LABELS: Mapping[str, Text] = {
    "customer_id": gettext_lazy("Customer"),
    "customer_name": gettext_lazy("Site name"),
    "territory_code": gettext_lazy("Territory"),
    "contract_number": gettext_lazy("Contract"),
    "billing_method": gettext_lazy("Contract type"),
    "invoice_frequency": gettext_lazy("Billing frequency"),
    "billing_start_date": gettext_lazy("In force from"),
    "billing_end_date": gettext_lazy("Last day"),
    "configuration": gettext_lazy("Billing configuration"),
    **ADDRESS_LABELS,
}
VALUE_LABELS: Mapping[str, Mapping[str, Text]] = {
    "billing_method": dict(ContractType.choices),
    "invoice_frequency": dict(BillingFrequency.choices),
}


def sync_flow(status: SyncStatus) -> list[dict[str, Any]]:
    """From a change here to the billing system, each step a door to what stands there."""
    done = status.last_day.get(SyncLog.Status.SUCCESS, 0)
    errors = status.last_day.get(SyncLog.Status.ERROR, 0)
    logs = reverse("sync_logs")
    return [
        {
            "label": _("Waiting"),
            "count": status.waiting,
            "note": ngettext("change to send", "changes to send", status.waiting),
            "url": logs,
            "tone": "",
        },
        {
            "label": _("Sent"),
            "count": done,
            "note": _("in a day"),
            "url": f"{logs}?status={SyncLog.Status.SUCCESS}",
            "tone": "ok",
        },
        {
            "label": _("No effect"),
            "count": status.last_day.get(SyncLog.Status.SKIPPED, 0),
            "note": _("on billing, in a day"),
            "url": f"{logs}?status={SyncLog.Status.SKIPPED}",
            "tone": "",
        },
        {
            "label": _("Conflicts"),
            "count": status.open_conflicts,
            "note": _("to decide"),
            "url": reverse("conflict_list"),
            "action": _("Decide") if status.open_conflicts else "",
            "tone": "warn",
        },
        {
            "label": _("Failed"),
            "count": status.failed,
            "note": _("need somebody"),
            "url": "#failed",
            "tone": "bad",
        },
        {
            "label": _("Errors"),
            "count": errors,
            "note": _("in a day"),
            "url": f"{logs}?status={SyncLog.Status.ERROR}",
            "tone": "bad",
        },
    ]


def connection_facts(status: SyncStatus) -> list[tuple[str, str]]:
    """When the other side last answered, and how much of ours it has."""
    language = get_language() or "en"
    synced = status.connection.synced_at if status.connection else None
    return [
        (_("Last contact"), format_ago(synced, now(), language=language) if synced else "—"),
        (_("Customers there"), format_quantity(status.customers, language=language)),
        (_("Contracts there"), format_quantity(status.configurations, language=language)),
    ]


@dataclass(frozen=True)
class ValueRow:
    """One part of a conflict's value, on both sides."""

    name: str
    ours: str
    theirs: str
    differs: bool


def value_rows(conflict: SyncConflict) -> list[ValueRow]:
    """The two values part by part."""
    ours, theirs = conflict.ours, conflict.theirs
    if not isinstance(ours, dict) and not isinstance(theirs, dict):
        names = VALUE_LABELS.get(conflict.field, {})
        mine, other = (_shown(names.get(str(one), one)) for one in (ours, theirs))
        return [ValueRow(_label(conflict.field), mine, other, differs=ours != theirs)]
    here, there = ours or {}, theirs or {}
    return [
        ValueRow(
            _label(name),
            _shown(here.get(name)),
            _shown(there.get(name)),
            differs=here.get(name) != there.get(name),
        )
        for name in dict.fromkeys([*here, *there])
    ]


def _label(name: str) -> str:
    """A field's name for people; what only the other side knows keeps its own."""
    return str(FIELD_LABELS.get(name, name))


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "—"
    text = str(value) if isinstance(value, str | Promise) else _ENCODER.encode(value).decode()
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"


def conflict_steps(conflict: SyncConflict) -> list[dict[str, Any]]:
    """A conflict's history for the timeline."""
    titles = {
        "found": _("Found"),
        "changed": _("Changed again"),
        "agreed": _("The sides agree again"),
        "decided": _("Decided by its rule"),
        "resolved": _("Decided"),
    }
    return [
        {
            "title": titles.get(one.what, one.what),
            "note": one.actor,
            "when": one.created_at,
            "state": "done",
        }
        for one in conflict.history.all()
    ]


def percent(value: Decimal | None) -> str:
    """A figure of 0 to 100 with its sign; — where nothing was measured."""
    if value is None:
        return "—"
    return format_percentage(value / HUNDRED, language=get_language() or "en")


def quality_stats(
    quality: Quality, history: Sequence[tuple[QualitySnapshot, Figures]]
) -> list[dict[str, Any]]:
    """Each figure with its threshold, its trend and the door to its records."""
    settings = quality.settings
    limits = {
        "completeness": _("at least %(limit)s") % {"limit": percent(settings.completeness_min)},
        "currency": _("at least %(limit)s") % {"limit": percent(settings.currency_min)},
        "error_rate": _("at most %(limit)s") % {"limit": percent(settings.error_rate_max)},
    }
    return [
        {
            "label": METRIC_LABELS[name],
            "value": percent(getattr(quality.figures, name)),
            "note": limits.get(name, ""),
            "url": reverse("quality_records", args=[name]),
            "chart": _trend(str(METRIC_LABELS[name]), name, history),
        }
        for name in METRICS
    ] + [
        {
            "label": _("Sites without a territory"),
            "value": str(quality.without_territory),
            "note": _("optional"),
            "url": "",
            "chart": None,
        }
    ]


def score_chart(history: Sequence[tuple[QualitySnapshot, Figures]]) -> Chart | None:
    """The overall score day by day."""
    return _trend(_("Overall score"), "score", history)


def _trend(
    title: str, name: str, history: Sequence[tuple[QualitySnapshot, Figures]]
) -> Chart | None:
    points = [
        Slice(format_day(row.day, language=get_language() or "en"), value)
        for row, figures in history
        if (value := getattr(figures, name)) is not None
    ]
    if len(points) < 2:
        return None
    return sparkline(title=title, points=points, format_value=percent, header=(_("Day"), title))


def revenue_charts(weeks: Sequence[WeekTotal]) -> list[Chart]:
    """Revenue and its effect on bills by week, a chart for each currency."""
    language = get_language() or "en"
    charts = []
    ordered = sorted(weeks, key=lambda week: (week.currency, week.week_start))
    for currency, rows in groupby(ordered, key=lambda week: week.currency):
        found = list(rows)

        def money(value: Decimal, code: str = currency) -> str:
            return format_money(value, code, language=language)

        def axis(value: Decimal, code: str = currency) -> str:
            return format_compact(value, code, language=language)

        charts.append(
            stacked_bars(
                title=_("Billing impact by week, %(currency)s") % {"currency": currency},
                categories=[format_day(week.week_start, language=language) for week in found],
                series=[Series(_("Billing impact"), [week.billing_impact for week in found])],
                format_value=money,
                format_axis=axis,
                total_label=_("Total"),
                category_label=_("Week"),
                ticks=[
                    format_day(week.week_start, "month_day", language=language)
                    if number % max(len(found) // 6, 1) == 0
                    else ""
                    for number, week in enumerate(found)
                ],
            )
        )
    return charts
