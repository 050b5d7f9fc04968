"""`/api/v1/customers/{customer_id}/recipients` and `/file-drop`: who gets what, and where."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Status

from shared.kernel.api import (
    ApiRequest,
    Page,
    Paging,
    expected_revision,
    paginate,
    require_fresh,
    set_etag,
)
from tenants.delivery import selectors, services
from tenants.delivery.models import Recipient
from tenants.delivery.schemas import FileDropIn, FileDropOut, RecipientIn, RecipientOut

recipients_router = Router(tags=["Deliveries"])


@recipients_router.get("/{customer_id}/recipients", response=Page[RecipientOut])
def list_recipients(request: ApiRequest, customer_id: str, paging: Query[Paging]) -> Any:
    """Who gets what of a customer's documents."""
    found = selectors.recipients_of(actor=request.actor, customer_id=customer_id)
    page = paginate(found, paging, orderings=("name",), default="name")
    return {"items": _recipients(request, page.items), "next": page.next}


@recipients_router.post("/{customer_id}/recipients", response={201: RecipientOut})
def add_recipient(
    request: ApiRequest, response: HttpResponse, customer_id: str, body: RecipientIn
) -> Any:
    """Add a recipient."""
    recipient = services.add_recipient(
        actor=request.actor, customer_id=customer_id, given=_given(body)
    )
    set_etag(response, recipient)
    return Status(201, *_recipients(request, [recipient]))


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
    return _recipients(request, [recipient])[0]


@recipients_router.get("/{customer_id}/recipients/{recipient_id}", response=RecipientOut)
def get_recipient(
    request: ApiRequest, response: HttpResponse, customer_id: str, recipient_id: UUID
) -> Any:
    """One recipient."""
    recipient = selectors.recipient_of(
        actor=request.actor, customer_id=customer_id, recipient_id=recipient_id
    )
    require_fresh(request, response, recipient)
    return _recipients(request, [recipient])[0]


@recipients_router.delete("/{customer_id}/recipients/{recipient_id}", response={204: None})
def remove_recipient(request: ApiRequest, customer_id: str, recipient_id: UUID) -> Any:
    """Remove a recipient."""
    selectors.recipient_of(actor=request.actor, customer_id=customer_id, recipient_id=recipient_id)
    services.remove_recipient(actor=request.actor, recipient_id=recipient_id)
    return Status(204, None)


@recipients_router.get("/{customer_id}/file-drop", response=FileDropOut)
def get_file_drop(request: ApiRequest, response: HttpResponse, customer_id: str) -> Any:
    """The server that a customer's documents are put on; 404 where there is none."""
    endpoint = selectors.sftp_endpoint_by_code(actor=request.actor, customer_id=customer_id)
    require_fresh(request, response, endpoint)
    return FileDropOut.of(endpoint)


@recipients_router.put("/{customer_id}/file-drop", response=FileDropOut)
def put_file_drop(
    request: ApiRequest, response: HttpResponse, customer_id: str, body: FileDropIn
) -> Any:
    """Say where a customer's documents are put.

    The password and the private key are never answered; without either of them those in force
    stay, unless the host changes.
    """
    endpoint = services.set_sftp_endpoint(
        actor=request.actor,
        customer_id=customer_id,
        given=services.EndpointInput(**body.model_dump()),
        expected_revision=expected_revision(request),
    )
    set_etag(response, endpoint)
    return FileDropOut.of(endpoint)


@recipients_router.delete("/{customer_id}/file-drop", response={204: None})
def remove_file_drop(request: ApiRequest, customer_id: str) -> Any:
    """Put nothing there any more."""
    services.remove_sftp_endpoint(
        actor=request.actor,
        customer_id=customer_id,
        expected_revision=expected_revision(request),
    )
    return Status(204, None)


def _recipients(request: ApiRequest, found: Sequence[Recipient]) -> list[RecipientOut]:
    emails = [str(one.email or "") for one in found]
    stopped = selectors.stopped_reasons(actor=request.actor, emails=emails)
    return [
        RecipientOut(
            recipient_id=one.pk,
            customer_id=one.customer.customer_id,
            name=one.name,
            email=email,
            language=one.language,
            channel=one.channel,
            kinds=list(one.kinds),
            site_id=one.site.site_id if one.site else None,
            is_active=one.is_active,
            email_stopped=stopped.get(email.lower()),
        )
        for one, email in zip(found, emails, strict=True)
    ]


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
