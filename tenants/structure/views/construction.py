"""Settings, Construction: the statutes' table and the organisation's own rules over it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from billing.construction import (
    FEDERAL,
    LIEN_TABLE,
    PROMPT_PAYMENT_TABLE,
    holdback_rule,
)
from billing.tax import PROVINCES
from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize_form
from shared.kernel.clock import today
from shared.kernel.errors import NotFound
from tenants.structure import selectors, services
from tenants.structure.forms import ConstructionRuleForm
from tenants.structure.presentation import jurisdiction_name
from tenants.structure.views.rules import add_by_form, posted_key

ROWS_SHOWN = 500


def construction(request: ApiRequest) -> HttpResponse:
    """See what the law says of holdback and prompt payment, add own rules, take them away."""
    authorize_form(request, see="organisation.read", change="organisation.write")
    action = request.POST.get("action", "") if request.method == "POST" else ""
    form = ConstructionRuleForm(request.POST if action == "add" else None)
    if action and _carry_out(request, action, form):
        return redirect("construction_rules")
    context = {
        "rules": [
            (rule, jurisdiction_name(rule.jurisdiction))
            for rule in selectors.construction_rules(actor=request.actor)[:ROWS_SHOWN]
        ],
        "statutes": _statutes(),
        "form": form,
        "may_write": request.actor.may("organisation.write"),
    }
    status = 422 if form.errors else 200
    return render(request, "structure/construction.html", context, status=status)


def _carry_out(request: ApiRequest, action: str, form: ConstructionRuleForm) -> bool:
    if action == "add":
        return add_by_form(request, form, services.add_construction_rule)
    if action != "remove":
        raise NotFound()
    services.remove_construction_rule(actor=request.actor, rule_id=posted_key(request))
    messages.success(request, _("Removed. Invoices keep what they hold back."))
    return True


def _statutes() -> list[dict[str, Any]]:
    """The law of each jurisdiction that has one, as it is today."""
    on = today()
    found = []
    for code in (*sorted(PROVINCES), FEDERAL):
        holdback = holdback_rule(code, on)
        lien = next((rule for rule in LIEN_TABLE if rule.holds_on(code, on)), None)
        prompt = next((rule for rule in PROMPT_PAYMENT_TABLE if rule.jurisdiction == code), None)
        if holdback or lien or prompt:
            sources = (rule.source for rule in (holdback, lien, prompt) if rule is not None)
            found.append(
                {
                    "name": jurisdiction_name(code),
                    "holdback": holdback,
                    "lien": lien,
                    "prompt": prompt,
                    "sources": "; ".join(dict.fromkeys(sources)),
                }
            )
    return found
