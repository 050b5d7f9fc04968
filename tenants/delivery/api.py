"""`/api/v1/deliveries`, `/recipients`, `/reminders` and the deliveries of an invoice."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from shared.kernel.api import (
    ApiRequest,
    Page,
    Paging,
    Slice,
    expected_revision,
    paginate,
    require_fresh,
    set_etag,
)
from tenants.delivery import selectors, services
from tenants.delivery.models import Delivery, Recipient
from tenants.delivery.schemas import (
    DeliveryDetailOut,
    DeliveryFilters,
    DeliveryOut,
    HoldIn,
    HoldOut,
    LevelsIn,
    LevelsOut,
    RecipientIn,
    RecipientOut,
    SendIn,
)
from tenants.invoices.selectors import invoice_by_code

deliveries_router = Router(tags=["Deliveries"])
invoice_router = Router(tags=["Deliveries"])
recipients_router = Router(tags=["Deliveries"])
reminders_router = Router(tags=["Reminders"])
mail_router = Router(tags=["Deliveries"])


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


@deliveries_router.get("/{delivery_id}", response=DeliveryDetailOut)
def get_document_delivery(request: ApiRequest, delivery_id: UUID) -> Any:
    """One delivery with its history."""
    delivery = selectors.delivery_by_id(actor=request.actor, delivery_id=delivery_id)
    return {**_delivery(delivery), "events": list(delivery.events.all())}


@deliveries_router.post("/{delivery_id}/resend", response=DeliveryOut)
def resend(request: ApiRequest, delivery_id: UUID) -> Any:
    """Send it once more."""
    return _delivery(services.resend(actor=request.actor, delivery_id=delivery_id))


@deliveries_router.post("/{delivery_id}/cancel", response=DeliveryOut)
def cancel(request: ApiRequest, delivery_id: UUID) -> Any:
    """Give it up; 409 for one that was sent."""
    return _delivery(services.cancel(actor=request.actor, delivery_id=delivery_id))


@mail_router.post("/webhooks/{provider}", auth=None, response={202: None})
def receive_mail_events(request: HttpRequest, provider: str) -> Any:
    """A mail service tells here what became of e-mails, with its signature.

    `sendgrid`: its signed event webhook. `generic`: `{"events": [{"id", "type", "message_id",
    "detail"}]}`, at most 1,000, type one of delivered, opened, deferred, bounced, complained;
    `message_id` is the e-mail's Message-ID or the value of its X-Delivery header; the header
    `X-InvoicePatch-Signature: t=…,v1=…` carries the seconds since 1970 (at most 5 minutes off)
    and the HMAC-SHA256 of `t.body` in hex. An event counts once by its id; unknown e-mails and
    types are passed over.
    """
    services.receive_mail_events(provider=provider, body=request.body, headers=request.headers)
    return Status(202, None)


@recipients_router.get("/{customer_id}/recipients", response=Page[RecipientOut])
def list_recipients(request: ApiRequest, customer_id: str, paging: Query[Paging]) -> Any:
    """Who gets what of a customer's documents."""
    found = selectors.recipients_of(actor=request.actor, customer_id=customer_id)
    page = paginate(found, paging, orderings=("name",), default="name")
    return {"items": [_recipient(one) for one in page.items], "next": page.next}


@recipients_router.post("/{customer_id}/recipients", response={201: RecipientOut})
def add_recipient(
    request: ApiRequest, response: HttpResponse, customer_id: str, body: RecipientIn
) -> Any:
    """Add a recipient."""
    recipient = services.add_recipient(
        actor=request.actor, customer_id=customer_id, given=_given(body)
    )
    set_etag(response, recipient)
    return Status(201, _recipient(recipient))


@recipients_router.put("/{customer_id}/recipients/{recipient_id}", response=RecipientOut)
def change_recipient(
    request: ApiRequest,
    response: HttpResponse,
    customer_id: str,
    recipient_id: UUID,
    body: RecipientIn,
) -> Any:
    """Change a recipient."""
    selectors.recipient_of(actor=request.actor, customer_id=customer_id, recipient_id=recipient_id)
    recipient = services.change_recipient(
        actor=request.actor,
        recipient_id=recipient_id,
        given=_given(body),
        expected_revision=expected_revision(request),
    )
    set_etag(response, recipient)
    return _recipient(recipient)


@recipients_router.get("/{customer_id}/recipients/{recipient_id}", response=RecipientOut)
def get_recipient(
    request: ApiRequest, response: HttpResponse, customer_id: str, recipient_id: UUID
) -> Any:
    """One recipient."""
    recipient = selectors.recipient_of(
        actor=request.actor, customer_id=customer_id, recipient_id=recipient_id
    )
    require_fresh(request, response, recipient)
    return _recipient(recipient)


@recipients_router.delete("/{customer_id}/recipients/{recipient_id}", response={204: None})
def remove_recipient(request: ApiRequest, customer_id: str, recipient_id: UUID) -> Any:
    """Remove a recipient."""
    selectors.recipient_of(actor=request.actor, customer_id=customer_id, recipient_id=recipient_id)
    services.remove_recipient(actor=request.actor, recipient_id=recipient_id)
    return Status(204, None)


@reminders_router.get("/levels", response=LevelsOut)
def get_levels(request: ApiRequest) -> Any:
    """When customers are reminded."""
    return {"levels": selectors.dunning_levels(actor=request.actor)}


@reminders_router.put("/levels", response=LevelsOut)
def put_levels(request: ApiRequest, body: LevelsIn) -> Any:
    """Say when customers are reminded; the first level is level 1."""
    levels = [(one.days_overdue, one.attach_statement) for one in body.levels]
    return {"levels": services.save_levels(actor=request.actor, levels=levels)}


@reminders_router.put("/holds/{customer_id}", response=HoldOut)
def hold(request: ApiRequest, customer_id: str, body: HoldIn) -> Any:
    """Stop reminding a customer, until a day or until somebody lifts it."""
    held = services.hold_reminders(
        actor=request.actor, customer_id=customer_id, reason=body.reason, until=body.until
    )
    return {"customer_id": customer_id, "reason": held.reason, "until": held.until}


@reminders_router.delete("/holds/{customer_id}", response={204: None})
def resume(request: ApiRequest, customer_id: str) -> Any:
    """Remind a customer again."""
    services.resume_reminders(actor=request.actor, customer_id=customer_id)
    return Status(204, None)


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


def _recipient(recipient: Recipient) -> dict[str, Any]:
    return {
        "recipient_id": recipient.pk,
        "customer_id": recipient.customer.customer_id,
        "name": recipient.name,
        "email": recipient.email or "",
        "language": recipient.language,
        "channel": recipient.channel,
        "kinds": list(recipient.kinds),
        "site_id": recipient.site.site_id if recipient.site else None,
        "is_active": recipient.is_active,
    }


def _given(body: RecipientIn) -> services.RecipientInput:
    return services.RecipientInput(
        name=body.name,
        email=body.email,
        language=body.language,
        channel=body.channel,
        kinds=body.kinds,
        site_id=body.site_id,
        is_active=body.is_active,
    )
