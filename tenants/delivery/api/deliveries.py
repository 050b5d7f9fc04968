"""`/api/v1/deliveries` and the deliveries of an invoice."""

from typing import Any
from uuid import UUID

from ninja import Query, Router, Status

from shared.kernel.api import ApiRequest, Page, Paging, Slice, paginate
from tenants.delivery import selectors, services
from tenants.delivery.links import delivery_link, has_link
from tenants.delivery.models import Delivery
from tenants.delivery.schemas import (
    DeliveryDetailOut,
    DeliveryFilters,
    DeliveryOut,
    ResendFailedIn,
    ResentOut,
    SendIn,
)
from tenants.invoices.selectors import invoice_by_code

deliveries_router = Router(tags=["Deliveries"])
invoice_router = Router(tags=["Deliveries"])


@invoice_router.post("/invoices/{invoice_id}/send", response={202: list[DeliveryOut]})
def send_invoice(request: ApiRequest, invoice_id: str, body: SendIn) -> Any:
    """Send an issued invoice to its recipients, or send it again."""
    made = services.send_invoice(actor=request.actor, invoice_id=invoice_id, channel=body.channel)
    return Status(202, [_delivery(one) for one in made])


@invoice_router.get("/invoices/{invoice_id}/deliveries", response=Page[DeliveryOut])
def list_invoice_deliveries(request: ApiRequest, invoice_id: str, paging: Query[Paging]) -> Any:
    """The deliveries of an invoice, newest first."""
    invoice = invoice_by_code(actor=request.actor, invoice_id=invoice_id)
    found = selectors.deliveries_of(actor=request.actor, object_id=invoice.pk)
    return _page(found, paging)


@deliveries_router.get("", response=Page[DeliveryOut])
def list_document_deliveries(
    request: ApiRequest, filters: Query[DeliveryFilters], paging: Query[Paging]
) -> Any:
    """Deliveries, newest first."""
    found = selectors.deliveries(
        actor=request.actor,
        text=filters.q,
        status=filters.status,
        kind=filters.kind,
        channel=filters.channel,
    )
    return _page(found, paging)


@deliveries_router.post("/resend-failed", response={202: ResentOut})
def resend_failed(request: ApiRequest, body: ResendFailedIn) -> Any:
    """Send the failed ones once more, oldest first, at most 1,000; stopped addresses are left."""
    number = services.resend_failed(actor=request.actor, kind=body.kind, channel=body.channel)
    return Status(202, {"resent": number})


@deliveries_router.get("/{delivery_id}", response=DeliveryDetailOut)
def get_document_delivery(request: ApiRequest, delivery_id: UUID) -> Any:
    """One delivery with its history."""
    delivery = selectors.delivery_by_id(actor=request.actor, delivery_id=delivery_id)
    link = delivery_link(delivery) if has_link(delivery) else None
    return {**_delivery(delivery), "link": link, "events": list(delivery.events.all())}


@deliveries_router.post("/{delivery_id}/resend", response=DeliveryOut)
def resend(request: ApiRequest, delivery_id: UUID) -> Any:
    """Send it once more."""
    return _delivery(services.resend(actor=request.actor, delivery_id=delivery_id))


@deliveries_router.post("/{delivery_id}/cancel", response=DeliveryOut)
def cancel(request: ApiRequest, delivery_id: UUID) -> Any:
    """Give it up; 409 for one that was sent."""
    return _delivery(services.cancel(actor=request.actor, delivery_id=delivery_id))


def _page(found: Any, paging: Paging) -> dict[str, Any]:
    page: Slice[Delivery] = paginate(
        found, paging, orderings=("created_at",), default="-created_at"
    )
    return {"items": [_delivery(one) for one in page.items], "next": page.next}


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery_id": delivery.pk,
        "kind": delivery.kind,
        "document": delivery.object_code,
        "customer_id": delivery.customer.customer_id,
        "channel": delivery.channel,
        "recipient_name": delivery.recipient_name,
        "address": delivery.address or "",
        "language": delivery.language,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "error": delivery.error,
        "requested_at": delivery.created_at,
        "next_attempt_at": delivery.next_attempt_at,
        "sent_at": delivery.sent_at,
        "delivered_at": delivery.delivered_at,
        "opened_at": delivery.opened_at,
    }
