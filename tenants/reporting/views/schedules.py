"""Pages of reports that are sent at set times."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors
from tenants.reporting.forms import ReportScheduleForm
from tenants.reporting.reports import LIBRARY
from tenants.reporting.selectors.library import readable_reports
from tenants.reporting.selectors.schedules import (
    mailings,
    people_who_may_read,
    report_schedule,
    report_schedules,
)
from tenants.reporting.services import create_report_schedule, delete_report_schedule


@require_safe
def schedule_list(request: ApiRequest) -> HttpResponse:
    """All schedules, each with its next time."""
    found = report_schedules(actor=request.actor)
    page = paginate(found, paging_of(request), orderings=("name",), default="name")
    context = {
        "rows": [(one, LIBRARY.get(one.report)) for one in page.items],
        "page": page,
        "may_write": request.actor.may("delivery.write"),
        "crumbs": [(_("Reports"), reverse("report_list")), (_("By e-mail"), None)],
    }
    return render(request, "reporting/schedule_list.html", context)


@require_safe
def schedule_detail(request: ApiRequest, schedule_id: UUID) -> HttpResponse:
    """One schedule: to whom it goes, and each time it was due."""
    schedule = report_schedule(actor=request.actor, schedule_id=schedule_id)
    report = LIBRARY.get(schedule.report)
    people = [str(one) for one in schedule.recipients.all()]
    context = {
        "schedule": schedule,
        "facts": [
            (_("Report"), report.title if report else schedule.report),
            (_("Cron expression"), schedule.cron),
            (_("Which period"), schedule.get_period_rule_display()),
            (_("File"), schedule.file_form.upper()),
            (_("People"), ", ".join(people)),
        ],
        "page": paginate(
            mailings(schedule), paging_of(request), orderings=("due_at",), default="-due_at"
        ),
        "may_write": request.actor.may("delivery.write"),
        "crumbs": [*_crumbs(), (schedule.name, None)],
    }
    return render(request, "reporting/schedule_detail.html", context)


def schedule_new(request: ApiRequest) -> HttpResponse:
    """Make a schedule."""
    authorize(request.actor, "delivery.write")
    reports = readable_reports(actor=request.actor)
    form = ReportScheduleForm(
        request.POST if request.method == "POST" else None,
        initial={"report": request.GET.get("report", ""), "when": "0 6 1 * *"},
        reports=reports,
        people=people_who_may_read(reports[0]),
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = create_report_schedule(actor=request.actor, given=form.given)
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("The schedule was saved."))
            return redirect("report_schedule_detail", schedule_id=saved.pk)
    context = {"form": form, "crumbs": [*_crumbs(), (_("New schedule"), None)]}
    return render(
        request, "reporting/schedule_form.html", context, status=422 if form.errors else 200
    )


@require_POST
def schedule_delete(request: ApiRequest, schedule_id: UUID) -> HttpResponse:
    """Delete a schedule with its history."""
    delete_report_schedule(actor=request.actor, schedule_id=schedule_id)
    messages.success(request, _("The schedule was deleted."))
    return redirect("report_schedules")


def _crumbs() -> list[tuple[str, str | None]]:
    return [
        (_("Reports"), reverse("report_list")),
        (_("By e-mail"), reverse("report_schedules")),
    ]
