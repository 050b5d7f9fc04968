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
from shared.kernel.errors import AppError, Conflict
from shared.kernel.forms import add_errors, form_page
from tenants.reporting.forms import ReportScheduleForm
from tenants.reporting.models import ReportMailing, ReportSchedule
from tenants.reporting.reports import LIBRARY
from tenants.reporting.selectors.library import readable_reports
from tenants.reporting.selectors.schedules import (
    mailings,
    people_who_may_read,
    report_schedule,
    report_schedules,
)
from tenants.reporting.services import (
    change_report_schedule,
    create_report_schedule,
    delete_report_schedule,
    send_report_now,
)
from tenants.reporting.wording import failure_text
from tenants.schedules.forms import time_text


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
    page = paginate(
        mailings(schedule), paging_of(request), orderings=("due_at",), default="-due_at"
    )
    context = {
        "schedule": schedule,
        "facts": [
            (_("Report"), report.title if report else schedule.report),
            (_("When"), time_text(schedule.cron)),
            (_("Which period"), schedule.get_period_rule_display()),
            (_("File"), schedule.file_form.upper()),
            (_("People"), ", ".join(people)),
        ],
        "page": page,
        "rows": [
            (one, failure_text(one.reason) if one.status == ReportMailing.Status.FAILED else "")
            for one in page.items
        ],
        "may_write": request.actor.may("delivery.write"),
        "crumbs": [*_above(), (schedule.name, None)],
    }
    return render(request, "reporting/schedule_detail.html", context)


def schedule_new(request: ApiRequest) -> HttpResponse:
    """Make a schedule."""
    return _edit(request, None)


def schedule_edit(request: ApiRequest, schedule_id: UUID) -> HttpResponse:
    """Change a schedule, or switch it off."""
    return _edit(request, schedule_id)


def _edit(request: ApiRequest, schedule_id: UUID | None) -> HttpResponse:
    authorize(request.actor, "delivery.write")
    reports = readable_reports(actor=request.actor)
    schedule = (
        report_schedule(actor=request.actor, schedule_id=schedule_id) if schedule_id else None
    )
    asked = {} if schedule else {"report": request.GET.get("report", "")}
    form = ReportScheduleForm(
        request.POST if request.method == "POST" else None,
        initial={**ReportScheduleForm.initial_of(schedule), **asked},
        reports=reports,
        people=people_who_may_read(reports[0]),
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = _save(request, schedule_id, form)
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("The schedule was saved."))
            return redirect("report_schedule_detail", schedule_id=saved.pk)
    return form_page(
        request,
        "reporting/schedule_form.html",
        form,
        above=_above(schedule),
        title="" if schedule else _("New schedule"),
    )


def _save(
    request: ApiRequest, schedule_id: UUID | None, form: ReportScheduleForm
) -> ReportSchedule:
    if schedule_id is None:
        return create_report_schedule(actor=request.actor, given=form.given)
    return change_report_schedule(actor=request.actor, schedule_id=schedule_id, given=form.given)


@require_POST
def schedule_send(request: ApiRequest, schedule_id: UUID) -> HttpResponse:
    """Send its report now."""
    try:
        send_report_now(actor=request.actor, schedule_id=schedule_id)
    except Conflict as error:
        messages.error(request, str(error.detail))
    else:
        messages.success(request, _("The report is on its way."))
    return redirect("report_schedule_detail", schedule_id=schedule_id)


@require_POST
def schedule_delete(request: ApiRequest, schedule_id: UUID) -> HttpResponse:
    """Delete a schedule with its history."""
    delete_report_schedule(actor=request.actor, schedule_id=schedule_id)
    messages.success(request, _("The schedule was deleted."))
    return redirect("report_schedules")


def _above(schedule: ReportSchedule | None = None) -> list[tuple[str, str]]:
    above = [
        (_("Reports"), reverse("report_list")),
        (_("By e-mail"), reverse("report_schedules")),
    ]
    if schedule:
        above.append((schedule.name, reverse("report_schedule_detail", args=[schedule.pk])))
    return above
