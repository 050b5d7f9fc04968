"""`/api/v1/reports` and `/api/v1/billing/reports/audit-trail`. Source: seed 001, reporting."""

from itertools import islice
from typing import Any

from ninja import Query, Router

from shared.audit.selectors import EntryFilter
from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from tenants.reporting.exporting import FileForm, make_file
from tenants.reporting.reports.base import parameters_of
from tenants.reporting.reports.trail import EventKind, find_invoice, trail_of
from tenants.reporting.schemas import ReportOut, ReportQuery, ReportTableOut, TrailOut, TrailQuery
from tenants.reporting.selectors.library import (
    ROWS_MAX,
    readable_report,
    readable_reports,
    run_report,
)
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
