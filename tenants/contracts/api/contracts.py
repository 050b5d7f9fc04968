"""`/api/v1/contracts`, and a site's billing information and configuration (seed 000)."""

from datetime import date
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import Representation, expected_revision, require_fresh, set_etag
from shared.kernel.api.pagination import Page, Paging, paginate
from shared.kernel.clock import today
from shared.kernel.errors import FieldError, Invalid
from tenants.contracts import selectors, services
from tenants.contracts.models import Contract, ContractTerms, ContractType
from tenants.contracts.schemas import (
    BillingConfigIn,
    BillingConfigOut,
    BillingInfoOut,
    ContractIn,
    ContractOut,
    ContractPatch,
    TerminateIn,
)

contracts_router = Router(tags=["Contracts"])
site_billing_router = Router(tags=["Customer sites"])


class ContractFilters(Paging):
    """Which contracts."""

    q: str = ""
    status: Contract.Status | None = None
    contract_type: ContractType | None = None
    ends_by: date | None = None


@contracts_router.get("", response=Page[ContractOut])
def list_contracts(request: ApiRequest, filters: Query[ContractFilters]) -> Any:
    """Contracts by id."""
    found = selectors.search_contracts(
        actor=request.actor,
        text=filters.q,
        status=filters.status or "",
        contract_type=filters.contract_type or "",
        ends_by=filters.ends_by,
    )
    page = paginate(
        found, filters, orderings=("contract_id", "effective_date"), default="contract_id"
    )
    on = today()
    items = [ContractOut.of(row, selectors.current_terms(row, on)) for row in page.items]
    return {"items": items, "next": page.next}


@contracts_router.post("", response={201: ContractOut})
def create_contract(request: ApiRequest, response: HttpResponse, body: ContractIn) -> Any:
    """Make a draft contract; activate it to bill it."""
    contract = services.create_contract(
        actor=request.actor,
        contract_id=body.contract_id,
        site_id=body.site_id,
        terms=services.TermsInput(
            contract_type=body.contract_type,
            billing_frequency=body.billing_frequency,
            billing_configuration=body.billing_configuration,
        ),
        effective_date=body.effective_date,
        end_date=body.end_date,
        currency=body.currency,
        details=body.details,
    )
    return Status(201, changed(response, contract))


@contracts_router.get("/{contract_id}", response=ContractOut)
def get_contract(request: ApiRequest, response: HttpResponse, contract_id: str) -> Any:
    """One contract."""
    contract = selectors.contract_by_code(actor=request.actor, contract_id=contract_id)
    terms = selectors.current_terms(contract, today())
    require_fresh(request, response, _representation(contract, terms))
    return ContractOut.of(contract, terms)


@contracts_router.post("/{contract_id}/activate", response=ContractOut)
def activate_contract(request: ApiRequest, response: HttpResponse, contract_id: str) -> Any:
    """Put a draft in force."""
    contract = services.activate_contract(
        actor=request.actor,
        contract_id=contract_id,
        expected_revision=expected_revision(request),
    )
    return changed(response, contract)


@contracts_router.post("/{contract_id}/terminate", response=ContractOut)
def terminate_contract(
    request: ApiRequest, response: HttpResponse, contract_id: str, body: TerminateIn
) -> Any:
    """End a contract on its last active day."""
    contract = services.terminate_contract(
        actor=request.actor,
        contract_id=contract_id,
        last_day=body.end_date,
        expected_revision=expected_revision(request),
    )
    return changed(response, contract)


@contracts_router.patch("/{contract_id}", response=ContractOut)
def update_contract(
    request: ApiRequest, response: HttpResponse, contract_id: str, body: ContractPatch
) -> Any:
    """Change what stands around the terms; what is issued stays as it is."""
    contract = services.update_contract(
        actor=request.actor,
        contract_id=contract_id,
        changes=body.model_dump(exclude_unset=True),
        expected_revision=expected_revision(request),
    )
    return changed(response, contract)


@site_billing_router.get("/{site_id}/billing-info", response=BillingInfoOut)
def get_billing_info(
    request: ApiRequest, response: HttpResponse, site_id: str, contract_id: str | None = None
) -> Any:
    """A site's contact, address, contract and the terms in force."""
    info = selectors.billing_info(
        actor=request.actor, site_id=site_id, contract_id=contract_id, on=today()
    )
    require_fresh(request, response, Representation(info.revision, repr(info.stamp).encode()))
    return info.content


@site_billing_router.put("/{site_id}/billing-config", response=BillingConfigOut)
def put_billing_config(
    request: ApiRequest, site_id: str, body: BillingConfigIn, contract_id: str | None = None
) -> Any:
    """New terms from `effective_date` on; past periods keep theirs."""
    changed = services.change_site_terms(
        actor=request.actor,
        site_id=site_id,
        contract_id=contract_id,
        contract_type=body.contract_type,
        billing_configuration=_configuration(body),
        billing_frequency=body.billing_frequency,
        effective_date=body.effective_date,
        expected_revision=expected_revision(request),
    )
    return BillingConfigOut(
        status="success",
        message=_("Billing configuration updated successfully"),
        effective_date=changed.valid_from,
        change_id=changed.change_id,
    )


def _configuration(body: BillingConfigIn) -> dict[str, Any]:
    """The type's own fields, beside the named ones (seed 000) or under one name, not both."""
    beside = dict(body.model_extra or {})
    if body.billing_configuration is None:
        return beside
    if beside:
        message = _("Put it into billing_configuration, where the others are.")
        raise Invalid(errors=[FieldError(name, "misplaced", message) for name in sorted(beside)])
    return body.billing_configuration


def changed(response: HttpResponse, contract: Contract) -> ContractOut:
    """The answer to whoever just wrote the contract, who need not be allowed to read others."""
    prefetch_related_objects([contract], selectors.terms_in_order())
    terms = selectors.current_terms(contract, today())
    set_etag(response, _representation(contract, terms))
    return ContractOut.of(contract, terms)


def _representation(contract: Contract, terms: ContractTerms) -> Representation:
    """Which terms are shown depends on the day, so the revision alone does not tell."""
    return Representation(contract.revision, terms.change_id.encode())


@contracts_router.delete("/{contract_id}", response={204: None})
def remove_contract(request: ApiRequest, contract_id: str) -> Any:
    """Delete a draft. One that was in force is terminated."""
    services.remove_contract(
        actor=request.actor,
        contract_id=contract_id,
        expected_revision=expected_revision(request),
    )
    return Status(204, None)
