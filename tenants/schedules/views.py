"""Pages of billing schedules."""

from typing import Any
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
from shared.kernel.forms import add_errors, form_page
from tenants.invoices.run_filters import RunFilters
from tenants.invoices.views.runs import filter_texts, run_tabs
from tenants.schedules import selectors, services
from tenants.schedules.forms import ScheduleForm, time_text
from tenants.schedules.models import BillingSchedule
from tenants.structure.selectors import legal_entities

ROWS_A_PAGE = 24


@require_safe
def schedule_list(request: ApiRequest) -> HttpResponse:
    """All schedules with their next and last times."""
    paging = paging_of(request)
    context = {
        "page": paginate(
            selectors.schedules(actor=request.actor), paging, orderings=("name",), default="name"
        ),
        "tabs": run_tabs(),
        "may_write": request.actor.may("invoices.generate"),
        "crumbs": [*_above()[:-1], (_("Schedules"), None)],
    }
    return render(request, "schedules/list.html", context)


@require_safe
def schedule_detail(request: ApiRequest, schedule_id: UUID) -> HttpResponse:
    """One schedule: when it runs next, what it does, and each time it was due."""
    schedule = selectors.schedule_by_id(actor=request.actor, schedule_id=schedule_id)
    paging = paging_of(request, limit=ROWS_A_PAGE)
    context = {
        "schedule": schedule,
        "next_times": selectors.next_times(schedule),
        "facts": _facts(schedule),
        "page": paginate(
            selectors.history(schedule), paging, orderings=("due_at",), default="-due_at"
        ),
        "may_write": request.actor.may("invoices.generate"),
        "crumbs": [*_above(), (schedule.name, None)],
    }
    return render(request, "schedules/detail.html", context)


def schedule_new(request: ApiRequest) -> HttpResponse:
    """Make a schedule."""
    return _edit(request, None)


def schedule_edit(request: ApiRequest, schedule_id: UUID) -> HttpResponse:
    """Change a schedule."""
    authorize(request.actor, "invoices.generate")
    return _edit(request, selectors.schedule_by_id(actor=request.actor, schedule_id=schedule_id))


@require_POST
def schedule_delete(request: ApiRequest, schedule_id: UUID) -> HttpResponse:
    """Delete a schedule; the runs it started stay."""
    services.delete_schedule(actor=request.actor, schedule_id=schedule_id)
    messages.success(request, _("The schedule was deleted."))
    return redirect("billing_schedules")


def _edit(request: ApiRequest, schedule: BillingSchedule | None) -> HttpResponse:
    authorize(request.actor, "invoices.generate")
    entities = list(legal_entities(actor=request.actor))
    form = ScheduleForm(
        request.POST if request.method == "POST" else None,
        initial=ScheduleForm.initial_of(schedule),
        entities=entities,
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = _save(request, schedule, form)
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("The schedule was saved."))
            return redirect("billing_schedule_detail", schedule_id=saved.pk)
    return form_page(
        request,
        "schedules/form.html",
        form,
        above=_above(schedule),
        title="" if schedule else _("New schedule"),
        has_entities=len(entities) > 1,
    )


def _save(
    request: ApiRequest, schedule: BillingSchedule | None, form: ScheduleForm
) -> BillingSchedule:
    if schedule is None:
        return services.create_schedule(actor=request.actor, given=form.given)
    return services.change_schedule(actor=request.actor, schedule_id=schedule.pk, given=form.given)


def _facts(schedule: BillingSchedule) -> list[tuple[Any, Any]]:
    yes_no = {True: _("Yes"), False: _("No")}
    return [
        (_("When"), time_text(schedule.cron)),
        (_("Time zone"), selectors.zone_of(schedule).key),
        (_("Which period"), schedule.get_period_rule_display()),
        *filter_texts(RunFilters.of_json(schedule.filters)),
        (_("Issues at once"), yes_no[schedule.issues]),
        (_("Sends to the customers"), yes_no[schedule.auto_distribute]),
        (_("Keeps as a draft where a check warns"), yes_no[schedule.holds_warned]),
    ]


def _above(schedule: BillingSchedule | None = None) -> list[tuple[str, str]]:
    above = [
        (_("Billing runs"), reverse("billing_runs")),
        (_("Schedules"), reverse("billing_schedules")),
    ]
    if schedule:
        above.append((schedule.name, reverse("billing_schedule_detail", args=[schedule.pk])))
    return above
