"""Pages of statement runs: choose, preview and start one, follow it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing.periods import Period
from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors
from tenants.statements import services
from tenants.statements.forms import ORDER_FIELDS, RunForm
from tenants.statements.models import StatementRun
from tenants.statements.presentation import period_name, run_name, run_tabs, warnings_of
from tenants.statements.selectors import runs as selectors
from tenants.statements.selectors.accounts import accounts_of, customers_by_name
from tenants.statements.selectors.warnings import period_warnings

RUNS_SHOWN = 24
ROWS_A_PAGE = 50
REGION = "statement-run-progress"


def statement_runs(request: ApiRequest) -> HttpResponse:
    """Choose a period, see how many statements that makes, start; the runs so far."""
    authorize(request.actor, "statements.generate")
    is_asked = request.method == "POST"
    only_preview = "preview" in request.POST
    initial = {"month": RunForm.initial_month()}
    form = RunForm(request.POST) if is_asked else RunForm(initial=initial)
    is_valid = is_asked and form.is_valid()
    if is_valid and not only_preview:
        try:
            run = services.start_run(actor=request.actor, order=form.order)
        except AppError as error:
            add_errors(form, error, ORDER_FIELDS)
        else:
            messages.success(request, _("The run was started. You may leave this page."))
            return redirect("statement_run_detail", run_id=run.pk)
    found = selectors.statement_runs(actor=request.actor)[:RUNS_SHOWN]
    context = {
        "form": form,
        "preview": _preview(form) if is_valid and only_preview else None,
        "runs": [(run, run_name(run), selectors.run_progress(run)) for run in found],
        "crumbs": [(_("Statements"), reverse("statement_list")), (_("Make statements"), None)],
    }
    return render(request, "statements/runs.html", context, status=422 if form.errors else 200)


def _preview(form: RunForm) -> dict[str, Any]:
    """How many accounts the run would look at, and what the period lacks."""
    order = form.order
    period: Period = order.period
    customers = customers_by_name(order.customer_ids)
    accounts = accounts_of(
        period, contract_types=order.contract_types, customer_ids=list(customers.values())
    )
    return {
        "accounts": len(accounts),
        "customers": len({account.customer_id for account, _segment in accounts}),
        "period": period_name(period.start_date, period.end_date),
        "warnings": warnings_of(period_warnings(period)),
    }


@require_safe
def statement_run_detail(request: ApiRequest, run_id: UUID) -> HttpResponse:
    """One run: how far and how fast it is, and what became of each account."""
    run = selectors.statement_run(actor=request.actor, run_id=run_id)
    progress = selectors.run_progress(run)
    status = request.GET.get("status", "")
    page = paginate(
        selectors.run_items(actor=request.actor, run=run, status=status),
        paging_of(request, limit=ROWS_A_PAGE),
        orderings=("id",),
        default="id",
    )
    context = {
        "run": run,
        "running": run.status != StatementRun.Status.DONE,
        "progress": progress,
        "page": page,
        "tabs": run_tabs(progress),
        "current_tab": f"?status={status}" if status else "?",
        "name": run_name(run),
        "warnings": warnings_of(run.warnings),
        "region_url": request.get_full_path(),
        "crumbs": [
            (_("Statements"), reverse("statement_list")),
            (_("Make statements"), reverse("statement_runs")),
            (run_name(run), None),
        ],
    }
    asks_region = request.headers.get("HX-Target") == REGION
    template = "statements/run_progress.html" if asks_region else "statements/run.html"
    response = render(request, template, context)
    if asks_region and not context["running"]:
        response["HX-Refresh"] = "true"  # what can be done now stands outside the region
    return response


@require_POST
def statement_run_retry(request: ApiRequest, run_id: UUID) -> HttpResponse:
    """Try again what failed."""
    services.retry_failed(actor=request.actor, run_id=run_id)
    messages.success(request, _("The failed statements are tried again."))
    return redirect("statement_run_detail", run_id=run_id)
