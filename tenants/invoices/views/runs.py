"""Pages of billing runs: preview and start one, follow it, see what became of each contract."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from shared.kernel.formats import format_day, format_period
from shared.kernel.forms import add_errors
from tenants.contracts.models import BillingFrequency, ContractType
from tenants.invoices import services
from tenants.invoices.corrections import CORRECTIONS
from tenants.invoices.explanation import check_text
from tenants.invoices.fixing import Fix, fix_for
from tenants.invoices.forms import last_full_month
from tenants.invoices.models import BillingRun, BillingRunItem, ErrorKind
from tenants.invoices.run_filters import RunFilters
from tenants.invoices.run_forms import RunForm
from tenants.invoices.selectors import runs as selectors
from tenants.invoices.services.run_preview import CONTRACTS_MAX, preview_run
from tenants.structure.models import LegalEntity
from tenants.structure.selectors import legal_entities

RUNS_SHOWN = 24
ROWS_A_PAGE = 50
REGION = "run-progress"
WARNED_TAB = "?warned=1"


def billing_runs(request: ApiRequest) -> HttpResponse:
    """Choose a month and contracts, see what the run would make, start it; the runs so far."""
    authorize(request.actor, "invoices.generate")
    asked = request.POST if request.method == "POST" else request.GET
    is_asked = "month" in asked
    entities = list(legal_entities(actor=request.actor))
    initial = RunForm.initial_of(last_full_month())
    form = RunForm(asked if is_asked else None, initial=initial, entities=entities)
    preview = None
    if is_asked and form.is_valid():
        try:
            if request.method == "POST":
                return _started(request, form)
            preview = preview_run(
                actor=request.actor, period=form.cleaned_data["month"], filters=form.filters
            )
        except AppError as error:
            add_errors(form, error, {})
    month = form.cleaned_data["month"] if preview else last_full_month()
    found = selectors.billing_runs(actor=request.actor)[:RUNS_SHOWN]
    context = {
        "form": form,
        "start_form": RunForm(initial=RunForm.initial_of(month), entities=entities),
        "has_entities": len(entities) > 1,
        "month_value": f"{month.start_date:%Y-%m}",
        "month_name": _month_name(month.start_date),
        "preview": preview,
        "contracts_max": CONTRACTS_MAX,
        "runs": [(run, _period_name(run)) for run in found],
        "tabs": run_tabs(),
    }
    return render(request, "invoices/runs.html", context, status=422 if form.errors else 200)


def run_tabs() -> list[dict[str, Any]]:
    """Runs, and the schedules that start them."""
    return [
        {"label": _("Runs"), "url": reverse("billing_runs")},
        {"label": _("Schedules"), "url": reverse("billing_schedules")},
    ]


def _started(request: ApiRequest, form: RunForm) -> HttpResponse:
    run = services.start_run(
        actor=request.actor,
        period=form.cleaned_data["month"],
        issue=form.cleaned_data["issue"],
        filters=form.filters,
        auto_distribute=form.cleaned_data["auto_distribute"],
        hold_warned=form.cleaned_data["hold_warned"],
    )
    messages.success(request, _("The run was started. You may leave this page."))
    return redirect("billing_run_detail", run_id=run.pk)


@require_safe
def billing_run_detail(request: ApiRequest, run_id: UUID) -> HttpResponse:
    """One run: how far it is, and what became of each contract."""
    run = selectors.billing_run(actor=request.actor, run_id=run_id)
    progress = selectors.run_progress(run)
    status, kind = request.GET.get("status", ""), request.GET.get("error_kind", "")
    warned = "warned" in request.GET
    page = paginate(
        selectors.run_items(run, status=status, error_kind=kind, warned=warned),
        paging_of(request, limit=ROWS_A_PAGE),
        orderings=("contract_code",),
        default="contract_code",
    )
    name = _period_name(run)
    running = run.status == BillingRun.Status.RUNNING
    errors = selectors.error_counts(run)
    context = {
        "run": run,
        "running": running,
        "progress": progress,
        "totals": selectors.run_totals(run),
        "page": page,
        "rows": [(item, _fix(item), _corrected(item), _warned(item)) for item in page.items],
        "tabs": _tabs(progress, errors, selectors.warned_count(run)),
        "current_tab": WARNED_TAB if warned else _current_tab(status, kind),
        "may_retry": not running
        and (progress.failed or errors.get(ErrorKind.DISTRIBUTION))
        and request.actor.may("invoices.generate"),
        "month_name": name,
        "month_value": f"{run.period_start:%Y-%m}",
        "filter_texts": filter_texts(RunFilters.of_json(run.filters)),
        "region_url": request.get_full_path(),
        "crumbs": [(_("Billing runs"), reverse("billing_runs")), (name, None)],
    }
    asks_region = request.headers.get("HX-Target") == REGION
    template = "invoices/run_progress.html" if asks_region else "invoices/run.html"
    response = render(request, template, context)
    if asks_region and not running:
        response["HX-Refresh"] = "true"  # what can be done now stands outside the region
    return response


@require_POST
def billing_run_retry(request: ApiRequest, run_id: UUID) -> HttpResponse:
    """Bill again what failed, and nothing else."""
    services.retry_failed(actor=request.actor, run_id=run_id)
    messages.success(request, _("What failed is tried again."))
    return redirect("billing_run_detail", run_id=run_id)


def filter_texts(filters: RunFilters) -> list[tuple[str, str]]:
    """What a run or a schedule was narrowed to, in words."""
    entities = LegalEntity.objects.filter(pk__in=filters.entity_ids) if filters.entity_ids else ()
    texts = {
        _("Contract types"): [str(ContractType(one).label) for one in filters.contract_types],
        _("Billing frequency"): [str(BillingFrequency(one).label) for one in filters.frequencies],
        _("Billing companies"): [one.name for one in entities],
        _("Sites"): filters.site_ids,
        _("Contracts"): filters.contract_ids,
    }
    return [(label, ", ".join(values)) for label, values in texts.items() if values]


def _fix(item: BillingRunItem) -> Fix | None:
    if item.status != BillingRunItem.Status.FAILED:
        return None
    return fix_for(item.contract, field=item.field, code=item.code)


def _corrected(item: BillingRunItem) -> list[Any]:
    """What was put right by itself, in words."""
    return [CORRECTIONS[name].label for name in item.corrections if name in CORRECTIONS]


def _warned(item: BillingRunItem) -> list[str]:
    """The checks that its invoice failed without being stopped, in words."""
    currency = item.invoice.currency if item.invoice else ""
    return [check_text(one, currency) for one in item.warnings]


def _current_tab(status: str, kind: str) -> str:
    if kind:
        return f"?error_kind={kind}"
    return f"?status={status}" if status else "?"


def _tabs(
    progress: selectors.RunProgress, errors: Mapping[str, int], warned: int
) -> list[dict[str, Any]]:
    """All contracts, then those of each outcome and of each kind of error that there are any of."""
    outcomes = [
        {"label": label, "url": f"?status={value}", "count": getattr(progress, value)}
        for value, label in BillingRunItem.Status.choices
        if getattr(progress, value)
    ]
    kinds = [
        {"label": label, "url": f"?error_kind={value}", "count": errors[value]}
        for value, label in ErrorKind.choices
        if value in errors
    ]
    if warned:
        outcomes.append({"label": _("With warnings"), "url": WARNED_TAB, "count": warned})
    return [{"label": _("All"), "url": "?", "count": progress.total}, *outcomes, *kinds]


def _period_name(run: BillingRun) -> str:
    """The month of a run, or its first and last month."""
    return format_period(
        run.period_start, run.period_end + timedelta(days=1), language=get_language()
    )


def _month_name(first: date) -> str:
    return format_day(first, "month", language=get_language())
