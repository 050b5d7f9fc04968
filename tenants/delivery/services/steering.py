"""What a person does about deliveries: send them again, give them up."""

from uuid import UUID

from django.db import transaction

from shared.audit.services import Act, record, record_many
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, NotFound
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.wording import worded as _
from tenants.delivery.addressing import redirected
from tenants.delivery.kinds import deliverable_kind
from tenants.delivery.models import Delivery, DeliveryEvent
from tenants.delivery.selectors import deliveries, stopped_reasons
from tenants.delivery.services.requesting import queue, send_instead
from tenants.review.services import close_items, close_many

RESENT_MAX = 1_000
Kind = DeliveryEvent.Kind
Status = Delivery.Status


def resend(*, actor: Actor, delivery_id: UUID) -> Delivery:
    """Send a delivery once more, whatever became of it. Raises NotFound, Conflict while it waits.

    It keeps its history and its Message-ID; a review item about it is closed. Where its address
    is no recipient's any more (it was corrected), a new delivery to the present one is made in
    its place and returned.
    """
    authorize(actor, "delivery.write")
    with transaction.atomic():
        delivery = _lock(delivery_id)
        before = delivery.status
        if before == Status.PENDING and delivery.attempts == 0:
            raise Conflict(_("It is waiting to be sent already."))
        instead = redirected([delivery]).get(delivery.pk)
        if instead is not None:
            return _redirect(actor, delivery, instead)
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


def resend_failed(*, actor: Actor, text: str = "", kind: str = "", channel: str = "") -> int:
    """Send what failed once more, oldest first and at most 1,000; how many.

    `text`, `kind` and `channel` are those of the log. Addresses that were corrected since get
    theirs as in `resend`; addresses that are stopped are left out.
    """
    authorize(actor, "delivery.write")
    with transaction.atomic():
        failed = deliveries(
            actor=actor, text=text, kind=kind, channel=channel, status=Status.FAILED
        ).select_for_update(of=("self",))
        found = list(failed.order_by("created_at", "pk")[:RESENT_MAX])
        instead = redirected(found)
        targets = [instead.get(one.pk, one) for one in found]
        stopped = stopped_reasons(actor=actor, emails=[str(one.address or "") for one in targets])
        writable = [
            (one, target)
            for one, target in zip(found, targets, strict=True)
            if str(target.address or "").lower() not in stopped
        ]
        again = [one for one, target in writable if target is one]
        moved = [(one, target) for one, target in writable if target is not one]
        ids = [one.pk for one in again]
        Delivery.objects.filter(pk__in=ids).update(
            status=Status.PENDING, attempts=0, error="", next_attempt_at=now(), leased_until=None
        )
        DeliveryEvent.objects.bulk_create(
            DeliveryEvent(delivery=one, kind=Kind.RESENT, detail=actor.label[:500]) for one in again
        )
        send_instead(actor=actor, pairs=moved)
        both = [one for one, _target in writable]
        for name in sorted({one.kind for one in both}):
            objects = [one.object_id for one in both if one.kind == name]
            deliverable_kind(name).note(objects, Status.PENDING)
        keys = [one.pk for one in both]
        close_many(actor=actor, kinds=["delivery"], target_ids=keys, note=_("Sent again."))
        queue(again)
        record_many(
            actor=actor,
            acts=[
                Act("delivery.resent", one, {"status": one.status}, {"status": Status.PENDING})
                for one in both
            ],
        )
    return len(both)


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


def _redirect(actor: Actor, delivery: Delivery, instead: Delivery) -> Delivery:
    """The new delivery; whom it goes to stays out of the audit log, which is never erased."""
    before = delivery.status
    (made,) = send_instead(actor=actor, pairs=[(delivery, instead)])
    deliverable_kind(made.kind).note([made.object_id], Status.PENDING)
    note = _("Sent to the present recipient instead.")
    close_items(actor=actor, kind="delivery", target_id=delivery.pk, note=note)
    record(
        actor=actor,
        action="delivery.redirected",
        target=delivery,
        before={"status": before},
        after={"sent_as": str(made.pk)},
    )
    return made


def _save(actor: Actor, delivery: Delivery, event: str) -> None:
    delivery.save(update_fields=["status", "attempts", "error", "next_attempt_at", "leased_until"])
    DeliveryEvent.objects.create(delivery=delivery, kind=event, detail=actor.label[:500])
