"""The library of reports, one report, and its files."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shared.idempotency.limits import require_allowance
from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError, NotFound
from shared.kernel.forms import add_errors
from tenants.reporting.exporting import FILES_PER_MINUTE, FileForm, ReportFile, make_file
from tenants.reporting.forms import ReportForm, values_of
from tenants.reporting.reports.base import Parameter, Report
from tenants.reporting.selectors.library import readable_report, readable_reports, run_report
from tenants.reporting.wording import asked_text, cells_of, total_rows

ROWS_SHOWN = 200


@require_safe
def report_list(request: ApiRequest) -> HttpResponse:
    """Every report that the reader may see."""
    context = {"reports": readable_reports(actor=request.actor)}
    return render(request, "reporting/report_list.html", context)


@require_safe
def report_detail(request: ApiRequest, name: str) -> HttpResponse:
    """One report; what it is asked for stands in the address."""
    report = readable_report(actor=request.actor, name=name)
    form = ReportForm(request.GET, report=report)
    context: dict[str, Any] = {
        "report": report,
        "form": form,
        "crumbs": [(_("Reports"), reverse("report_list")), (str(report.title), None)],
        "is_asked": report.parameter != Parameter.INVOICE or bool(request.GET.get("invoice")),
    }
    if context["is_asked"] and form.is_valid():
        try:
            if request.GET or not report.is_long:
                context |= _shown(request, report, form)
            context |= _asked(report, form)
        except NotFound as error:
            form.add_error("invoice" if "invoice" in form.fields else None, str(error.detail))
        except AppError as error:
            add_errors(form, error, {})
    elif not context["is_asked"]:
        context["form"] = ReportForm(report=report)
    status = 422 if context["form"].is_bound and context["form"].errors else 200
    return render(request, "reporting/report_detail.html", context, status=status)


@require_safe
def report_export(request: ApiRequest, name: str, form: str) -> HttpResponse:
    """A report as a file."""
    authorize(request.actor, "reports.read")
    if form not in set(FileForm):
        raise NotFound()
    require_allowance(f"report-file:{request.actor.id}", limit=FILES_PER_MINUTE)
    report = readable_report(actor=request.actor, name=name)
    given = ReportForm(request.GET, report=report)
    if not given.is_valid():
        raise NotFound()
    as_file = FileForm(form)
    table = run_report(actor=request.actor, name=name, asked=given.asked, limit=as_file.rows_max)
    return file_response(make_file(table, as_file))


def file_response(file: ReportFile) -> HttpResponse:
    """A download; the header X-Truncated says where the report has more rows than the file."""
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    if file.is_cut:
        headers["X-Truncated"] = "true"
    return HttpResponse(file.content, content_type=file.content_type, headers=headers)


def _asked(report: Report, form: ReportForm) -> dict[str, Any]:
    """What the report is asked for: as a form, in words, and as the query of its files."""
    values = values_of(report, form.asked)
    query = urlencode(values)
    files = {one: reverse("report_export", args=[report.name, one.value]) for one in FileForm}
    return {
        "form": ReportForm(report=report, initial=values),
        "asked": asked_text(report, form.asked),
        "query": query,
        "files": [(one.value.upper(), f"{path}?{query}") for one, path in files.items()],
    }


def _shown(request: ApiRequest, report: Report, form: ReportForm) -> dict[str, Any]:
    table = run_report(actor=request.actor, name=report.name, asked=form.asked, limit=ROWS_SHOWN)
    return {
        "table": table,
        "rows": cells_of(table),
        "totals": total_rows(table),
        "chart": report.chart(table.rows) if report.chart and table.rows else None,
    }
