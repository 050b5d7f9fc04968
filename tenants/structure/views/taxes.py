"""Settings, Taxes: the built-in table, own taxes over it, and what is left untaxed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from billing.tax import TAX_TABLE
from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize_form
from shared.kernel.clock import today
from shared.kernel.errors import NotFound
from shared.kernel.tax_names import tax_name
from tenants.structure import selectors, services
from tenants.structure.forms import TaxExclusionForm, TaxRuleForm
from tenants.structure.presentation import LINE_NAMES, exclusion_lines
from tenants.structure.views.rules import add_by_form, posted_key

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
        return add_by_form(request, rule_form, services.add_tax_rule)
    if action == "add_exclusion":
        return add_by_form(request, exclusion_form, services.add_tax_exclusion)
    removing = {
        "remove_rule": lambda key: services.remove_tax_rule(actor=request.actor, rule_id=key),
        "remove_exclusion": lambda key: services.remove_tax_exclusion(
            actor=request.actor, exclusion_id=key
        ),
    }
    if action not in removing:
        raise NotFound()
    removing[action](posted_key(request))
    messages.success(request, _("Removed. What is invoiced keeps its taxes."))
    return True
