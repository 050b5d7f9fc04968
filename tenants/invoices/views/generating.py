"""The page of a new invoice: choose, see the invoice before it exists, then make it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import AppError, NotFound
from shared.kernel.forms import add_errors
from tenants.contracts.models import Contract
from tenants.contracts.selectors import contract_by_code, current_terms, search_contracts
from tenants.invoices import selectors, services
from tenants.invoices.calculation import Calculation
from tenants.invoices.dating import usual_date
from tenants.invoices.forms import last_full_month
from tenants.invoices.generate_form import GenerateForm, next_period
from tenants.invoices.presentation import checks_of, checks_score, lines_of, totals_of

CHOICES_MAX = 500


def generate(request: ApiRequest) -> HttpResponse:
    """Preview and make an invoice; it is made only as it was previewed."""
    authorize(request.actor, "invoices.generate")
    form, contracts = _form(request)
    calculation = None
    changed = False
    if request.method == "POST" and form.is_valid():
        action = request.POST.get("action", "preview")
        try:
            calculation = services.preview_invoice(**_generation(request, form))
            changed = action != "preview" and request.POST.get("seen") != _fingerprint(calculation)
            if action != "preview" and not changed:
                return _generated(request, form, issue=action == "issue")
        except AppError as error:
            calculation = None
            add_errors(form, error, form.service_fields)
    context: dict[str, Any] = {
        "form": form,
        "has_contracts": bool(contracts),
        "crumbs": [(_("Invoices"), reverse("invoice_list")), (_("New invoice"), None)],
        "changed": changed,
    }
    if calculation is not None:
        context.update(_preview(calculation))
    return render(request, "invoices/generate.html", context, status=422 if form.errors else 200)


def _form(request: ApiRequest) -> tuple[GenerateForm, list[tuple[str, str]]]:
    """The form for the contract that is chosen, with the period that is next to bill."""
    contracts = _contract_choices(request)
    data = request.POST if request.method == "POST" else None
    given = request.POST if data is not None else request.GET
    chosen = given.get("contract_id") or given.get("contract") or ""
    if not chosen and len(contracts) == 1:
        chosen = contracts[0][0]
    contract = _contract(request, chosen)
    period = last_full_month()
    if contract is not None:
        billed_to = selectors.billed_to(contract.pk)
        period = next_period(contract, current_terms(contract, today()), billed_to)
    initial: dict[str, Any] = {
        **request.GET.dict(),  # typed before another contract was chosen
        "contract_id": chosen,
        "start_date": given.get("start_date") or period.start_date,
        "end_date": given.get("end_date") or period.end_date,
    }
    return GenerateForm(data, contracts=contracts, contract=contract, initial=initial), contracts


def _contract(request: ApiRequest, contract_id: str) -> Contract | None:
    try:
        return contract_by_code(actor=request.actor, contract_id=contract_id)
    except NotFound:
        return None


def _preview(calculation: Calculation) -> dict[str, Any]:
    contract = calculation.context.contract
    live = selectors.live_invoices_of([contract.pk], calculation.period).get(contract.pk)
    return {
        "calculation": calculation,
        "lines": lines_of(calculation),
        "totals": totals_of(calculation),
        "checks": checks_of(calculation),
        "score": checks_score(calculation),
        "seen": _fingerprint(calculation),
        "billed_by": live,
        "may_make": live is None and not calculation.blocking_checks,
    }


def _fingerprint(calculation: Calculation) -> str:
    """What a reader has seen: the inputs, the period and the total."""
    period = calculation.period
    return f"{calculation.inputs_digest}:{period.start_date}:{period.end_date}:" + str(
        calculation.totals.total
    )


def _generation(request: ApiRequest, form: GenerateForm) -> dict[str, Any]:
    contract = contract_by_code(actor=request.actor, contract_id=form.cleaned_data["contract_id"])
    return {
        "actor": request.actor,
        "site_id": contract.site.site_id,
        "contract_id": contract.contract_id,
        "period": form.period,
        "billing_data": form.billing_data,
        "invoice_date": form.cleaned_data["invoice_date"] or usual_date(form.period),
    }


def _generated(request: ApiRequest, form: GenerateForm, *, issue: bool) -> HttpResponse:
    generated = services.generate_invoice(**_generation(request, form), issue=issue)
    invoice = generated.invoice
    if generated.created:
        text = _("%(id)s was issued.") if issue else _("%(id)s was made; issue it when ready.")
    else:
        text = _("%(id)s bills exactly this already.")
    messages.success(request, text % {"id": invoice})
    return redirect("invoice_detail", invoice_id=invoice.invoice_id)


def _contract_choices(request: ApiRequest) -> list[tuple[str, str]]:
    found = search_contracts(actor=request.actor).exclude(status="draft")[:CHOICES_MAX]
    return [
        (contract.contract_id, f"{contract.site.name} · {contract.contract_id}")
        for contract in found
    ]
