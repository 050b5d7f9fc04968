"""Settings, Taxes: the built-in table, own taxes over it, and what is left untaxed."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from billing.tax import TAX_TABLE
from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize_form
from shared.kernel.clock import today
from shared.kernel.errors import AppError, NotFound
from shared.kernel.forms import add_errors
from shared.kernel.tax_names import tax_name
from tenants.structure import selectors, services
from tenants.structure.forms import TaxExclusionForm, TaxRuleForm
from tenants.structure.presentation import LINE_NAMES, exclusion_lines

ROWS_SHOWN = 500


def taxes(request: ApiRequest) -> HttpResponse:
    """See every tax in force, add rules and exclusions, take them away."""
    authorize_form(request, see="organisation.read", change="organisation.write")
    action = request.POST.get("action", "") if request.method == "POST" else ""
    rule_form = TaxRuleForm(request.POST if action == "add_rule" else None, auto_id="rule_%s")
    exclusion_form = TaxExclusionForm(
        request.POST if action == "add_exclusion" else None,
        auto_id="exclusion_%s",
        lines=sorted(LINE_NAMES.items(), key=lambda pair: str(pair[1])),
    )
    if action and _carry_out(request, action, rule_form, exclusion_form):
        return redirect("taxes")
    on = today()
    exclusions = selectors.tax_exclusions(actor=request.actor)[:ROWS_SHOWN]
    context = {
        "table": [
            (rule, tax_name(rule.name))
            for rule in TAX_TABLE
            if rule.ends_on is None or rule.ends_on >= on
        ],
        "rules": selectors.tax_rules(actor=request.actor)[:ROWS_SHOWN],
        "exclusions": [(row, exclusion_lines(row)) for row in exclusions],
        "rule_form": rule_form,
        "exclusion_form": exclusion_form,
        "today": on,
        "may_write": request.actor.may("organisation.write"),
    }
    wrong = rule_form.errors or exclusion_form.errors
    return render(request, "structure/taxes.html", context, status=422 if wrong else 200)


def _carry_out(
    request: ApiRequest, action: str, rule_form: TaxRuleForm, exclusion_form: TaxExclusionForm
) -> bool:
    """Whether it was done; where a form is wrong, the form says why."""
    if action == "add_rule":
        return _add(request, rule_form, services.add_tax_rule)
    if action == "add_exclusion":
        return _add(request, exclusion_form, services.add_tax_exclusion)
    removing = {
        "remove_rule": lambda key: services.remove_tax_rule(actor=request.actor, rule_id=key),
        "remove_exclusion": lambda key: services.remove_tax_exclusion(
            actor=request.actor, exclusion_id=key
        ),
    }
    if action not in removing:
        raise NotFound()
    removing[action](_key(request.POST.get("id", "")))
    messages.success(request, _("Removed. What is invoiced keeps its taxes."))
    return True


def _add(request: ApiRequest, form: Form, add: Callable[..., Any]) -> bool:
    if not form.is_valid():
        return False
    try:
        add(actor=request.actor, **form.cleaned_data)
    except AppError as error:
        add_errors(form, error, {})
        return False
    messages.success(request, _("Saved. It counts for invoices made from now on."))
    return True


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound() from error
