"""Running a report of the library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from billing.money import round_money
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.reporting.reports import LIBRARY, report_named
from tenants.reporting.reports.base import CURRENCY, Kind, Parameters, Report, Row

ROWS_MAX = 10_000


@dataclass(frozen=True)
class ReportTable:
    """A report as it was run: `is_cut` where there are more rows than were asked for.

    Money is rounded to the currency's unit. There are totals only of a table that is whole.
    """

    report: Report
    parameters: Parameters
    rows: Sequence[Row]
    is_cut: bool
    totals: Mapping[str, Mapping[str, Decimal]]


def readable_reports(*, actor: Actor) -> list[Report]:
    """The reports that the actor may see. Raises Forbidden without reports.read."""
    authorize(actor, "reports.read")
    return [report for report in LIBRARY.values() if report.may_be_read(actor)]


def readable_report(*, actor: Actor, name: str) -> Report:
    """One report. Raises Forbidden, and NotFound for a name that no report has."""
    authorize(actor, "reports.read")
    report = report_named(name)
    authorize(actor, report.permission)
    return report


def run_report(*, actor: Actor, name: str, asked: Parameters, limit: int = ROWS_MAX) -> ReportTable:
    """Run a report; `limit` rows at most, never more than ROWS_MAX. Raises as readable_report."""
    report = readable_report(actor=actor, name=name)
    most = min(limit, ROWS_MAX)
    found = [_rounded(report, row) for row in islice(report.rows(actor, asked), most + 1)]
    is_cut = len(found) > most
    rows = found[:most]
    return ReportTable(report, asked, rows, is_cut, {} if is_cut else report.totals(rows))


def _rounded(report: Report, row: Row) -> Row:
    names = [one.name for one in report.columns]
    if CURRENCY not in names:
        return row
    currency = row[names.index(CURRENCY)]
    return [
        round_money(value, currency) if one.kind == Kind.MONEY and value is not None else value
        for one, value in zip(report.columns, row, strict=True)
    ]
