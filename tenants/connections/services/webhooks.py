"""Registering endpoints, their secrets, and sending again."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.outgoing import check_url
from tenants.connections.models import OrderedWork, WebhookDelivery, WebhookEndpoint
from tenants.connections.signing import make_secret
from tenants.connections.topics import TEST_TOPIC, check_topics
from tenants.connections.work.delivering import REVIEW_KIND
from tenants.connections.work.fanout import queue_due
from tenants.review.services import close_items

ENDPOINTS_MAX = 20
DESCRIPTION_MAX = 200
OVERLAP_HOURS_MAX = 7 * 24
REPLAYED_MAX = 1_000


@dataclass(frozen=True)
class MadeEndpoint:
    """An endpoint and its secret, which is never shown again."""

    endpoint: WebhookEndpoint
    secret: str


def create_endpoint(
    *, actor: Actor, url: str, topics: Sequence[str] = (), description: str = ""
) -> MadeEndpoint:
    """Register an address for events; without `topics` for all of them.

    Raises Invalid naming each wrong field, Conflict where there are 20 already.
    """
    authorize(actor, "connections.write")
    values = _checked(url=url, topics=topics, description=description)
    secret = make_secret()
    with transaction.atomic():
        if WebhookEndpoint.objects.count() >= ENDPOINTS_MAX:
            raise Conflict(_("There are 20 webhooks already. Remove one first."))
        endpoint = WebhookEndpoint.objects.create(secret=secret, created_by=actor.label, **values)
        record(actor=actor, action="webhook.created", target=endpoint, after=values)
    return MadeEndpoint(endpoint, secret)


def update_endpoint(
    *,
    actor: Actor,
    endpoint_id: UUID,
    url: str | None = None,
    topics: Sequence[str] | None = None,
    description: str | None = None,
    active: bool | None = None,
    expected_revision: int | None = None,
) -> WebhookEndpoint:
    """Change what is given; what waited while it was paused is sent once it is active.

    Raises Invalid naming each wrong field, NotFound, PreconditionFailed when stale.
    """
    authorize(actor, "connections.write")
    given = {"url": url, "topics": topics, "description": description}
    values = _checked(**{name: value for name, value in given.items() if value is not None})
    if active is not None:
        state = WebhookEndpoint.State.ACTIVE if active else WebhookEndpoint.State.PAUSED
        values |= {"state": state, "paused_why": ""}
    with transaction.atomic():
        endpoint = _lock(endpoint_id)
        endpoint.require_revision(expected_revision)
        before = {name: getattr(endpoint, name) for name in values}
        for name, value in values.items():
            setattr(endpoint, name, value)
        endpoint.save_changes(*values)
        if active:
            close_items(actor=actor, kind=REVIEW_KIND, target_id=endpoint.pk)
            queue_due([endpoint], [])
        record(actor=actor, action="webhook.changed", target=endpoint, before=before, after=values)
    return endpoint


def delete_endpoint(
    *, actor: Actor, endpoint_id: UUID, expected_revision: int | None = None
) -> None:
    """Remove an endpoint with its delivery log. Raises NotFound, PreconditionFailed."""
    authorize(actor, "connections.write")
    with transaction.atomic():
        endpoint = _lock(endpoint_id)
        endpoint.require_revision(expected_revision)
        pk, url = endpoint.pk, endpoint.url
        close_items(actor=actor, kind=REVIEW_KIND, target_id=pk)
        endpoint.delete()
        endpoint.pk = pk
        record(actor=actor, action="webhook.removed", target=endpoint, before={"url": url})


def rotate_secret(*, actor: Actor, endpoint_id: UUID, overlap_hours: int = 24) -> MadeEndpoint:
    """A new secret; the former one signs too for the overlap, so that receivers can follow.

    Raises Invalid for an overlap of more than a week, NotFound.
    """
    authorize(actor, "connections.write")
    if not 0 <= overlap_hours <= OVERLAP_HOURS_MAX:
        message = _("Between 0 and 168 hours.")
        raise Invalid(errors=[FieldError("overlap_hours", "range", message)])
    secret = make_secret()
    with transaction.atomic():
        endpoint = _lock(endpoint_id)
        endpoint.former_secret = endpoint.secret if overlap_hours else None
        endpoint.former_until = now() + timedelta(hours=overlap_hours) if overlap_hours else None
        endpoint.secret = secret
        endpoint.save_changes("secret", "former_secret", "former_until")
        record(
            actor=actor,
            action="webhook.rotated",
            target=endpoint,
            after={"overlap_hours": overlap_hours},
        )
    return MadeEndpoint(endpoint, secret)


def send_test(*, actor: Actor, endpoint_id: UUID) -> WebhookDelivery:
    """Queue an event that tells of nothing. Raises NotFound, Conflict where it is paused."""
    authorize(actor, "connections.write")
    with transaction.atomic():
        endpoint = _lock(endpoint_id)
        if endpoint.state != WebhookEndpoint.State.ACTIVE:
            raise Conflict(_("The webhook is paused. Activate it first."))
        moment = now()
        delivery = WebhookDelivery.objects.create(
            endpoint=endpoint,
            event_id=-time.time_ns() // 1_000,  # below every real event: it overtakes them
            topic=TEST_TOPIC,
            key="test",
            payload={"sent_by": actor.label},
            happened_at=moment,
            due_at=moment,
        )
        queue_due([endpoint], [])
        record(actor=actor, action="webhook.tested", target=endpoint)
    return delivery


def replay_delivery(*, actor: Actor, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Send a finished delivery again, as a new one with the same body.

    Raises NotFound, Conflict where it is still on its way.
    """
    authorize(actor, "connections.resolve")
    with transaction.atomic():
        endpoint = _lock(endpoint_id)
        found = WebhookDelivery.objects.select_for_update(of=("self",)).filter(
            pk=delivery_id, endpoint=endpoint
        )
        delivery = found.first()
        if delivery is None:
            raise NotFound(_("There is no such delivery."))
        if delivery.status in OrderedWork.OPEN:
            raise Conflict(_("It is still on its way."))
        (replayed,) = _replay([delivery])
        if not _unsent(endpoint).exists():
            close_items(actor=actor, kind=REVIEW_KIND, target_id=endpoint.pk)
        queue_due([endpoint], [])
        record(
            actor=actor,
            action="webhook.replayed",
            target=endpoint,
            after={"delivery": str(delivery.pk)},
        )
    return replayed


def replay_failed(*, actor: Actor, endpoint_id: UUID) -> int:
    """Send every failed delivery again that has not been, oldest first; how many. At most 1,000.

    Raises NotFound.
    """
    authorize(actor, "connections.resolve")
    with transaction.atomic():
        endpoint = _lock(endpoint_id)
        failed = _unsent(endpoint).select_for_update(of=("self",))
        replayed = _replay(list(failed.order_by("event_id")[:REPLAYED_MAX]))
        close_items(actor=actor, kind=REVIEW_KIND, target_id=endpoint.pk)
        queue_due([endpoint], [])
        record(
            actor=actor,
            action="webhook.replayed",
            target=endpoint,
            after={"deliveries": len(replayed)},
        )
    return len(replayed)


def _unsent(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """What failed and was not sent again."""
    return WebhookDelivery.objects.filter(
        endpoint=endpoint, status=OrderedWork.Status.FAILED, replays__isnull=True
    )


def _replay(deliveries: Sequence[WebhookDelivery]) -> list[WebhookDelivery]:
    moment = now()
    copied = ("endpoint_id", "event_id", "topic", "key", "payload", "happened_at")
    return WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            replay_of=one,
            is_replay=True,
            due_at=moment,
            **{name: getattr(one, name) for name in copied},
        )
        for one in deliveries
    )


def _lock(endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound(_("There is no such webhook."))
    return endpoint


def _checked(**given: Any) -> dict[str, Any]:
    """The given fields as they are stored. Raises Invalid naming each wrong one."""
    errors: list[FieldError] = []
    values: dict[str, Any] = {}
    if "url" in given:
        try:
            values["url"] = check_url(given["url"])
        except Invalid as error:
            errors += error.errors
    if "topics" in given:
        values["topics"] = check_topics(given["topics"], errors)
    if "description" in given:
        values["description"] = given["description"].strip()
        if len(values["description"]) > DESCRIPTION_MAX:
            errors.append(FieldError("description", "too_long", _("At most 200 characters.")))
    if errors:
        raise Invalid(errors=errors)
    return values
