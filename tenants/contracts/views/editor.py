"""The guided editor: a new contract, changed terms, and the worked example beside them."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from billing.money import is_currency
from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import AppError, NotFound
from shared.kernel.forms import add_errors
from tenants.contracts import selectors, services
from tenants.contracts.example import work_example
from tenants.contracts.forms import ContractForm, ExampleForm, TermsDateForm, TermsEditor
from tenants.contracts.forms.contract import Data
from tenants.contracts.models import Contract, ContractType
from tenants.contracts.presentation import TYPE_ICONS, TYPE_TEXTS, example_lines
from tenants.sites.selectors import sites
from tenants.structure.selectors import default_entity, departments, legal_entities

CHOICES_MAX = 500


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
        **detail_choices(request),
        initial={
            "site_id": request.GET.get("site"),
            "effective_date": today().replace(day=1),
            "currency": _currency_at(request),
            "payment_terms_days": default_entity().payment_terms_days,
        },
    )
    editor = TermsEditor(contract_type, data=data)
    if _is_to_save(request, form, editor):
        try:
            contract = _create(request, form, editor)
        except AppError as error:
            show_errors(form, editor, error)
        else:
            messages.success(request, _("%(id)s was made as a draft.") % {"id": contract})
            return redirect("contract_detail", contract_id=contract.contract_id)
    context = editor_context(editor, data, _example_currency(data or form.initial))
    context.update(
        form=form,
        crumbs=[(_("Contracts"), reverse("contract_list")), (_("New contract"), None)],
        title=_("New contract"),
        submit_label=_("Save as draft"),
        cancel_url=reverse("contract_list"),
        change_type_url=reverse("contract_new"),
    )
    return render(request, "contracts/editor.html", context, status=status_of(form, editor))


def _currency_at(request: ApiRequest) -> str:
    """The currency of the site that the form was opened for; else that of the books."""
    site = sites(actor=request.actor).filter(site_id=request.GET.get("site", "")).first()
    return site.currency if site else default_entity().currency


def _choose_type(request: ApiRequest) -> HttpResponse:
    context = {
        "types": [
            (value, label, TYPE_TEXTS[ContractType(value)], TYPE_ICONS[ContractType(value)])
            for value, label in ContractType.choices
        ],
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
        terms=terms_of(editor),
        effective_date=data["effective_date"],
        end_date=data["end_date"],
        currency=data["currency"],
        payment_terms_days=data["payment_terms_days"],
        details=form.details,
    )


def contract_terms(request: ApiRequest, contract_id: str) -> HttpResponse:
    """Change the terms from a day on; the days before keep theirs."""
    authorize(request.actor, "contracts.write")
    contract = selectors.contract_by_code(actor=request.actor, contract_id=contract_id)
    present = selectors.current_terms(contract, today())
    data = request.POST if request.method == "POST" else None
    form = TermsDateForm(data, initial={"effective_date": _first_open_day(contract)})
    editor = TermsEditor(
        present.contract_type,
        data=data,
        configuration=present.billing_configuration,
        frequency=present.billing_frequency,
    )
    affected: object = None
    if _is_to_save(request, form, editor):
        try:
            services.change_terms(
                actor=request.actor,
                contract_id=contract_id,
                terms=terms_of(editor),
                **form.cleaned_data,
            )
        except AppError as error:
            show_errors(form, editor, error)
            affected = error.extra.get("invoices")
        else:
            messages.success(request, _("The new terms are recorded."))
            return redirect("contract_detail", contract_id=contract_id)
    detail_url = reverse("contract_detail", args=[contract_id])
    context = editor_context(editor, data, contract.currency)
    context.update(
        form=form,
        crumbs=[
            (_("Contracts"), reverse("contract_list")),
            (contract_id, detail_url),
            (_("Change terms"), None),
        ],
        title=_("Change terms"),
        site_name=contract.site.name,
        submit_label=_("Save new terms"),
        cancel_url=detail_url,
        affected=affected,
        what_if_url=reverse("contract_what_if", args=[contract_id]),
    )
    return render(request, "contracts/editor.html", context, status=status_of(form, editor))


def _is_to_save(request: ApiRequest, form: Form, editor: TermsEditor) -> bool:
    """Whether a valid form was sent to be saved, not just to see its worked example.

    Where only the form around the terms is wrong, their own problems are shown with its.
    """
    is_valid, can_be_read = form.is_valid(), editor.is_valid()
    if form.is_bound and can_be_read and not is_valid:
        try:
            services.check_terms(terms_of(editor))
        except AppError as error:
            show_errors(form, editor, error)
    return is_valid and can_be_read and request.POST.get("action") != "example"


def _first_open_day(contract: Contract) -> date:
    """The day from which terms can change: the next month's first, or the contract's own."""
    invoiced = contract.invoices.filter(kind="regular").exclude(document_status="void")
    last: date | None = invoiced.aggregate(last=Max("period_end"))["last"]
    if last is not None:
        return last + timedelta(days=1)
    next_month = (today().replace(day=1) + timedelta(days=32)).replace(day=1)
    return max(contract.effective_date, next_month)


@require_POST
def contract_example(request: ApiRequest) -> HttpResponse:
    """The worked example for what stands in the form just now."""
    authorize(request.actor, "contracts.read")
    contract_type = request.POST.get("contract_type", "")
    if contract_type not in ContractType.values:
        raise NotFound()
    editor = TermsEditor(contract_type, data=request.POST)
    context = editor_context(editor, request.POST, _example_currency(request.POST))
    return render(request, "contracts/example.html", context)


def terms_of(editor: TermsEditor) -> services.TermsInput:
    return services.TermsInput(
        contract_type=editor.contract_type,
        billing_configuration=editor.configuration(),
        billing_frequency=editor.frame.cleaned_data["billing_frequency"],
    )


def show_errors(form: Form, editor: TermsEditor, error: AppError) -> None:
    own = [problem for problem in error.errors if problem.field in form.fields]
    rest = [problem for problem in error.errors if problem.field not in form.fields]
    for problem in own:
        form.add_error(problem.field, str(problem.message))
    if rest:
        editor.add_errors(rest)
    if not error.errors:
        add_errors(form, error, {})


def _example_currency(values: Mapping[str, Any]) -> str:
    """What is chosen just now, where that is a currency."""
    currency = str(values.get("currency", ""))
    return currency if is_currency(currency) else default_entity().currency


def editor_context(editor: TermsEditor, data: Data, currency: str) -> dict[str, Any]:
    contract_type = ContractType(editor.contract_type)
    form = ExampleForm(data, contract_type=contract_type)
    context: dict[str, Any] = {
        "editor": editor,
        "contract_type": contract_type,
        "type_label": contract_type.label,
        "type_text": TYPE_TEXTS[contract_type],
        "example_form": form,
        "currency": currency,
    }
    if data is not None and all([form.is_valid(), editor.is_valid()]):
        example = work_example(
            contract_type,
            editor.configuration(),
            form.billing_data(),
            frequency=editor.frame.cleaned_data["billing_frequency"],
            currency=currency,
        )
        context.update(
            example=example,
            example_lines=example_lines(example),
            example_problems=editor.name_problems(example.problems),
        )
    return context


def status_of(form: Form, editor: TermsEditor) -> int:
    return 422 if form.errors or any(part.errors for part in editor.forms) else 200


def _site_choices(request: ApiRequest) -> list[tuple[str, str]]:
    found = sites(actor=request.actor).filter(is_active=True)[:CHOICES_MAX]
    return [(site.site_id, f"{site.name} · {site.site_id}") for site in found]


def detail_choices(request: ApiRequest) -> dict[str, Any]:
    """The companies and open departments that a contract can be given to."""
    return {
        "entities": legal_entities(actor=request.actor)[:CHOICES_MAX],
        "departments": departments(actor=request.actor).filter(is_active=True)[:CHOICES_MAX],
    }
