"""Sign-up for everybody, organisations for platform staff. On the bare domain."""

from typing import Any
from uuid import UUID

from ninja import Query, Router, Status

from shared.kernel.api import ApiRequest, Page, Paging, Slice, paginate
from shared.organisations import selectors
from shared.organisations.schemas import (
    OrganisationFilters,
    OrganisationOut,
    SignUpIn,
    SignUpOut,
    SuspendIn,
)
from shared.organisations.services import life, signup

router = Router(tags=["Organisations"])


@router.post("/signup", response={202: SignUpOut}, auth=None)
def sign_up(request: ApiRequest, body: SignUpIn) -> Status[SignUpOut]:
    """Make an organisation with its owner; its set-up goes on while `status_url` tells how far."""
    details = signup.SignUp(**body.model_dump())
    return Status(202, SignUpOut.of(signup.sign_up(actor=request.actor, details=details)))


@router.get("/signup/{uuid:job_id}", response=SignUpOut, auth=None)
def show_sign_up(request: ApiRequest, job_id: UUID) -> SignUpOut:
    """How far a set-up is. Only who signed up knows its id."""
    return SignUpOut.of(selectors.get_job(job_id))


@router.get("/organisations", response=Page[OrganisationOut])
def list_organisations(
    request: ApiRequest, filters: Query[OrganisationFilters], paging: Query[Paging]
) -> dict[str, Any]:
    """Every organisation. Staff only."""
    rows = selectors.list_organisations(actor=request.actor).filter(
        **filters.model_dump(exclude_none=True)
    )
    found: Slice[Any] = paginate(
        rows, paging, orderings=("created_at", "name", "subdomain"), default="-created_at"
    )
    return {"items": [OrganisationOut.of(row) for row in found.items], "next": found.next}


@router.get("/organisations/{uuid:organisation_id}", response=OrganisationOut)
def show_organisation(request: ApiRequest, organisation_id: UUID) -> OrganisationOut:
    """One organisation. Staff only."""
    return _answer(request, organisation_id)


@router.post("/organisations/{uuid:organisation_id}/suspend", response=OrganisationOut)
def suspend(request: ApiRequest, organisation_id: UUID, body: SuspendIn) -> OrganisationOut:
    """Close its pages and API; nothing is lost. Staff only."""
    life.suspend_organisation(
        actor=request.actor, organisation_id=organisation_id, reason=body.reason
    )
    return _answer(request, organisation_id)


@router.post("/organisations/{uuid:organisation_id}/reactivate", response=OrganisationOut)
def reactivate(request: ApiRequest, organisation_id: UUID) -> OrganisationOut:
    """Open a suspended organisation again. Staff only."""
    life.reactivate_organisation(actor=request.actor, organisation_id=organisation_id)
    return _answer(request, organisation_id)


@router.post("/organisations/{uuid:organisation_id}/erase", response=OrganisationOut)
def erase(request: ApiRequest, organisation_id: UUID) -> OrganisationOut:
    """Close it now and delete it for good in 30 days. Staff only."""
    life.request_deletion(actor=request.actor, organisation_id=organisation_id)
    return _answer(request, organisation_id)


@router.post("/organisations/{uuid:organisation_id}/undo-erase", response=OrganisationOut)
def undo_erase(request: ApiRequest, organisation_id: UUID) -> OrganisationOut:
    """Keep an organisation that was to be deleted. Staff only."""
    life.undo_deletion(actor=request.actor, organisation_id=organisation_id)
    return _answer(request, organisation_id)


def _answer(request: ApiRequest, organisation_id: UUID) -> OrganisationOut:
    return OrganisationOut.of(
        selectors.get_organisation(actor=request.actor, organisation_id=organisation_id)
    )
