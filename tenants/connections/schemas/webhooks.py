"""What the API takes and answers about webhooks."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from shared.kernel.api.schemas import Schema, Worded
from tenants.connections.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from tenants.connections.work.delivering import body_of, event_name

Url = Annotated[str, Field(max_length=2000)]
Short = Annotated[str, Field(max_length=200)]
Topic = Annotated[str, Field(max_length=80)]


class WebhookIn(Schema):
    """An address for events; without `topics` it gets all of them."""

    url: Url
    topics: Annotated[list[Topic], Field(max_length=50)] = []
    description: Short = ""


class WebhookPatch(Schema):
    """What to change of a webhook; what is left out stays."""

    url: Url | None = None
    topics: Annotated[list[Topic], Field(max_length=50)] | None = None
    description: Short | None = None
    active: bool | None = None


class WebhookOut(Schema):
    """A webhook without its secret."""

    id: UUID
    url: str
    description: str
    topics: list[str]
    state: str
    paused_why: Worded
    former_secret_until: datetime | None
    last_delivered_at: datetime | None
    created_at: datetime

    @staticmethod
    def of(endpoint: WebhookEndpoint) -> "WebhookOut":
        """The answer about an endpoint."""
        return WebhookOut(**WebhookOut.fields_of(endpoint))

    @staticmethod
    def fields_of(endpoint: WebhookEndpoint) -> dict[str, Any]:
        """What both answers about an endpoint have in common."""
        return {
            "id": endpoint.pk,
            "url": endpoint.url,
            "description": endpoint.description,
            "topics": endpoint.topics,
            "state": str(endpoint.state),
            "paused_why": endpoint.paused_why,
            "former_secret_until": endpoint.former_until,
            "last_delivered_at": endpoint.last_delivered_at,
            "created_at": endpoint.created_at,
        }


class MadeWebhookOut(WebhookOut):
    """A webhook with its new secret, which is never shown again."""

    secret: str


class RotateIn(Schema):
    """How long the former secret signs too."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24


class AttemptOut(Schema):
    """One try at a delivery."""

    number: int
    at: datetime
    status_code: int | None
    error: Worded
    answer: str
    milliseconds: int

    @staticmethod
    def of(attempt: WebhookAttempt) -> "AttemptOut":
        """The answer about a try."""
        return AttemptOut(
            number=attempt.number,
            at=attempt.created_at,
            status_code=attempt.status_code,
            error=attempt.error,
            answer=attempt.answer,
            milliseconds=attempt.milliseconds,
        )


class WebhookDeliveryOut(Schema):
    """An event on its way to a webhook, or arrived."""

    id: UUID
    event_id: str
    topic: str
    key: str
    status: str
    attempts: int
    response_status: int | None
    error: Worded
    happened_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None
    replay_of: UUID | None

    @staticmethod
    def fields_of(delivery: WebhookDelivery) -> dict[str, Any]:
        """What both answers about a delivery have in common."""
        return {
            "id": delivery.pk,
            "event_id": event_name(delivery.event_id),
            "topic": delivery.topic,
            "key": delivery.key,
            "status": str(delivery.status),
            "attempts": delivery.attempts,
            "response_status": delivery.response_status,
            "error": delivery.error,
            "happened_at": delivery.happened_at,
            "next_attempt_at": delivery.due_at if delivery.status == "waiting" else None,
            "finished_at": delivery.finished_at,
            "replay_of": delivery.replay_of_id,
        }

    @staticmethod
    def of(delivery: WebhookDelivery) -> "WebhookDeliveryOut":
        """The answer about a delivery in a list."""
        return WebhookDeliveryOut(**WebhookDeliveryOut.fields_of(delivery))


class WebhookDeliveryDetailOut(WebhookDeliveryOut):
    """A delivery with the body that is sent and every try."""

    body: str
    tries: list[AttemptOut]

    @staticmethod
    def of_detail(delivery: WebhookDelivery) -> "WebhookDeliveryDetailOut":
        """The answer about one delivery."""
        return WebhookDeliveryDetailOut(
            **WebhookDeliveryOut.fields_of(delivery),
            body=body_of(delivery).decode(),
            tries=[AttemptOut.of(one) for one in delivery.tries.all()],
        )


class ReplayedOut(Schema):
    """How many deliveries are sent again."""

    replayed: int
