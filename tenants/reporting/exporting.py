"""A report as a file: CSV and XLSX for programs, PDF for people."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language

from shared.accounts.sites import site_name
from shared.kernel.clock import now
from shared.kernel.exports import XLSX_TYPE, csv_bytes, xlsx_bytes
from tenants.reporting.reports.base import Parameter
from tenants.reporting.selectors.library import ROWS_MAX, ReportTable
from tenants.reporting.wording import asked_text, cells_of, total_rows

PDF_ROWS_MAX = 500
FILES_PER_MINUTE = 30  # of one caller
SHEETS = ("fonts.css", "paper.css", "report.css")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class FileForm(StrEnum):
    """What a report can be taken away as."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"

    @property
    def rows_max(self) -> int:
        """The most rows of one file."""
        return PDF_ROWS_MAX if self is FileForm.PDF else ROWS_MAX


_TYPES = {
    FileForm.CSV: "text/csv; charset=utf-8",
    FileForm.XLSX: XLSX_TYPE,
    FileForm.PDF: "application/pdf",
}


@dataclass(frozen=True)
class ReportFile:
    """A finished file; `is_cut` where the report has more rows than it holds."""

    name: str
    content: bytes
    content_type: str
    is_cut: bool


def make_file(table: ReportTable, form: FileForm) -> ReportFile:
    """The table as a file. Texts that a spreadsheet would run are quoted.

    Numbers and days stay what they are; instants are written in the reader's zone.
    """
    return ReportFile(
        name=f"{_stem(table)}.{form.value}",
        content=_content(table, form),
        content_type=_TYPES[form],
        is_cut=table.is_cut,
    )


def _content(table: ReportTable, form: FileForm) -> bytes:
    if form is FileForm.PDF:
        from tenants.documents.printing import render_markup  # slow to load, few processes print

        return render_markup(_markup(table), sheets=SHEETS).content
    header = [str(column.label) for column in table.report.columns]
    rows = [_values(row) for row in table.rows]
    return csv_bytes(header, rows) if form is FileForm.CSV else xlsx_bytes(header, rows)


def _stem(table: ReportTable) -> str:
    asked, name = table.parameters, table.report.name
    if table.report.parameter == Parameter.DAY:
        return f"{name}-{asked.on}"
    if table.report.parameter == Parameter.INVOICE:
        return f"{name}-{re.sub('[^A-Za-z0-9-]', '', asked.invoice)[:24]}"
    return f"{name}-{asked.period.start_date}-{asked.period.end_date}"


def _values(row: Sequence[Any]) -> list[Any]:
    """Spreadsheets know no zones, and XML no control characters."""
    return [_value(value) for value in row]


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    return _NOT_IN_XML.sub(" ", value) if isinstance(value, str) else value


def _markup(table: ReportTable) -> str:
    context = {
        "language": get_language(),
        "organisation": site_name(),
        "title": table.report.title,
        "asked": asked_text(table.report, table.parameters),
        "columns": table.report.columns,
        "rows": cells_of(table),
        "totals": total_rows(table),
        "is_cut": table.is_cut,
        "limit": len(table.rows),
        "made_at": now(),
    }
    return _NOT_IN_XML.sub(" ", render_to_string("documents/report.html", context))
