"""Pages: where the synchronisation stands, its connection, log and weekly report."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError, NotFound
from shared.kernel.forms import add_errors, form_page
from tenants.connections.forms import ConnectionForm, WeekForm
from tenants.connections.models import Connection, SyncLog, SyncRun
from tenants.connections.presentation import (
    FIELD_LABELS,
    connection_facts,
    revenue_charts,
    sync_flow,
)
from tenants.connections.selectors import quality as quality_selectors
from tenants.connections.selectors import sync as selectors
from tenants.connections.services import connections as services
from tenants.connections.services import runs as run_services
from tenants.connections.wording import EVENT_LABELS, PROCESS_LABELS

FAILED_SHOWN = 20
RUNS_SHOWN = 10


@require_safe
def sync_status(request: ApiRequest) -> HttpResponse:
    """What goes where, what waits, and what needs somebody."""
    status = selectors.sync_status(actor=request.actor)
    running = status.last_reconciliation
    context = {
        "status": status,
        "flow": sync_flow(status),
        "facts": connection_facts(status),
        "running": running if running and running.status in SyncRun.OPEN else None,
        "runs": selectors.sync_runs(actor=request.actor)[:RUNS_SHOWN],
        "failed": selectors.failed_tasks(actor=request.actor)[:FAILED_SHOWN],
        "alerts": quality_selectors.open_alerts(actor=request.actor),
        "event_labels": EVENT_LABELS,
    }
    return render(request, "connections/sync.html", context)


@require_safe
def sync_progress(request: ApiRequest, run_id: UUID) -> HttpResponse:
    """The region of a run that asks for itself again until the run is over."""
    run = selectors.sync_run(actor=request.actor, run_id=run_id)
    return render(request, "connections/sync_progress.html", {"running": run})


@require_POST
def sync_reconcile(request: ApiRequest) -> HttpResponse:
    """Start a reconciliation."""
    authorize(request.actor, "connections.resolve")
    try:
        run_services.start_reconciliation(actor=request.actor)
    except AppError as error:
        messages.error(request, str(error.detail))
    else:
        messages.success(request, _("The reconciliation is under way."))
    return redirect("sync_status")


@require_http_methods(["GET", "POST"])
def connection_new(request: ApiRequest) -> HttpResponse:
    """Connect the billing system."""
    authorize(request.actor, "connections.write")
    form = ConnectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            connection = services.create_connection(actor=request.actor, **form.cleaned_data)
        except AppError as error:
            add_errors(form, error, {})
        else:
            return _checked(request, connection.pk)
    return _form_page(request, form, _("Connect the billing system"))


@require_http_methods(["GET", "POST"])
def connection_edit(request: ApiRequest, connection_id: UUID) -> HttpResponse:
    """Change name, address or credentials."""
    authorize(request.actor, "connections.write")
    connection = selectors.connection_by_id(actor=request.actor, connection_id=connection_id)
    initial = {"name": connection.name, "base_url": connection.base_url}
    form = ConnectionForm(request.POST or None, initial=initial, new=False)
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if value}
        try:
            services.update_connection(actor=request.actor, connection_id=connection_id, **given)
        except AppError as error:
            add_errors(form, error, {})
        else:
            return _checked(request, connection_id)
    return _form_page(request, form, connection.name)


def _form_page(request: ApiRequest, form: ConnectionForm, title: str) -> HttpResponse:
    above = [(_("Synchronisation"), reverse("sync_status"))]
    return form_page(request, "connections/connection_form.html", form, above=above, title=title)


@require_POST
def connection_check(request: ApiRequest, connection_id: UUID) -> HttpResponse:
    """Reach the system with the credentials."""
    return _checked(request, connection_id)


def _checked(request: ApiRequest, connection_id: UUID) -> HttpResponse:
    connection = services.check_connection(actor=request.actor, connection_id=connection_id)
    if connection.state == Connection.State.ATTENTION:
        messages.error(request, connection.problem)
    else:
        messages.success(request, _("The billing system answers."))
    return redirect("sync_status")


@require_POST
def connection_state(request: ApiRequest, connection_id: UUID) -> HttpResponse:
    """Pause or activate."""
    active = request.POST.get("active") == "1"
    services.update_connection(actor=request.actor, connection_id=connection_id, active=active)
    messages.success(request, _("It is active.") if active else _("It is paused."))
    return redirect("sync_status")


@require_POST
def connection_delete(request: ApiRequest, connection_id: UUID) -> HttpResponse:
    """Disconnect."""
    services.delete_connection(actor=request.actor, connection_id=connection_id)
    messages.success(request, _("The billing system is disconnected."))
    return redirect("sync_status")


@require_POST
def task_retry(request: ApiRequest, task_id: UUID) -> HttpResponse:
    """Send a failed change again."""
    services.retry_task(actor=request.actor, task_id=task_id)
    messages.success(request, _("It is sent again."))
    return redirect("sync_status")


@require_safe
def sync_logs(request: ApiRequest) -> HttpResponse:
    """What was synchronised, line by line."""
    status = request.GET.get("status", "")
    process = request.GET.get("process", "")
    found = selectors.sync_logs(
        actor=request.actor,
        status=status if status in SyncLog.Status.values else "",
        process=process[:100],
        site_id=request.GET.get("q", "").strip()[:20],
    )
    page = paginate(
        found, paging_of(request), orderings=("execution_date",), default="-execution_date"
    )
    context: dict[str, Any] = {
        "page": page,
        "statuses": SyncLog.Status.choices,
        "processes": PROCESS_LABELS,
        "field_labels": FIELD_LABELS,
        "filtered": any(request.GET.get(name) for name in ("q", "status", "process")),
        "crumbs": [(_("Synchronisation"), reverse("sync_status")), (_("Log"), None)],
    }
    return render(request, "connections/logs.html", context)


@require_safe
def weekly_performance(request: ApiRequest) -> HttpResponse:
    """Sites, revenue and billing impact by week."""
    weeks = quality_selectors.weekly_totals(actor=request.actor)
    context = {
        "weeks": weeks,
        "charts": revenue_charts(weeks),
        "form": WeekForm(),
        "crumbs": [(_("Synchronisation"), reverse("sync_status")), (_("By week"), None)],
    }
    return render(request, "connections/weekly.html", context)


@require_safe
def weekly_sites(request: ApiRequest, week: str) -> HttpResponse:
    """One week by site."""
    authorize(request.actor, "connections.read")
    try:
        week_start = date.fromisoformat(week)
    except ValueError as error:
        raise NotFound from error
    rows = quality_selectors.weekly_sites(actor=request.actor, first=week_start, last=week_start)
    page = paginate(rows, paging_of(request), orderings=("revenue",), default="-revenue")
    context = {
        "page": page,
        "week_start": week_start,
        "crumbs": [
            (_("Synchronisation"), reverse("sync_status")),
            (_("By week"), reverse("weekly_performance")),
            (week, None),
        ],
    }
    return render(request, "connections/week.html", context)


@require_POST
def weekly_start(request: ApiRequest) -> HttpResponse:
    """Add a week up again."""
    authorize(request.actor, "connections.resolve")
    form = WeekForm(request.POST)
    try:
        week = form.cleaned_data["week_start"] if form.is_valid() else None
        run_services.start_performance(actor=request.actor, week_start=week)
    except AppError as error:
        first = error.errors[0].message if error.errors else error.detail
        messages.error(request, str(first))
    else:
        messages.success(request, _("The week is being added up."))
    return redirect("weekly_performance")
