"""What the pages show: the flow of the sync, values side by side, figures with their trend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from shared.kernel.charts import Chart, Series, Slice, sparkline, stacked_bars
from shared.kernel.errors import Text
from shared.kernel.formats import format_compact, format_day, format_money, format_percentage
from tenants.connections.models import QualitySnapshot, SyncConflict, SyncLog
from tenants.connections.selectors.quality import METRICS, Quality, WeekTotal
from tenants.connections.selectors.sync import SyncStatus
from tenants.connections.work.measuring import Figures

HUNDRED = Decimal(100)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
SHOWN_LENGTH = 200
METRIC_LABELS: Mapping[str, Text] = {
    "completeness": gettext_lazy("Site data completeness"),
    "accuracy": gettext_lazy("Contract configuration accuracy"),
    "currency": gettext_lazy("Synchronisation currency"),
    "error_rate": gettext_lazy("Error rate"),
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
        return [ValueRow(conflict.field, _shown(ours), _shown(theirs), differs=ours != theirs)]
    mine, other = ours or {}, theirs or {}
    names = [*mine, *(name for name in other if name not in mine)]
    return [
        ValueRow(
            name,
            _shown(mine.get(name)),
            _shown(other.get(name)),
            differs=mine.get(name) != other.get(name),
        )
        for name in names
    ]


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "—"
    text = value if isinstance(value, str) else _ENCODER.encode(value).decode()
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


def _percent(value: Decimal | None) -> str:
    if value is None:
        return "—"
    return format_percentage(value / HUNDRED, language=get_language() or "en")


def quality_stats(
    quality: Quality, history: Sequence[tuple[QualitySnapshot, Figures]]
) -> list[dict[str, Any]]:
    """Each figure with its threshold, its trend and the door to its records."""
    settings = quality.settings
    limits = {
        "completeness": _("at least %(limit)s") % {"limit": _percent(settings.completeness_min)},
        "currency": _("at least %(limit)s") % {"limit": _percent(settings.currency_min)},
        "error_rate": _("at most %(limit)s") % {"limit": _percent(settings.error_rate_max)},
    }
    return [
        {
            "label": METRIC_LABELS[name],
            "value": _percent(getattr(quality.figures, name)),
            "note": limits.get(name, ""),
            "url": reverse("quality_records", args=[name]),
            "chart": _trend(str(METRIC_LABELS[name]), name, history),
        }
        for name in METRICS
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
    return sparkline(title=title, points=points, format_value=_percent, header=(_("Day"), title))


def revenue_charts(weeks: Sequence[WeekTotal]) -> list[Chart]:
    """Revenue and its effect on bills by week, a chart for each currency."""
    language = get_language() or "en"
    charts = []
    ordered = sorted(weeks, key=lambda week: (week.currency, week.week_start))
    for currency, rows in groupby(ordered, key=lambda week: week.currency):
        found = list(rows)

        def money(value: Decimal, code: str = currency) -> str:
            return format_money(value, code, language=language)

        charts.append(
            stacked_bars(
                title=_("Billing impact by week, %(currency)s") % {"currency": currency},
                categories=[format_day(week.week_start, language=language) for week in found],
                series=[Series(_("Billing impact"), [week.billing_impact for week in found])],
                format_value=money,
                format_axis=lambda value: format_compact(value, language=language),
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
