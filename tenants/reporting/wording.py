"""A report's values as people read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language

from shared.kernel.formats import (
    format_day,
    format_instant,
    format_money,
    format_percentage,
    format_quantity,
)
from shared.kernel.wording import Wording
from shared.kernel.wording import worded as _
from tenants.reporting.reports.base import (
    CURRENCY,
    Column,
    Kind,
    Parameter,
    Parameters,
    Report,
)
from tenants.reporting.selectors.library import ReportTable


@dataclass(frozen=True)
class Cell:
    """One value as it is shown, under its column."""

    column: Column
    text: str


def cells_of(table: ReportTable) -> list[list[Cell]]:
    """The rows as they are shown."""
    return [_cells(table.report, row) for row in table.rows]


def total_rows(table: ReportTable) -> list[list[Cell]]:
    """A row a currency with the sums of the columns that have one."""
    return [
        _cells(
            table.report,
            [
                currency if column.name == CURRENCY else sums.get(column.name)
                for column in table.report.columns
            ],
            first=str(_("Total")),
        )
        for currency, sums in table.totals.items()
    ]


def asked_text(report: Report, asked: Parameters) -> str:
    """What the report is about: its days or its invoice."""
    language = get_language()
    if report.parameter == Parameter.INVOICE:
        return asked.invoice
    if report.parameter == Parameter.DAY:
        return format_day(asked.on, "long", language=language)
    days = (asked.period.start_date, asked.period.end_date)
    return " – ".join(format_day(day, "long", language=language) for day in days)


def failure_text(why: str) -> Wording:
    """A sentence for why a report was not sent; the error's own name where we know none."""
    known = {
        "no_reader": _("None of its people may read the report any more. Choose others."),
        "too_many_attempts": _("It could not be sent: its worker stopped five times."),
    }
    other = _("It could not be sent, though it was tried five times (%(why)s).")
    return known.get(why) or other % {"why": why}


def _cells(report: Report, row: Sequence[Any], first: str = "") -> list[Cell]:
    names = [one.name for one in report.columns]
    currency = row[names.index(CURRENCY)] if CURRENCY in names else ""
    texts = [_text(one, value, currency) for one, value in zip(report.columns, row, strict=True)]
    if first:
        texts[0] = first
    return [Cell(one, text) for one, text in zip(report.columns, texts, strict=True)]


def _text(column: Column, value: Any, currency: str) -> str:
    language = get_language()
    if value is None:
        return ""
    if column.kind == Kind.MONEY:
        return format_money(value, currency, language=language)
    if column.kind == Kind.RATE:
        return format_percentage(value, language=language)
    if column.kind == Kind.COUNT:
        return format_quantity(value, language=language)
    if column.kind == Kind.MONTH:
        return format_day(value, "month", language=language)
    if column.kind == Kind.DAY or type(value) is date:
        return format_day(value, language=language)
    if column.kind == Kind.INSTANT:
        return format_instant(value, timezone.get_current_timezone(), language=language)
    return str(value)
