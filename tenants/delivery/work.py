"""Sending what waits, whatever is killed on the way.

The row is marked before the channel is asked and after it has answered. A worker that is killed
between the two leaves a lease behind; whoever takes it over sends again with the same
Message-ID: at least once, and never twice once the row says sent.
"""

import logging
import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import override

from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.delivery.addressing import UNSENT, address_of, redirected
from tenants.delivery.channels import SENDERS, CannotDeliver, Sent, TryLater
from tenants.delivery.kinds import deliverable_kind
from tenants.delivery.models import Delivery, DeliveryEvent
from tenants.delivery.wording import refusal_text
from tenants.review.services import close_many, raise_item

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)
ATTEMPTS_MAX = 8
PAUSE_FIRST = timedelta(minutes=1)  # doubles with each attempt: about two hours in all
AT_ONCE = 50
REPLACED = "replaced"
Status = Delivery.Status


def due_deliveries() -> list[UUID]:
    """What waits for nobody: its time has come, and no living worker holds it."""
    present = now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=present)
    found = Delivery.objects.filter(free, status=Status.PENDING, next_attempt_at__lte=present)
    return list(found.order_by("next_attempt_at").values_list("pk", flat=True)[:AT_ONCE])


def deliver(*, delivery_id: UUID) -> Delivery | None:
    """Try one delivery; None where it is not due, or somebody else is at it."""
    delivery = _take(delivery_id)
    if delivery is None:
        return None
    try:
        with override(delivery.language):
            sent = SENDERS[delivery.channel](delivery)
    except CannotDeliver as error:
        _fail(delivery, str(error))
    except TryLater as error:
        _put_off(delivery, str(error))
    except Exception as error:
        logger.exception("delivery.failed", extra={"delivery_id": str(delivery.pk)})
        _put_off(delivery, type(error).__name__)
    else:
        finish(delivery, sent)
    return delivery


def _take(delivery_id: UUID) -> Delivery | None:
    present = now()
    with transaction.atomic():
        delivery: Delivery | None = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("customer")
            .filter(
                Q(leased_until__isnull=True) | Q(leased_until__lte=present),
                pk=delivery_id,
                status=Status.PENDING,
                next_attempt_at__lte=present,
            )
            .first()
        )
        if delivery is None:
            return None
        delivery.attempts += 1
        delivery.leased_until = present + LEASE
        delivery.save(update_fields=["attempts", "leased_until"])
    return delivery


def finish(delivery: Delivery, sent: Sent) -> None:
    """Keep that a channel has taken the delivery."""
    delivery.status = Status.DELIVERED if sent.arrived else Status.SENT
    delivery.message_id, delivery.error = sent.message_id, ""
    delivery.sent_at = now()
    delivery.delivered_at = delivery.sent_at if sent.arrived else None
    kind = DeliveryEvent.Kind.DELIVERED if sent.arrived else DeliveryEvent.Kind.SENT
    with transaction.atomic():
        # A mail service may have told of the e-mail before we come to keep that it was sent.
        told = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
        if told.status in (Status.DELIVERED, Status.FAILED):
            delivery.status, delivery.error = told.status, told.error
            delivery.delivered_at = told.delivered_at
        _save(delivery, kind)
        _retire_older(delivery)


def _put_off(delivery: Delivery, why: str) -> None:
    """Try again later, each time after twice the pause; after the last attempt ask a person."""
    if delivery.attempts >= ATTEMPTS_MAX:
        _fail(delivery, why)
        return
    pause = PAUSE_FIRST * 2 ** (delivery.attempts - 1) * random.uniform(0.75, 1.25)  # noqa: S311
    delivery.next_attempt_at, delivery.leased_until = now() + pause, None
    delivery.error = why[:500]
    delivery.save(update_fields=["next_attempt_at", "leased_until", "error"])


def _fail(delivery: Delivery, why: str) -> None:
    delivery.status, delivery.error = Status.FAILED, why[:500]
    with transaction.atomic():
        _save(delivery, DeliveryEvent.Kind.FAILED, detail=why)
        ask_person(delivery, why)


def ask_person(delivery: Delivery, why: str) -> None:
    """Have somebody look after a document that does not arrive."""
    cause = _("%(document)s did not reach %(customer)s: %(reason)s") % {
        "document": delivery.object_code,
        "customer": delivery.customer.name,
        "reason": refusal_text(why),
    }
    raise_item(kind="delivery", target=delivery, cause=cause, link=f"/deliveries/{delivery.pk}")
    _retire_older(delivery)


def replace_unsent(found: Sequence[Delivery]) -> list[UUID]:
    """Give up those that wait or failed, since a later copy goes out or went out; which."""
    unsent = [one for one in found if one.status in UNSENT]
    keys = [one.pk for one in unsent]
    Delivery.objects.filter(pk__in=keys, status__in=UNSENT).update(
        status=Delivery.Status.CANCELLED, next_attempt_at=None, leased_until=None
    )
    DeliveryEvent.objects.bulk_create(
        DeliveryEvent(delivery=one, kind=DeliveryEvent.Kind.CANCELLED, detail=REPLACED)
        for one in unsent
    )
    return keys


def _retire_older(delivery: Delivery) -> None:
    """Earlier copies that failed ask for nothing: this one is to the same address, or it went
    on to another since then."""
    older = list(
        Delivery.objects.filter(
            kind=delivery.kind,
            object_id=delivery.object_id,
            status=Status.FAILED,
            created_at__lt=delivery.created_at,
        )
        .exclude(pk=delivery.pk)
        .select_related("customer")
    )
    if not older:
        return
    moved = redirected(older)
    gone = [one for one in older if one.pk in moved or address_of(one) == address_of(delivery)]
    close_many(
        actor=SYSTEM,
        kinds=["delivery"],
        target_ids=replace_unsent(gone),
        note=_("A later copy took its place."),
    )


def _save(delivery: Delivery, event: str, *, detail: str = "") -> None:
    with transaction.atomic():
        delivery.leased_until, delivery.next_attempt_at = None, None
        delivery.save(
            update_fields=[
                "status",
                "message_id",
                "error",
                "sent_at",
                "delivered_at",
                "leased_until",
                "next_attempt_at",
            ]
        )
        DeliveryEvent.objects.create(delivery=delivery, kind=event, detail=detail[:500])
        deliverable_kind(delivery.kind).note([delivery.object_id], delivery.status)
        publish(
            topic=f"delivery.{delivery.status}",
            key=delivery.site_code or delivery.customer.customer_id,
            payload={"delivery_id": str(delivery.pk), "code": delivery.object_code},
        )
