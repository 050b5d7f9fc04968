"""Contracts listed, one contract in all its parts, and the renewals to come."""

from datetime import timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.clock import today
from shared.kernel.exports import csv_response
from tenants.contracts import selectors, services
from tenants.contracts.documents import canonical_document, document_hash
from tenants.contracts.forms import AdjustmentForm, RenewForm, SignatureForm, TerminateForm
from tenants.contracts.lists import CONTRACTS
from tenants.contracts.models import IN_FORCE, Contract, ContractType
from tenants.contracts.presentation import contract_facts, terms_groups, version_texts
from tenants.contracts.services.renewals import YEAR_MAX, next_term_end
from tenants.contracts.versions import contract_versions
from tenants.lists.exporting import list_file
from tenants.lists.page import open_list

INVOICES_SHOWN = 12
RENEWALS_MONTHS = 12
RENEWALS_SHOWN = 200
AGREED_SHOWN = 50


@require_safe
def contract_list(request: ApiRequest) -> HttpResponse:
    """All contracts by id, or as a kept view wants them."""
    shown = open_list(request, CONTRACTS)
    if shown.redirect_to:
        return redirect(shown.redirect_to)
    found, paging = _search(request), paging_of(request)
    page = paginate(found, paging, orderings=CONTRACTS.orderings, default=CONTRACTS.default)
    rows = [(row, selectors.current_terms(row, today())) for row in page.items]
    context = {
        "rows": rows,
        "page": page,
        "list": shown,
        "statuses": Contract.Status.choices,
        "types": ContractType.choices,
    }
    return render(request, "contracts/list.html", context)


def _search(request: ApiRequest) -> "QuerySet[Contract]":
    return selectors.search_contracts(
        actor=request.actor,
        text=request.GET.get("q", "")[:100],
        status=request.GET.get("status", ""),
        contract_type=request.GET.get("type", ""),
    )


@require_safe
def contract_export(request: ApiRequest) -> StreamingHttpResponse:
    """The contracts that the list shows, all of them, as CSV."""
    on = today()
    file = list_file(
        request,
        CONTRACTS,
        _search(request),
        always=(
            (_("Contract"), lambda row: row.contract_id),
            (_("Site"), lambda row: row.site.name),
        ),
        cells={
            "customer": lambda row: row.site.customer.name,
            "type": lambda row: selectors.current_terms(row, on).get_contract_type_display(),
            "frequency": lambda row: selectors.current_terms(
                row, on
            ).get_billing_frequency_display(),
            "effective_date": lambda row: row.effective_date,
            "end_date": lambda row: row.end_date or "",
            "entity": lambda row: row.entity.name if row.entity else "",
            "department": lambda row: row.department.name if row.department else "",
            "purchase_order": lambda row: row.purchase_order,
            "status": lambda row: row.get_status_display(),
        },
    )
    return csv_response(*file)


@require_safe
def contract_detail(request: ApiRequest, contract_id: str) -> HttpResponse:
    """One contract: its terms by date, and what was billed under them."""
    contract = selectors.contract_by_code(actor=request.actor, contract_id=contract_id)
    terms = selectors.current_terms(contract, today())
    invoices = contract.invoices.select_related("site").order_by("-invoice_date", "-pk")
    context = {
        "contract": contract,
        "terms": terms,
        "groups": terms_groups(terms.contract_type, terms.billing_configuration, contract.currency),
        "facts": contract_facts(contract, terms),
        "versions": version_texts(contract, contract_versions(contract), today()),
        "invoices_shown": request.actor.may("invoices.read"),
        "invoices": invoices.defer("parties", "inputs", "checks")[:INVOICES_SHOWN],
        "invoices_link": f"{reverse('invoice_list')}?{urlencode({'q': contract.site.name})}",
        "crumbs": [(_("Contracts"), reverse("contract_list")), (contract_id, None)],
        **_agreed(contract),
    }
    return render(request, "contracts/detail.html", context)


def _agreed(contract: Contract) -> dict[str, Any]:
    """Signatures, adjustments and the forms that add to them."""
    digest = document_hash(canonical_document(contract))
    last = contract.end_date
    months = contract.auto_renew_months or RENEWALS_MONTHS
    can_go_on = last is not None and last.year < YEAR_MAX
    next_last = next_term_end(last, months) if last and can_go_on else None
    return {
        "in_force": contract.status in IN_FORCE,
        "document_sha256": digest,
        "signatures": contract.signatures.defer("document")[:AGREED_SHOWN],
        "adjustments": contract.adjustments.order_by("-valid_from", "-pk")[:AGREED_SHOWN],
        "renewals": contract.renewals.order_by("-starts_on")[:AGREED_SHOWN],
        "adjustment_form": AdjustmentForm(auto_id="adjust_%s", initial={"valid_from": today()}),
        "signature_form": SignatureForm(auto_id="sign_%s", initial={"document_sha256": digest}),
        "renew_form": RenewForm(auto_id="renew_%s", initial={"end_date": next_last}),
        "terminate_form": TerminateForm(auto_id="end_%s", initial={"end_date": last}),
    }


@require_POST
def contract_activate(request: ApiRequest, contract_id: str) -> HttpResponse:
    """Put a draft in force."""
    services.activate_contract(actor=request.actor, contract_id=contract_id)
    messages.success(request, _("%(id)s is in force.") % {"id": contract_id})
    return redirect("contract_detail", contract_id=contract_id)


@require_safe
def contract_renewals(request: ApiRequest) -> HttpResponse:
    """What ends in the next twelve months, by month, and what is to be done about it."""
    first = today()
    last = next_term_end(first, RENEWALS_MONTHS)
    found = selectors.ending_contracts(actor=request.actor, first=first, last=last)
    rows = [
        (contract, selectors.current_terms(contract, first), _notice_day(contract))
        for contract in found[:RENEWALS_SHOWN]
    ]
    by_month = groupby(rows, key=lambda row: (row[0].end_date or first).replace(day=1))
    context = {
        "months": [(month, list(members)) for month, members in by_month],
        "crumbs": [(_("Contracts"), reverse("contract_list")), (_("Renewals"), None)],
    }
    return render(request, "contracts/renewals.html", context)


def _notice_day(contract: Contract) -> Any:
    """The day on which its notice begins."""
    last = contract.end_date
    return last and last - timedelta(days=contract.renewal_notice_days)
