"""What is agreed around the terms: details, renewal, end, signatures, adjustments."""

from collections.abc import Callable

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors, form_page
from tenants.contracts import selectors, services
from tenants.contracts.forms import (
    AdjustmentForm,
    DecisionForm,
    EditForm,
    RenewForm,
    SignatureForm,
    TerminateForm,
)
from tenants.contracts.views.editor import detail_choices


def contract_edit(request: ApiRequest, contract_id: str) -> HttpResponse:
    """Change what stands around the terms."""
    authorize(request.actor, "contracts.write")
    contract = selectors.contract_by_code(actor=request.actor, contract_id=contract_id)
    form = EditForm(
        request.POST or None, initial=EditForm.initial_of(contract), **detail_choices(request)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.update_contract(
                actor=request.actor, contract_id=contract_id, changes=form.changes
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("Saved."))
            return redirect("contract_detail", contract_id=contract_id)
    detail_url = reverse("contract_detail", args=[contract_id])
    above = [(_("Contracts"), reverse("contract_list")), (contract_id, detail_url)]
    return form_page(request, "contracts/edit.html", form, above=above, sub=contract.site.name)


@require_POST
def contract_renew(request: ApiRequest, contract_id: str) -> HttpResponse:
    """Go on for a further term."""
    authorize(request.actor, "contracts.activate")
    form = RenewForm(request.POST)

    def renew() -> str:
        services.renew_contract(
            actor=request.actor,
            contract_id=contract_id,
            ends_on=form.cleaned_data["end_date"],
            reason=form.cleaned_data["reason"],
        )
        return _("%(id)s is renewed.") % {"id": contract_id}

    return _carry_out(request, contract_id, form, renew)


@require_POST
def contract_terminate(request: ApiRequest, contract_id: str) -> HttpResponse:
    """End a contract on a day."""
    authorize(request.actor, "contracts.write")
    form = TerminateForm(request.POST)

    def terminate() -> str:
        services.terminate_contract(
            actor=request.actor, contract_id=contract_id, last_day=form.cleaned_data["end_date"]
        )
        return _("%(id)s is terminated.") % {"id": contract_id}

    return _carry_out(request, contract_id, form, terminate)


@require_POST
def contract_sign(request: ApiRequest, contract_id: str) -> HttpResponse:
    """Record who signed the text as it reads now."""
    authorize(request.actor, "contracts.activate")
    form = SignatureForm(request.POST)

    def sign() -> str:
        data = form.cleaned_data
        services.record_signature(
            actor=request.actor,
            contract_id=contract_id,
            signer=services.Signer(data["signer_name"], data["signer_email"], data["signer_title"]),
            document_sha256=data["document_sha256"],
        )
        return _("The signature is recorded.")

    return _carry_out(request, contract_id, form, sign)


@require_POST
def adjustment_propose(request: ApiRequest, contract_id: str) -> HttpResponse:
    """Propose an amount beside the terms."""
    authorize(request.actor, "contracts.write")
    form = AdjustmentForm(request.POST)

    def propose() -> str:
        services.propose_adjustment(
            actor=request.actor, contract_id=contract_id, **form.cleaned_data
        )
        return _("Proposed. Somebody else approves it before it is billed.")

    return _carry_out(request, contract_id, form, propose)


def adjustment_decide(request: ApiRequest, contract_id: str, adjustment_id: str) -> HttpResponse:
    """Approve or reject what somebody else proposed."""
    authorize(request.actor, "contracts.approve")
    contract = selectors.contract_by_code(actor=request.actor, contract_id=contract_id)
    adjustment = selectors.adjustment_by_code(
        actor=request.actor, contract_id=contract_id, adjustment_id=adjustment_id
    )
    form = DecisionForm(request.POST or None)
    affected: object = None
    if request.method == "POST" and form.is_valid():
        try:
            message = _decide(request, contract_id, adjustment_id, form.cleaned_data["note"])
        except AppError as error:
            add_errors(form, error, {"valid_from": "note"})
            affected = error.extra.get("invoices")
        else:
            messages.success(request, message)
            return redirect("contract_detail", contract_id=contract_id)
    detail_url = reverse("contract_detail", args=[contract_id])
    context = {
        "form": form,
        "contract": contract,
        "adjustment": adjustment,
        "affected": affected,
        "is_own": services.is_proposer(request.actor, adjustment),
        "cancel_url": detail_url,
        "crumbs": [
            (_("Contracts"), reverse("contract_list")),
            (contract_id, detail_url),
            (adjustment_id, None),
        ],
    }
    return render(request, "contracts/adjustment.html", context, status=422 if form.errors else 200)


def _decide(request: ApiRequest, contract_id: str, adjustment_id: str, note: str) -> str:
    if request.POST.get("action") == "reject":
        services.reject_adjustment(
            actor=request.actor, contract_id=contract_id, adjustment_id=adjustment_id, note=note
        )
        return _("The adjustment is rejected.")
    services.approve_adjustment(
        actor=request.actor,
        contract_id=contract_id,
        adjustment_id=adjustment_id,
        note=note,
        allow_invoiced=request.POST.get("action") == "approve_all",
    )
    return _("The adjustment is approved.")


def _carry_out(
    request: ApiRequest, contract_id: str, form: Form, act: Callable[[], str]
) -> HttpResponse:
    """Do it and go back to the contract, with what became of it."""
    if form.is_valid():
        try:
            messages.success(request, act())
        except AppError as error:
            add_errors(form, error, {})
    for name, problems in form.errors.items():
        label = "" if name == "__all__" else f"{form.fields[name].label}: "
        messages.error(request, f"{label}{' '.join(str(one) for one in problems)}")
    return redirect("contract_detail", contract_id=contract_id)
