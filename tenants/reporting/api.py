"""`/api/v1/reports`, their schedules, and `/api/v1/billing/reports/audit-trail`.

Source: seed 001, reporting.
"""

from itertools import islice
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Status

from shared.audit.selectors import EntryFilter
from shared.idempotency.limits import require_allowance
from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import (
    Representation,
    expected_revision,
    require_fresh,
    set_etag,
)
from shared.kernel.api.pagination import Page, Paging, paginate
from shared.kernel.authorisation import authorize
from tenants.reporting import services
from tenants.reporting.exporting import FILES_PER_MINUTE, FileForm, make_file
from tenants.reporting.models import ReportSchedule
from tenants.reporting.reports.base import parameters_of
from tenants.reporting.reports.trail import EventKind, find_invoice, trail_of
from tenants.reporting.schemas import (
    ReportMailingOut,
    ReportOut,
    ReportQuery,
    ReportScheduleIn,
    ReportScheduleOut,
    ReportTableOut,
    TrailOut,
    TrailQuery,
)
from tenants.reporting.selectors.library import (
    ROWS_MAX,
    readable_report,
    readable_reports,
    run_report,
)
from tenants.reporting.selectors.schedules import mailings, report_schedule, report_schedules
from tenants.reporting.views.reports import file_response

EVENTS_MAX = 1_000
BINARY = {"schema": {"type": "string", "format": "binary"}}
FILES = {
    "responses": {
        200: {
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": BINARY,
                "application/pdf": BINARY,
            }
        }
    }
}
reports_router = Router(tags=["Reports"])
trail_router = Router(tags=["Reports"])
schedules_router = Router(tags=["Reports"])


@reports_router.get("", response=list[ReportOut])
def list_reports(request: ApiRequest) -> Any:
    """The reports that the caller may see, each with its columns."""
    return [ReportOut.of(report) for report in readable_reports(actor=request.actor)]


@reports_router.get("/{name}", response=ReportTableOut, openapi_extra=FILES)
def get_report(request: ApiRequest, name: str, wanted: Query[ReportQuery]) -> Any:
    """Run a report and answer its rows, or a file of them."""
    report = readable_report(actor=request.actor, name=name)
    asked = parameters_of(report, **wanted.model_dump(exclude={"format"}))
    form = None if wanted.format == "json" else FileForm(wanted.format)
    if form is not None:
        require_allowance(f"report-file:{request.actor.id}", limit=FILES_PER_MINUTE)
    table = run_report(
        actor=request.actor, name=name, asked=asked, limit=form.rows_max if form else ROWS_MAX
    )
    return file_response(make_file(table, form)) if form else ReportTableOut.of(table)


@trail_router.get("/reports/audit-trail", response=TrailOut)
def get_audit_trail(request: ApiRequest, wanted: Query[TrailQuery]) -> Any:
    """How an invoice was made, checked, sent and changed, by whom and when."""
    authorize(request.actor, "reports.read")
    invoice = find_invoice(actor=request.actor, reference=wanted.invoice)
    days = EntryFilter(from_day=wanted.start_date, to_day=wanted.end_date)
    events = list(
        islice(trail_of(actor=request.actor, invoice=invoice, wanted=days), EVENTS_MAX + 1)
    )
    by_kind: dict[str, list[Any]] = {f"{kind}_events": [] for kind in EventKind}
    for event in events[:EVENTS_MAX]:
        by_kind[f"{event.kind}_events"].append(event)
    return {
        "invoice_id": invoice.invoice_id,
        "number": invoice.number,
        "truncated": len(events) > EVENTS_MAX,
        **by_kind,
    }


@schedules_router.get("", response=Page[ReportScheduleOut])
def list_report_schedules(request: ApiRequest, paging: Query[Paging]) -> Any:
    """Reports that are sent by e-mail at set times, by name."""
    found = report_schedules(actor=request.actor)
    page = paginate(found, paging, orderings=("name", "created_at"), default="name")
    return {"items": [ReportScheduleOut.of(row) for row in page.items], "next": page.next}


@schedules_router.post("", response={201: ReportScheduleOut})
def create_report_schedule(
    request: ApiRequest, response: HttpResponse, body: ReportScheduleIn
) -> Any:
    """Make a schedule; it is first due at its next time from now."""
    schedule = services.create_report_schedule(actor=request.actor, given=body.given)
    set_etag(response, _representation(schedule))
    return Status(201, ReportScheduleOut.of(schedule))


@schedules_router.get("/{uuid:schedule_id}", response=ReportScheduleOut)
def get_report_schedule(request: ApiRequest, response: HttpResponse, schedule_id: UUID) -> Any:
    """One schedule."""
    schedule = report_schedule(actor=request.actor, schedule_id=schedule_id)
    require_fresh(request, response, _representation(schedule))
    return ReportScheduleOut.of(schedule)


@schedules_router.put("/{uuid:schedule_id}", response=ReportScheduleOut)
def put_report_schedule(
    request: ApiRequest, response: HttpResponse, schedule_id: UUID, body: ReportScheduleIn
) -> Any:
    """Replace a schedule; `enabled: false` pauses it. Times that have passed are left."""
    schedule = services.change_report_schedule(
        actor=request.actor,
        schedule_id=schedule_id,
        given=body.given,
        expected_revision=expected_revision(request),
    )
    set_etag(response, _representation(schedule))
    return ReportScheduleOut.of(schedule)


@schedules_router.delete("/{uuid:schedule_id}", response={204: None})
def delete_report_schedule(request: ApiRequest, schedule_id: UUID) -> Any:
    """Delete a schedule with its history."""
    services.delete_report_schedule(
        actor=request.actor,
        schedule_id=schedule_id,
        expected_revision=expected_revision(request),
    )
    return Status(204, None)


@schedules_router.post("/{uuid:schedule_id}/send", response={202: ReportMailingOut})
def send_report_schedule(request: ApiRequest, schedule_id: UUID) -> Any:
    """Send its report now; 409 while one is on its way."""
    mailing = services.send_report_now(actor=request.actor, schedule_id=schedule_id)
    return Status(202, ReportMailingOut.of(mailing))


@schedules_router.get("/{uuid:schedule_id}/history", response=Page[ReportMailingOut])
def list_report_mailings(request: ApiRequest, schedule_id: UUID, paging: Query[Paging]) -> Any:
    """The times it was due, latest first."""
    schedule = report_schedule(actor=request.actor, schedule_id=schedule_id)
    page = paginate(mailings(schedule), paging, orderings=("due_at",), default="-due_at")
    return {"items": [ReportMailingOut.of(row) for row in page.items], "next": page.next}


def _representation(schedule: ReportSchedule) -> Representation:
    """The next time changes without anybody changing the schedule."""
    return Representation(schedule.revision, str(schedule.next_due_at).encode())
