"""`/api/v1/delivery`: what mail services tell, and the addresses that are not written to."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from shared.kernel.api import ApiRequest, Page, Paging, paginate
from shared.kernel.tenancy import require_organisation
from tenants.delivery import selectors, services
from tenants.delivery.models import MailProvider
from tenants.delivery.schemas import (
    MadeMailServiceOut,
    MailServiceIn,
    MailServiceOut,
    StoppedAddressOut,
)

mail_router = Router(tags=["Deliveries"])


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


@mail_router.get("/mail-services", response=list[MailServiceOut])
def list_mail_services(request: ApiRequest) -> Any:
    """Every mail service that can tell what became of e-mails, and which are set up."""
    known = selectors.webhook_providers(actor=request.actor)
    return [
        {
            "provider": provider.value,
            "url": _address(provider),
            "is_set_up": provider in known,
            "changed_at": known[provider].updated_at if provider in known else None,
        }
        for provider in MailProvider
    ]


@mail_router.post("/mail-services", response={201: MadeMailServiceOut})
def set_mail_service(request: ApiRequest, body: MailServiceIn) -> Any:
    """Set up a mail service, or give it another secret; the one before stops working at once.

    The secret of `generic` is answered here and never again; `sendgrid` needs its verification
    key.
    """
    secret = services.set_webhook(actor=request.actor, provider=body.provider, key=body.key)
    shown = secret if body.provider == MailProvider.GENERIC else None
    made = {"provider": body.provider, "url": _address(body.provider), "secret": shown}
    return Status(201, made)


@mail_router.delete("/mail-services/{provider}", response={204: None})
def remove_mail_service(request: ApiRequest, provider: str) -> Any:
    """Take no more events from it."""
    services.remove_webhook(actor=request.actor, provider=provider)
    return Status(204, None)


@mail_router.get("/stopped-addresses", response=Page[StoppedAddressOut])
def list_stopped_addresses(request: ApiRequest, paging: Query[Paging]) -> Any:
    """Addresses that bounced or complained and are not written to, newest first."""
    found = selectors.stopped_addresses(actor=request.actor)
    page = paginate(found, paging, orderings=("created_at",), default="-created_at")
    return {"items": [StoppedAddressOut.of(one) for one in page.items], "next": page.next}


@mail_router.delete("/stopped-addresses/{address_id}", response={204: None})
def allow_address(request: ApiRequest, address_id: UUID) -> Any:
    """Write to the address again."""
    services.allow_address(actor=request.actor, address_id=address_id)
    return Status(204, None)


def _address(provider: str) -> str:
    return f"{require_organisation().url}/api/v1/delivery/webhooks/{provider}"
