"""Pages of billing runs: preview and start one, follow it, see what became of each contract."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import Paging, paginate
from shared.kernel.authorisation import authorize
from shared.kernel.formats import format_day
from tenants.invoices import services
from tenants.invoices.forms import RunForm, last_full_month
from tenants.invoices.models import BillingRun, BillingRunItem
from tenants.invoices.selectors import runs as selectors
from tenants.invoices.services.run_preview import CONTRACTS_MAX, preview_run

RUNS_SHOWN = 24
ROWS_A_PAGE = 50
REGION = "run-progress"


def billing_runs(request: ApiRequest) -> HttpResponse:
    """Choose a month, see what its run would make, start it; the runs so far."""
    asked = request.POST if request.method == "POST" else request.GET
    is_asked = "month" in asked
    form = RunForm(asked if is_asked else None, initial=RunForm.initial_of(last_full_month()))
    is_valid = is_asked and form.is_valid()
    if request.method == "POST" and is_valid:
        run = services.start_run(
            actor=request.actor, period=form.cleaned_data["month"], issue=form.cleaned_data["issue"]
        )
        messages.success(request, _("The run was started. You may leave this page."))
        return redirect("billing_run_detail", run_id=run.pk)
    authorize(request.actor, "invoices.generate")
    month = form.cleaned_data["month"] if is_valid else last_full_month()
    found = selectors.billing_runs(actor=request.actor)[:RUNS_SHOWN]
    context = {
        "form": form,
        "start_form": RunForm(initial=RunForm.initial_of(month)),
        "month_value": f"{month.start_date:%Y-%m}",
        "month_name": _month_name(month.start_date),
        "preview": preview_run(actor=request.actor, period=month) if is_valid else None,
        "contracts_max": CONTRACTS_MAX,
        "runs": [(run, _month_name(run.period_start)) for run in found],
        "crumbs": [(_("Invoices"), reverse("invoice_list")), (_("Billing runs"), None)],
    }
    return render(request, "invoices/runs.html", context, status=422 if form.errors else 200)


@require_safe
def billing_run_detail(request: ApiRequest, run_id: UUID) -> HttpResponse:
    """One run: how far it is, and what became of each contract."""
    run = selectors.billing_run(actor=request.actor, run_id=run_id)
    progress = selectors.run_progress(run)
    status = request.GET.get("status", "")
    page = paginate(
        selectors.run_items(run, status=status),
        Paging(limit=ROWS_A_PAGE, cursor=request.GET.get("cursor") or None, ordering=None),
        orderings=("contract_code",),
        default="contract_code",
    )
    month_name = _month_name(run.period_start)
    context = {
        "run": run,
        "running": run.status == BillingRun.Status.RUNNING,
        "progress": progress,
        "page": page,
        "tabs": _tabs(progress),
        "current_tab": f"?status={status}" if status else "?",
        "month_name": month_name,
        "month_value": f"{run.period_start:%Y-%m}",
        "region_url": request.get_full_path(),
        "crumbs": [
            (_("Invoices"), reverse("invoice_list")),
            (_("Billing runs"), reverse("billing_runs")),
            (month_name, None),
        ],
    }
    asks_region = request.headers.get("HX-Target") == REGION
    template = "invoices/run_progress.html" if asks_region else "invoices/run.html"
    return render(request, template, context)


def _tabs(progress: selectors.RunProgress) -> list[dict[str, Any]]:
    """All contracts, then those of each outcome that there are any of."""
    outcomes = [
        {"label": label, "url": f"?status={value}", "count": getattr(progress, value)}
        for value, label in BillingRunItem.Status.choices
        if getattr(progress, value)
    ]
    return [{"label": _("All"), "url": "?", "count": progress.total}, *outcomes]


def _month_name(first: date) -> str:
    return format_day(first, "month", language=get_language())
