"""`/api/v1/billing/disputes`: what customers object to. Source: issue 3, Delivery (dunning)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Query, Router, Status
from pydantic import Field

from shared.kernel.api import (
    ApiRequest,
    Filters,
    Money,
    Page,
    Paging,
    Schema,
    Worded,
    expected_revision,
    paginate,
    require_fresh,
    set_etag,
)
from tenants.disputes import selectors, services
from tenants.disputes.models import Dispute

router = Router(tags=["Billing"])
Sentence = Annotated[str, Field(max_length=500)]


class DisputeIn(Schema):
    """How much of the invoice, which line of it, and why.

    Without an amount all that is open, of a line what it comes to with its taxes.
    """

    reason: Sentence
    amount: Money | None = None
    position: Annotated[int, Field(ge=1, le=100_000)] | None = None


class ResolveDisputeIn(Schema):
    """How it was settled; `credit` issues a credit note of that amount before tax."""

    resolution: Sentence
    credit: Money | None = None


class WithdrawDisputeIn(Schema):
    """Why it does not stand."""

    note: Sentence = ""


class DisputeOut(Schema):
    """A dispute and what became of it."""

    dispute_id: str
    invoice_id: str
    position: int | None
    amount: Money
    currency: str
    reason: str
    status: str
    resolution: Worded
    credit_note_id: str | None
    raised_by: str
    raised_at: datetime
    closed_by: str
    closed_at: datetime | None


class DisputeFilters(Filters):
    """Which disputes."""

    status: Literal["open", "resolved", "withdrawn"] | None = None
    invoice_id: str = ""


@router.get("/disputes", response=Page[DisputeOut])
def list_disputes(
    request: ApiRequest, filters: Query[DisputeFilters], paging: Query[Paging]
) -> Any:
    """Disputes, newest first."""
    found = selectors.disputes(
        actor=request.actor, status=filters.status or "", invoice_id=filters.invoice_id
    )
    page = paginate(found, paging, orderings=("created_at",), default="-created_at")
    return {"items": [_shown(one) for one in page.items], "next": page.next}


@router.get("/disputes/{dispute_id}", response=DisputeOut)
def get_dispute(request: ApiRequest, response: HttpResponse, dispute_id: str) -> Any:
    """One dispute."""
    found = selectors.dispute_by_code(actor=request.actor, dispute_id=dispute_id)
    require_fresh(request, response, found)
    return _shown(found)


@router.post("/invoices/{invoice_id}/disputes", response={201: DisputeOut})
def raise_dispute(
    request: ApiRequest, response: HttpResponse, invoice_id: str, body: DisputeIn
) -> Any:
    """Record what the customer objects to; reminders leave it out."""
    made = services.raise_dispute(
        actor=request.actor,
        invoice_id=invoice_id,
        reason=body.reason,
        amount=body.amount,
        position=body.position,
    )
    set_etag(response, made)
    return Status(201, _shown(made))


@router.post("/disputes/{dispute_id}/resolve", response=DisputeOut)
def resolve_dispute(
    request: ApiRequest, response: HttpResponse, dispute_id: str, body: ResolveDisputeIn
) -> Any:
    """Close it as settled, where asked by a credit note."""
    closed = services.resolve_dispute(
        actor=request.actor,
        dispute_id=dispute_id,
        resolution=body.resolution,
        credit=body.credit,
        expected_revision=expected_revision(request),
    )
    set_etag(response, closed)
    return _shown(closed)


@router.post("/disputes/{dispute_id}/withdraw", response=DisputeOut)
def withdraw_dispute(
    request: ApiRequest, response: HttpResponse, dispute_id: str, body: WithdrawDisputeIn
) -> Any:
    """Close it as withdrawn: the amount is owed after all."""
    closed = services.withdraw_dispute(
        actor=request.actor,
        dispute_id=dispute_id,
        note=body.note,
        expected_revision=expected_revision(request),
    )
    set_etag(response, closed)
    return _shown(closed)


def _shown(dispute: Dispute) -> dict[str, Any]:
    return {
        "dispute_id": dispute.dispute_id,
        "invoice_id": dispute.invoice.invoice_id,
        "position": dispute.line.position if dispute.line else None,
        "amount": dispute.amount,
        "currency": dispute.invoice.currency,
        "reason": dispute.reason,
        "status": dispute.status,
        "resolution": dispute.resolution,
        "credit_note_id": dispute.credit_note.invoice_id if dispute.credit_note else None,
        "raised_by": dispute.raised_by,
        "raised_at": dispute.created_at,
        "closed_by": dispute.closed_by,
        "closed_at": dispute.closed_at,
    }
