"""`/api/v1/contracts/{contract_id}`: amendments, renewal, signatures, adjustments."""

from typing import Any

from django.http import HttpResponse
from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import expected_revision, set_etag
from shared.kernel.api.pagination import Page, Paging, paginate
from tenants.contracts import selectors, services
from tenants.contracts.api.contracts import changed
from tenants.contracts.documents import canonical_document, document_hash
from tenants.contracts.schemas import (
    AdjustmentIn,
    AdjustmentOut,
    AmendmentIn,
    AmendmentOut,
    ContractOut,
    DecisionIn,
    DocumentOut,
    RejectionIn,
    RenewIn,
    SignatureIn,
    SignatureOut,
)
from tenants.contracts.versions import contract_versions

agreements_router = Router(tags=["Contracts"])


@agreements_router.get("/{contract_id}/amendments", response=list[AmendmentOut])
def list_amendments(request: ApiRequest, contract_id: str) -> Any:
    """Every version of the terms, oldest first, and what each changed."""
    contract = selectors.contract_by_code(actor=request.actor, contract_id=contract_id)
    return [AmendmentOut.of(version) for version in contract_versions(contract)]


@agreements_router.post("/{contract_id}/amendments", response={201: AmendmentOut})
def amend_contract(request: ApiRequest, contract_id: str, body: AmendmentIn) -> Any:
    """New terms from `effective_date` on; the days before keep theirs.

    409 names the invoices where days are invoiced already, unless `allow_invoiced` is set.
    """
    terms = services.amend_contract(
        actor=request.actor,
        contract_id=contract_id,
        contract_type=body.contract_type,
        billing_configuration=body.billing_configuration,
        billing_frequency=body.billing_frequency,
        effective_date=body.effective_date,
        reason=body.reason,
        allow_invoiced=body.allow_invoiced,
        expected_revision=expected_revision(request),
    )
    (version,) = (
        one for one in contract_versions(terms.contract) if one.change_id == terms.change_id
    )
    return Status(201, AmendmentOut.of(version))


@agreements_router.post("/{contract_id}/renew", response=ContractOut)
def renew_contract(
    request: ApiRequest, response: HttpResponse, contract_id: str, body: RenewIn
) -> Any:
    """Go on for a further term from the day after the last one."""
    contract = services.renew_contract(
        actor=request.actor,
        contract_id=contract_id,
        ends_on=body.end_date,
        reason=body.reason,
        expected_revision=expected_revision(request),
    )
    return changed(response, contract)


@agreements_router.get("/{contract_id}/document", response=DocumentOut)
def get_document(request: ApiRequest, contract_id: str) -> Any:
    """The canonical text that is signed, and its hash."""
    contract = selectors.contract_by_code(actor=request.actor, contract_id=contract_id)
    document = canonical_document(contract)
    return DocumentOut(document=document, document_sha256=document_hash(document))


@agreements_router.get("/{contract_id}/signatures", response=Page[SignatureOut])
def list_signatures(request: ApiRequest, contract_id: str, paging: Query[Paging]) -> Any:
    """Who signed, oldest first."""
    contract = selectors.contract_by_code(actor=request.actor, contract_id=contract_id)
    found = contract.signatures.defer("document")
    return paginate(found, paging, orderings=("signed_at",), default="signed_at")


@agreements_router.post("/{contract_id}/signatures", response={201: SignatureOut})
def sign_contract(request: ApiRequest, contract_id: str, body: SignatureIn) -> Any:
    """Keep that somebody signed the text as it reads now; 409 where it has changed since."""
    signature = services.record_signature(
        actor=request.actor,
        contract_id=contract_id,
        signer=services.Signer(
            name=body.signer_name, email=body.signer_email, title=body.signer_title
        ),
        document_sha256=body.document_sha256,
        signed_at=body.signed_at,
    )
    return Status(201, signature)


@agreements_router.get("/{contract_id}/adjustments", response=Page[AdjustmentOut])
def list_adjustments(request: ApiRequest, contract_id: str, paging: Query[Paging]) -> Any:
    """Negotiated adjustments, latest first."""
    found = selectors.adjustments_of(actor=request.actor, contract_id=contract_id)
    return paginate(found, paging, orderings=("valid_from", "adjustment_id"), default="-valid_from")


@agreements_router.post("/{contract_id}/adjustments", response={201: AdjustmentOut})
def propose_adjustment(
    request: ApiRequest, response: HttpResponse, contract_id: str, body: AdjustmentIn
) -> Any:
    """Propose an amount beside the terms; it is billed once somebody else approves it."""
    adjustment = services.propose_adjustment(
        actor=request.actor, contract_id=contract_id, **body.model_dump()
    )
    set_etag(response, adjustment)
    return Status(201, adjustment)


@agreements_router.post(
    "/{contract_id}/adjustments/{adjustment_id}/approve", response=AdjustmentOut
)
def approve_adjustment(
    request: ApiRequest,
    response: HttpResponse,
    contract_id: str,
    adjustment_id: str,
    body: DecisionIn,
) -> Any:
    """Approve what somebody else proposed; from here on it stays as it is."""
    adjustment = services.approve_adjustment(
        actor=request.actor,
        contract_id=contract_id,
        adjustment_id=adjustment_id,
        note=body.note,
        allow_invoiced=body.allow_invoiced,
        expected_revision=expected_revision(request),
    )
    set_etag(response, adjustment)
    return adjustment


@agreements_router.post("/{contract_id}/adjustments/{adjustment_id}/reject", response=AdjustmentOut)
def reject_adjustment(
    request: ApiRequest,
    response: HttpResponse,
    contract_id: str,
    adjustment_id: str,
    body: RejectionIn,
) -> Any:
    """Reject what somebody else proposed, with a reason."""
    adjustment = services.reject_adjustment(
        actor=request.actor,
        contract_id=contract_id,
        adjustment_id=adjustment_id,
        note=body.note,
        expected_revision=expected_revision(request),
    )
    set_etag(response, adjustment)
    return adjustment
