"""A site's month as a calendar of weeks."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from babel.dates import format_date
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from billing.periods import Period, month_period
from shared.kernel.formats import format_day
from tenants.activity.selectors import CalendarDay, RevenueCalendar

FIRST_YEAR, LAST_YEAR = 1900, 2199
DAYS_A_WEEK = 7
_SUNDAY = date(2026, 11, 1)  # weeks start on Sunday, as on every calendar in Canada


def month_of(text: str) -> Period | None:
    """The month of YYYY-MM; None for anything else."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    in_range = FIRST_YEAR <= first.year <= LAST_YEAR
    return month_period(first.year, first.month) if in_range else None


def neighbours(period: Period) -> dict[str, str]:
    """The months before and after, as YYYY-MM, where they can be shown."""
    before = period.start_date - timedelta(days=1)
    after = period.end_date + timedelta(days=1)
    return {
        "before": f"{before:%Y-%m}" if before.year >= FIRST_YEAR else "",
        "after": f"{after:%Y-%m}" if after.year <= LAST_YEAR else "",
    }


def weekday_names() -> list[str]:
    """Sunday to Saturday in the reader's language."""
    locale = (get_language() or "en").replace("-", "_")
    days = (_SUNDAY + timedelta(days=offset) for offset in range(DAYS_A_WEEK))
    return [format_date(day, "EEE", locale=_locale(locale)) for day in days]


def weeks(found: RevenueCalendar) -> list[list[CalendarDay | None]]:
    """The days in rows of seven; None before the first and after the last."""
    lead = (found.period.start_date.weekday() + 1) % DAYS_A_WEEK
    cells: list[CalendarDay | None] = [None] * lead + list(found.days)
    cells += [None] * (-len(cells) % DAYS_A_WEEK)
    return [cells[start : start + DAYS_A_WEEK] for start in range(0, len(cells), DAYS_A_WEEK)]


def completeness(found: RevenueCalendar) -> dict[str, Any]:
    """In one sentence whether the month is complete, and its tone."""
    missing = len(found.missing_days)
    if missing:
        text = ngettext("%(n)s day is missing.", "%(n)s days are missing.", missing)
        return {"text": text % {"n": missing}, "tone": "warn"}
    if any(one.state == "due" for one in found.days):
        return {"text": _("Complete so far."), "tone": "ok"}
    if found.reported_days:
        return {"text": _("Complete."), "tone": "ok"}
    return {"text": _("No contract here needs revenue in this month."), "tone": "info"}


def month_name(period: Period) -> str:
    """ "November 2026"."""
    return format_day(period.start_date, "month", language=get_language())


def detail_rows(days: Sequence[CalendarDay]) -> list[tuple[CalendarDay, Any]]:
    """Every category of every reported day, a row each."""
    return [(one, part) for one in days for part in one.categories]


def _locale(name: str) -> str:
    language, _sep, territory = name.partition("_")
    return f"{language}_{territory.upper() or 'CA'}"
