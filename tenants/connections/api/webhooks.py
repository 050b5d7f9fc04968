"""`/api/v1/webhooks`: who is told of events, and what was sent."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import expected_revision, require_fresh, set_etag
from shared.kernel.api.pagination import Page, Paging, paginate
from tenants.connections.models import OrderedWork
from tenants.connections.schemas.webhooks import (
    MadeWebhookOut,
    ReplayedOut,
    RotateIn,
    WebhookDeliveryDetailOut,
    WebhookDeliveryOut,
    WebhookIn,
    WebhookOut,
    WebhookPatch,
)
from tenants.connections.selectors import webhooks as selectors
from tenants.connections.services import webhooks as services

router = Router(tags=["Webhooks"])


class DeliveryFilters(Paging):
    """Which deliveries."""

    status: OrderedWork.Status | None = None
    topic: str = ""


@router.get("", response=Page[WebhookOut])
def list_webhooks(request: ApiRequest, paging: Query[Paging]) -> Any:
    """Webhooks, oldest first."""
    found = selectors.endpoints(actor=request.actor)
    page = paginate(found, paging, orderings=("created_at", "url"), default="created_at")
    return {"items": [WebhookOut.of(one) for one in page.items], "next": page.next}


@router.post("", response={201: MadeWebhookOut})
def create_webhook(request: ApiRequest, response: HttpResponse, body: WebhookIn) -> Any:
    """Register an address; its secret is answered here and never again."""
    made = services.create_endpoint(
        actor=request.actor, url=body.url, topics=body.topics, description=body.description
    )
    set_etag(response, made.endpoint)
    return Status(201, _made(made))


@router.get("/{webhook_id}", response=WebhookOut)
def get_webhook(request: ApiRequest, response: HttpResponse, webhook_id: UUID) -> Any:
    """One webhook."""
    endpoint = selectors.endpoint_by_id(actor=request.actor, endpoint_id=webhook_id)
    require_fresh(request, response, endpoint)
    return WebhookOut.of(endpoint)


@router.patch("/{webhook_id}", response=WebhookOut)
def update_webhook(
    request: ApiRequest, response: HttpResponse, webhook_id: UUID, body: WebhookPatch
) -> Any:
    """Change, pause or activate a webhook."""
    endpoint = services.update_endpoint(
        actor=request.actor,
        endpoint_id=webhook_id,
        url=body.url,
        topics=body.topics,
        description=body.description,
        active=body.active,
        expected_revision=expected_revision(request),
    )
    set_etag(response, endpoint)
    return WebhookOut.of(endpoint)


@router.delete("/{webhook_id}", response={204: None})
def delete_webhook(request: ApiRequest, webhook_id: UUID) -> Any:
    """Remove a webhook with its delivery log."""
    services.delete_endpoint(
        actor=request.actor,
        endpoint_id=webhook_id,
        expected_revision=expected_revision(request),
    )
    return Status(204, None)


@router.post("/{webhook_id}/rotate-secret", response=MadeWebhookOut)
def rotate_secret(request: ApiRequest, webhook_id: UUID, body: RotateIn) -> Any:
    """A new secret; the former one signs too for the overlap."""
    made = services.rotate_secret(
        actor=request.actor, endpoint_id=webhook_id, overlap_hours=body.overlap_hours
    )
    return _made(made)


@router.post("/{webhook_id}/test", response={202: WebhookDeliveryOut})
def send_test(request: ApiRequest, webhook_id: UUID) -> Any:
    """Send an event that tells of nothing."""
    delivery = services.send_test(actor=request.actor, endpoint_id=webhook_id)
    return Status(202, WebhookDeliveryOut.of(delivery))


@router.post("/{webhook_id}/replay-failed", response={202: ReplayedOut})
def replay_failed(request: ApiRequest, webhook_id: UUID) -> Any:
    """Send every failed delivery again, oldest first, at most 1,000."""
    number = services.replay_failed(actor=request.actor, endpoint_id=webhook_id)
    return Status(202, ReplayedOut(replayed=number))


@router.get("/{webhook_id}/deliveries", response=Page[WebhookDeliveryOut])
def list_deliveries(request: ApiRequest, webhook_id: UUID, filters: Query[DeliveryFilters]) -> Any:
    """The delivery log, newest first."""
    found = selectors.deliveries(
        actor=request.actor,
        endpoint_id=webhook_id,
        status=filters.status or "",
        topic=filters.topic,
    )
    page = paginate(found, filters, orderings=("created_at",), default="-created_at")
    return {"items": [WebhookDeliveryOut.of(one) for one in page.items], "next": page.next}


@router.get("/{webhook_id}/deliveries/{delivery_id}", response=WebhookDeliveryDetailOut)
def get_delivery(request: ApiRequest, webhook_id: UUID, delivery_id: UUID) -> Any:
    """One delivery with its body and every try."""
    delivery = selectors.delivery_by_id(
        actor=request.actor, endpoint_id=webhook_id, delivery_id=delivery_id
    )
    return WebhookDeliveryDetailOut.of_detail(delivery)


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay", response={202: WebhookDeliveryOut})
def replay_delivery(request: ApiRequest, webhook_id: UUID, delivery_id: UUID) -> Any:
    """Send a finished delivery again, as a new one with the same body."""
    delivery = services.replay_delivery(
        actor=request.actor, endpoint_id=webhook_id, delivery_id=delivery_id
    )
    return Status(202, WebhookDeliveryOut.of(delivery))


def _made(made: services.MadeEndpoint) -> MadeWebhookOut:
    return MadeWebhookOut(**WebhookOut.fields_of(made.endpoint), secret=made.secret)
