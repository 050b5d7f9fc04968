"""Pages of contracts: list, guided editor with a worked example, one contract."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import AppError, NotFound
from shared.kernel.forms import add_errors
from tenants.contracts import selectors, services
from tenants.contracts.example import work_example
from tenants.contracts.forms import ContractForm, ExampleForm, TermsDateForm, TermsEditor
from tenants.contracts.models import Contract, ContractType
from tenants.contracts.presentation import TYPE_TEXTS, example_lines, terms_timeline
from tenants.sites.selectors import sites

CHOICES_MAX = 500
CONTRACT_FIELDS = ("site_id", "effective_date", "end_date", "payment_terms_days")


@require_safe
def contract_list(request: ApiRequest) -> HttpResponse:
    """All contracts by id."""
    found = selectors.search_contracts(
        actor=request.actor,
        text=request.GET.get("q", "")[:100],
        status=request.GET.get("status", ""),
        contract_type=request.GET.get("type", ""),
    )
    page = paginate(
        found,
        paging_of(request),
        orderings=("contract_id", "effective_date"),
        default="contract_id",
    )
    rows = [(row, selectors.current_terms(row, today())) for row in page.items]
    context = {
        "rows": rows,
        "page": page,
        "statuses": Contract.Status.choices,
        "types": ContractType.choices,
    }
    return render(request, "contracts/list.html", context)


def contract_new(request: ApiRequest) -> HttpResponse:
    """Choose a type, then fill its form beside a worked example."""
    authorize(request.actor, "contracts.write")
    given = request.POST if request.method == "POST" else request.GET
    contract_type = given.get("contract_type", "")
    if contract_type not in ContractType.values:
        return _choose_type(request)
    data = request.POST if request.method == "POST" else None
    form = ContractForm(
        data,
        sites=_site_choices(request),
        initial={"site_id": request.GET.get("site"), "effective_date": today().replace(day=1)},
    )
    editor = TermsEditor(contract_type, data=data)
    example = ExampleForm(data)
    if data is not None and all([form.is_valid(), editor.is_valid()]):
        try:
            contract = _create(request, form, editor)
        except AppError as error:
            _show_errors(form, editor, error)
        else:
            messages.success(request, _("%(id)s was made as a draft.") % {"id": contract})
            return redirect("contract_detail", contract_id=contract.contract_id)
    context = _editor_context(editor, example)
    context.update(
        form=form,
        crumbs=[(_("Contracts"), reverse("contract_list")), (_("New contract"), None)],
        title=_("New contract"),
        cancel_url=reverse("contract_list"),
        change_type_url=reverse("contract_new"),
    )
    return render(request, "contracts/editor.html", context, status=_status(form, editor))


def _choose_type(request: ApiRequest) -> HttpResponse:
    context = {
        "types": [(value, label, TYPE_TEXTS[value]) for value, label in ContractType.choices],
        "crumbs": [(_("Contracts"), reverse("contract_list")), (_("New contract"), None)],
        "site": request.GET.get("site", ""),
        "has_sites": sites(actor=request.actor).exists(),
    }
    return render(request, "contracts/choose_type.html", context)


def _create(request: ApiRequest, form: ContractForm, editor: TermsEditor) -> Contract:
    data = form.cleaned_data
    return services.create_contract(
        actor=request.actor,
        site_id=data["site_id"],
        terms=_terms(editor),
        effective_date=data["effective_date"],
        end_date=data["end_date"],
        payment_terms_days=data["payment_terms_days"],
    )


def contract_terms(request: ApiRequest, contract_id: str) -> HttpResponse:
    """Change the terms from a day on; the days before keep theirs."""
    authorize(request.actor, "contracts.write")
    contract = selectors.contract_by_code(actor=request.actor, contract_id=contract_id)
    present = selectors.current_terms(contract, today())
    data = request.POST if request.method == "POST" else None
    form = TermsDateForm(data)
    editor = TermsEditor(
        present.contract_type,
        data=data,
        configuration=present.billing_configuration,
        frequency=present.billing_frequency,
    )
    if data is not None and all([form.is_valid(), editor.is_valid()]):
        try:
            services.change_terms(
                actor=request.actor,
                contract_id=contract_id,
                terms=_terms(editor),
                effective_date=form.cleaned_data["effective_date"],
            )
        except AppError as error:
            _show_errors(form, editor, error)
        else:
            messages.success(request, _("The new terms are recorded."))
            return redirect("contract_detail", contract_id=contract_id)
    detail_url = reverse("contract_detail", args=[contract_id])
    context = _editor_context(editor, ExampleForm(data))
    context.update(
        form=form,
        crumbs=[
            (_("Contracts"), reverse("contract_list")),
            (contract_id, detail_url),
            (_("Change terms"), None),
        ],
        title=_("Change terms"),
        cancel_url=detail_url,
    )
    return render(request, "contracts/editor.html", context, status=_status(form, editor))


@require_POST
def contract_example(request: ApiRequest) -> HttpResponse:
    """The worked example for what stands in the form just now."""
    authorize(request.actor, "contracts.read")
    contract_type = request.POST.get("contract_type", "")
    if contract_type not in ContractType.values:
        raise NotFound()
    editor = TermsEditor(contract_type, data=request.POST)
    context = _editor_context(editor, ExampleForm(request.POST))
    return render(request, "contracts/example.html", context)


@require_safe
def contract_detail(request: ApiRequest, contract_id: str) -> HttpResponse:
    """One contract: its terms by date, and what was billed under them."""
    contract = selectors.contract_by_code(actor=request.actor, contract_id=contract_id)
    terms = selectors.current_terms(contract, today())
    invoices = contract.invoices.order_by("-invoice_date", "-pk").defer("parties")
    context = {
        "contract": contract,
        "terms": terms,
        "facts": [
            (_("Site"), contract.site.name),
            (_("Customer"), contract.site.customer.name),
            (_("Type"), terms.get_contract_type_display()),
            (_("Billed"), terms.get_billing_frequency_display()),
            (_("Payment terms"), _("%(days)s days") % {"days": contract.payment_terms_days}),
            (_("Currency"), contract.currency),
        ],
        "timeline": terms_timeline(contract, today()),
        "invoices": invoices[:12] if request.actor.may("invoices.read") else [],
        "crumbs": [(_("Contracts"), reverse("contract_list")), (contract_id, None)],
    }
    return render(request, "contracts/detail.html", context)


@require_POST
def contract_activate(request: ApiRequest, contract_id: str) -> HttpResponse:
    """Put a draft in force."""
    services.activate_contract(actor=request.actor, contract_id=contract_id)
    messages.success(request, _("%(id)s is in force.") % {"id": contract_id})
    return redirect("contract_detail", contract_id=contract_id)


def _terms(editor: TermsEditor) -> services.TermsInput:
    return services.TermsInput(
        contract_type=editor.contract_type,
        billing_configuration=editor.configuration(),
        billing_frequency=editor.frame.cleaned_data["billing_frequency"],
    )


def _show_errors(form: Any, editor: TermsEditor, error: AppError) -> None:
    own = [problem for problem in error.errors if problem.field in form.fields]
    rest = [problem for problem in error.errors if problem.field not in form.fields]
    for problem in own:
        form.add_error(problem.field, str(problem.message))
    if rest:
        editor.add_errors(rest)
    if not error.errors:
        add_errors(form, error, {})


def _editor_context(editor: TermsEditor, example_form: ExampleForm) -> dict[str, Any]:
    context: dict[str, Any] = {
        "editor": editor,
        "contract_type": editor.contract_type,
        "type_label": ContractType(editor.contract_type).label,
        "type_text": TYPE_TEXTS[editor.contract_type],
        "example_form": example_form,
        "component_types": [
            (value, label, value in dict(editor.parts))
            for value, label in ContractType.choices
            if value != ContractType.HYBRID
        ],
    }
    if example_form.is_bound and example_form.is_valid() and editor.is_valid():
        example = work_example(
            editor.contract_type,
            editor.configuration(),
            example_form.billing_data(),
            frequency=editor.frame.cleaned_data["billing_frequency"],
        )
        context.update(example=example, example_lines=example_lines(example))
    return context


def _status(form: Any, editor: TermsEditor) -> int:
    return 422 if form.errors or any(part.errors for part in editor.forms) else 200


def _site_choices(request: ApiRequest) -> list[tuple[str, str]]:
    found = sites(actor=request.actor).filter(is_active=True)[:CHOICES_MAX]
    return [(site.site_id, f"{site.name} · {site.site_id}") for site in found]
