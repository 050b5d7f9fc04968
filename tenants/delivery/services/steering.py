"""What a person does about a delivery: send it again, try it now, give it up."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, NotFound
from shared.kernel.tasks import enqueue_after_commit
from tenants.delivery.kinds import deliverable_kind
from tenants.delivery.models import Delivery, DeliveryEvent
from tenants.review.services import close_items

Status = Delivery.Status


def resend(*, actor: Actor, delivery_id: UUID) -> Delivery:
    """Send a delivery once more, whatever became of it. Raises NotFound, Conflict while it waits.

    It keeps its history and its Message-ID; a review item about it is closed.
    """
    authorize(actor, "delivery.write")
    with transaction.atomic():
        delivery = _lock(delivery_id)
        before = delivery.status
        if before == Status.PENDING and delivery.attempts == 0:
            raise Conflict(_("It is waiting to be sent already."))
        delivery.status, delivery.attempts, delivery.error = Status.PENDING, 0, ""
        delivery.next_attempt_at, delivery.leased_until = now(), None
        _save(actor, delivery, DeliveryEvent.Kind.RESENT)
        deliverable_kind(delivery.kind).note([delivery.object_id], Status.PENDING)
        close_items(actor=actor, kind="delivery", target_id=delivery.pk, note=_("Sent again."))
        from tenants.delivery.tasks import send_deliveries

        enqueue_after_commit(send_deliveries, delivery_ids=[str(delivery.pk)])
        record(
            actor=actor,
            action="delivery.resent",
            target=delivery,
            before={"status": before},
            after={"status": delivery.status},
        )
    return delivery


def cancel(*, actor: Actor, delivery_id: UUID) -> Delivery:
    """Give up a delivery that waits or failed. Raises NotFound, Conflict for one that was sent."""
    authorize(actor, "delivery.write")
    with transaction.atomic():
        delivery = _lock(delivery_id)
        before = delivery.status
        if before not in (Status.PENDING, Status.FAILED):
            raise Conflict(
                _("It is %(status)s and cannot be called back.")
                % {"status": delivery.get_status_display().lower()}
            )
        delivery.status, delivery.next_attempt_at = Status.CANCELLED, None
        delivery.leased_until = None
        _save(actor, delivery, DeliveryEvent.Kind.CANCELLED)
        close_items(actor=actor, kind="delivery", target_id=delivery.pk, note=_("Given up."))
        record(
            actor=actor,
            action="delivery.cancelled",
            target=delivery,
            before={"status": before},
            after={"status": delivery.status},
        )
    return delivery


def _lock(delivery_id: UUID) -> Delivery:
    delivery: Delivery | None = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("customer")
        .filter(pk=delivery_id)
        .first()
    )
    if delivery is None:
        raise NotFound(_("There is no such delivery."))
    return delivery


def _save(actor: Actor, delivery: Delivery, event: str) -> None:
    delivery.save(update_fields=["status", "attempts", "error", "next_attempt_at", "leased_until"])
    DeliveryEvent.objects.create(delivery=delivery, kind=event, detail=actor.label[:500])
