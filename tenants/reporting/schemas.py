"""What the API takes and answers about reports."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.kernel.api.schemas import Filters, Money, Schema
from tenants.reporting.reports.base import Report
from tenants.reporting.selectors.library import ReportTable

InvoiceReference = Annotated[
    str, Field(min_length=1, max_length=40, description="An invoice's number or id.")
]


class ReportQuery(Filters):
    """What a report is asked for: it reads only its own parameters.

    Without days the last full month and today. `csv`, `xlsx` and `json` hold 10,000 rows at
    most, `pdf` 500; X-Truncated or `truncated` says where there are more.
    """

    format: Literal["json", "csv", "xlsx", "pdf"] = "json"
    start_date: date | None = None
    end_date: date | None = None
    on: date | None = None
    invoice: Annotated[str, Field(max_length=40)] = ""


class TrailQuery(Filters):
    """Which invoice, and the days to look at."""

    invoice: InvoiceReference
    start_date: date | None = None
    end_date: date | None = None


class ColumnOut(Schema):
    """One column; money is in the currency of the row's `currency`, rates are fractions."""

    name: str
    label: str
    kind: str
    totalled: bool


class ReportOut(Schema):
    """One report of the library and the parameter it takes."""

    name: str
    title: str
    description: str
    parameter: str
    columns: list[ColumnOut]

    @staticmethod
    def of(report: Report) -> "ReportOut":
        """The answer about a report."""
        return ReportOut(
            name=report.name,
            title=str(report.title),
            description=str(report.text),
            parameter=report.parameter,
            columns=[
                ColumnOut(name=one.name, label=str(one.label), kind=one.kind, totalled=one.totalled)
                for one in report.columns
            ],
        )


class ReportTableOut(Schema):
    """A report as it was run: rows by the names of its columns, totals by currency."""

    name: str
    title: str
    start_date: date
    end_date: date
    on: date
    invoice: str
    truncated: bool
    rows: list[dict[str, Any]]
    totals: dict[str, dict[str, Money]]

    @staticmethod
    def of(table: ReportTable) -> "ReportTableOut":
        """The answer about a table."""
        asked = table.parameters
        names = [one.name for one in table.report.columns]
        return ReportTableOut(
            name=table.report.name,
            title=str(table.report.title),
            start_date=asked.period.start_date,
            end_date=asked.period.end_date,
            on=asked.on,
            invoice=asked.invoice,
            truncated=table.is_cut,
            rows=[dict(zip(names, row, strict=True)) for row in table.rows],
            totals={currency: dict(sums) for currency, sums in table.totals.items()},
        )


class EventOut(Schema):
    """Something that happened to an invoice."""

    at: datetime
    action: str
    who: str
    detail: str


class TrailOut(Schema):
    """What happened to an invoice by kind, oldest first; 1,000 events at most."""

    invoice_id: str
    number: str | None
    generation_events: list[EventOut]
    validation_events: list[EventOut]
    distribution_events: list[EventOut]
    modification_events: list[EventOut]
    truncated: bool
