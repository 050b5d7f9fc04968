"""`/api/v1/billing/manual-review`. Source: seed 001, `api.md`."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import expected_revision, require_fresh, set_etag
from shared.kernel.api.pagination import Page, paginate
from tenants.review import selectors, services
from tenants.review.models import ReviewItem
from tenants.review.schemas import ReviewDismissIn, ReviewFilters, ReviewItemOut, ReviewResolveIn

review_router = Router(tags=["Manual review"])


@review_router.get("", response=Page[ReviewItemOut])
def list_reviews(request: ApiRequest, filters: Query[ReviewFilters]) -> Any:
    """What needs a person, newest first; kinds that the caller must not see are left out."""
    selectors.require_some_kind(request.actor)
    found = selectors.review_items(actor=request.actor, status=filters.status, kind=filters.kind)
    page = paginate(found, filters, orderings=("created_at",), default="-created_at")
    return {"items": [ReviewItemOut.of(item) for item in page.items], "next": page.next}


@review_router.get("/{uuid:review_id}", response=ReviewItemOut)
def get_review(request: ApiRequest, response: HttpResponse, review_id: UUID) -> Any:
    """One item."""
    item = selectors.review_item(actor=request.actor, item_id=review_id)
    require_fresh(request, response, item)
    return ReviewItemOut.of(item)


@review_router.post("/{uuid:review_id}/resolve", response=ReviewItemOut)
def resolve_review(
    request: ApiRequest, response: HttpResponse, review_id: UUID, body: ReviewResolveIn
) -> Any:
    """Close it because it was dealt with."""
    return _close(request, response, review_id, ReviewItem.Status.RESOLVED, body.note)


@review_router.post("/{uuid:review_id}/dismiss", response=ReviewItemOut)
def dismiss_review(
    request: ApiRequest, response: HttpResponse, review_id: UUID, body: ReviewDismissIn
) -> Any:
    """Close it because it needs nothing, with the reason."""
    return _close(request, response, review_id, ReviewItem.Status.DISMISSED, body.reason)


def _close(
    request: ApiRequest, response: HttpResponse, review_id: UUID, status: str, note: str
) -> ReviewItemOut:
    item = services.close_item(
        actor=request.actor,
        item_id=review_id,
        status=status,
        note=note,
        expected_revision=expected_revision(request),
    )
    set_etag(response, item)
    return ReviewItemOut.of(item)
