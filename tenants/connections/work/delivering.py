"""Sending events to an endpoint, each try noted."""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import msgspec
from django.urls import reverse

from shared.kernel.clock import now
from shared.kernel.errors import Text
from shared.kernel.outgoing import AddressRefused, outgoing_client, read_limited
from shared.kernel.wording import worded as _
from tenants.connections.models import (
    OrderedWork,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from tenants.connections.signing import HEADER, signature
from tenants.connections.work.ordered import (
    TRIED_FOR,
    claim_next,
    finish,
    give_back,
)
from tenants.review.services import raise_item

DELIVERIES_A_TASK = 100
TASK_SECONDS = 120.0
ANSWER_READ = 2_000
ANSWER_KEPT = 500
RETRY_AFTER_MAX = timedelta(hours=6)
GONE = 410
REVIEW_KIND = "webhook_failed"

# Exact numbers, and keys in order, so that a replay has the same bytes.
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")


@dataclass(frozen=True)
class Outcome:
    """What a try came to; `after` is what the other side asked us to wait."""

    delivered: bool
    status_code: int | None = None
    error: Text = ""
    answer: str = ""
    after: timedelta | None = None


def deliver_due(*, endpoint_id: UUID) -> bool:
    """Send an endpoint's due deliveries, up to 100 or for two minutes; whether more may wait."""
    end = time.monotonic() + TASK_SECONDS
    with outgoing_client() as client:
        for _number in range(DELIVERIES_A_TASK):
            endpoint = WebhookEndpoint.objects.filter(
                pk=endpoint_id, state=WebhookEndpoint.State.ACTIVE
            ).first()
            if endpoint is None:
                return False
            delivery = claim_next(WebhookDelivery, lane="endpoint", receiver=endpoint)
            if delivery is None:
                return False
            _deliver(client, endpoint, delivery)
            if time.monotonic() > end:
                return True
    return True


def body_of(delivery: WebhookDelivery) -> bytes:
    """The event as it is sent; the same bytes at each try."""
    return _ENCODER.encode(
        {
            "id": event_name(delivery.event_id),
            "type": delivery.topic,
            "key": delivery.key,
            "created_at": delivery.happened_at.isoformat(),
            "data": delivery.payload,
        }
    )


def event_name(event_id: int) -> str:
    """The event's public id; receivers know a repetition by it."""
    return f"evt_{event_id}" if event_id >= 0 else f"evt_test_{-event_id}"


def secrets_in_force(endpoint: WebhookEndpoint, moment: datetime) -> list[str]:
    """The secret, and the former one while its overlap lasts."""
    secrets = [endpoint.secret]
    former_counts = endpoint.former_until is not None and endpoint.former_until > moment
    if endpoint.former_secret and former_counts:
        secrets.append(endpoint.former_secret)
    return secrets


def _deliver(client: httpx.Client, endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> None:
    start = time.monotonic()
    outcome = _send(client, endpoint, delivery)
    WebhookAttempt.objects.create(
        delivery=delivery,
        number=delivery.attempts,
        status_code=outcome.status_code,
        error=outcome.error,
        answer=outcome.answer,
        milliseconds=int((time.monotonic() - start) * 1000),
    )
    if outcome.delivered:
        finish(delivery, OrderedWork.Status.DONE, response_status=outcome.status_code)
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(last_delivered_at=now())
        return
    given_up = give_back(
        delivery, outcome.error, after=outcome.after, response_status=outcome.status_code
    )
    if outcome.status_code == GONE:
        _pause(endpoint, _("It answered that it is gone for good (410)."))
    if given_up:
        _tell_of_failure(endpoint, delivery, outcome.error)


def _send(client: httpx.Client, endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> Outcome:
    moment = now()
    body = body_of(delivery)
    headers = {
        "content-type": "application/json",
        HEADER: signature(
            body,
            secrets_in_force=secrets_in_force(endpoint, moment),
            timestamp=int(moment.timestamp()),
        ),
        "X-InvoicePatch-Event": delivery.topic,
        "X-InvoicePatch-Delivery": str(delivery.pk),
    }
    try:
        request = client.build_request("POST", endpoint.url, content=body, headers=headers)
        answer = client.send(request, stream=True)
        try:
            return _judge(answer)
        finally:
            answer.close()
    except AddressRefused as error:
        return Outcome(delivered=False, error=error.why)
    except httpx.InvalidURL:
        return Outcome(delivered=False, error=_("This is no web address."))
    except httpx.TimeoutException:
        return Outcome(delivered=False, error=_("It did not answer in time."))
    except httpx.TransportError as error:
        message = _("It could not be reached (%(why)s).") % {"why": type(error).__name__}
        return Outcome(delivered=False, error=message)


def _judge(answer: httpx.Response) -> Outcome:
    status = answer.status_code
    text = ""
    with suppress(httpx.TransportError):  # the status alone decides
        text = read_limited(answer, limit=ANSWER_READ).decode(errors="replace")
    kept = text.replace("\x00", "")[:ANSWER_KEPT]
    if 200 <= status < 300:
        return Outcome(delivered=True, status_code=status, answer=kept)
    if 300 <= status < 400:
        error = _("It answered with a redirect (%(status)s), which is not followed.")
    else:
        error = _("It answered %(status)s.")
    return Outcome(
        delivered=False,
        status_code=status,
        error=error % {"status": status},
        answer=kept,
        after=_asked_pause(answer.headers.get("retry-after", "")),
    )


def _asked_pause(header: str) -> timedelta | None:
    if not (header.isascii() and header.isdecimal() and len(header) < 9):
        return None
    return min(timedelta(seconds=int(header)), RETRY_AFTER_MAX)


def _pause(endpoint: WebhookEndpoint, why: Text) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        state=WebhookEndpoint.State.PAUSED, paused_why=why
    )


def _tell_of_failure(endpoint: WebhookEndpoint, delivery: WebhookDelivery, error: Text) -> None:
    """A person hears of it; an endpoint that took nothing for three days gets nothing more."""
    quiet_since = now() - TRIED_FOR
    if endpoint.last_delivered_at is None or endpoint.last_delivered_at < quiet_since:
        _pause(endpoint, _("Nothing was delivered for three days."))
    raise_item(
        kind=REVIEW_KIND,
        target=endpoint,
        cause=_("%(topic)s could not be delivered for three days: %(why)s")
        % {"topic": delivery.topic, "why": error},
        link=reverse("webhook_detail", args=[endpoint.pk]),
        details={"delivery_id": str(delivery.pk)},
    )
