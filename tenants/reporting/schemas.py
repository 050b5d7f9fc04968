"""What the API takes and answers about reports."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from shared.kernel.api.schemas import Filters, Money, Schema
from tenants.reporting.exporting import FileForm
from tenants.reporting.models import ReportMailing, ReportSchedule
from tenants.reporting.reports.base import Report
from tenants.reporting.selectors.library import ReportTable
from tenants.reporting.services import ReportScheduleInput
from tenants.schedules.models import PeriodRule

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


class ReportScheduleIn(Schema):
    """Which report people get by e-mail, and when, by the organisation's clock."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    report: Annotated[str, Field(max_length=40)]
    cron: Annotated[
        str, Field(max_length=100, description="0 6 1 * * is the first of a month at 06:00.")
    ]
    period_rule: PeriodRule = PeriodRule.PREVIOUS_MONTH
    file_form: FileForm = FileForm.PDF
    recipients: Annotated[
        list[UUID],
        Field(min_length=1, max_length=50, description="People who may read the report."),
    ]
    enabled: bool = True

    @property
    def given(self) -> ReportScheduleInput:
        """What the services take."""
        return ReportScheduleInput(
            name=self.name,
            report=self.report,
            cron=self.cron,
            recipients=self.recipients,
            period_rule=self.period_rule.value,
            file_form=self.file_form.value,
            is_enabled=self.enabled,
        )


class ReportScheduleOut(Schema):
    """A schedule and when it is due next."""

    schedule_id: UUID
    name: str
    report: str
    cron: str
    period_rule: str
    file_form: str
    recipients: list[UUID]
    enabled: bool
    next_due_at: datetime | None

    @staticmethod
    def of(schedule: ReportSchedule) -> "ReportScheduleOut":
        """The answer about a schedule."""
        return ReportScheduleOut(
            schedule_id=schedule.pk,
            name=schedule.name,
            report=schedule.report,
            cron=schedule.cron,
            period_rule=schedule.period_rule,
            file_form=schedule.file_form,
            recipients=sorted(one.pk for one in schedule.recipients.all()),
            enabled=schedule.is_enabled,
            next_due_at=schedule.next_due_at,
        )


class ReportMailingOut(Schema):
    """One time at which a report was due, and what became of it."""

    due_at: datetime
    status: str
    attempts: int
    people: int
    reason: str

    @staticmethod
    def of(mailing: ReportMailing) -> "ReportMailingOut":
        """The answer about one time."""
        return ReportMailingOut(
            due_at=mailing.due_at,
            status=mailing.status,
            attempts=mailing.attempts,
            people=mailing.people,
            reason=mailing.reason,
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
