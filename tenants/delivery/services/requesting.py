"""Asking for deliveries: of each document to each recipient who wants it."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from django.db import transaction

from shared.audit.services import Act, record_many
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.tasks import enqueue_after_commit
from tenants.delivery.addressing import AUTOMATIC, address_of, deliveries_to, recipients_of_kind
from tenants.delivery.kinds import deliverable_kind
from tenants.delivery.models import Delivery, DeliveryEvent, DocumentKind
from tenants.delivery.work import replace_unsent
from tenants.invoices.models import Invoice

FIRST = "first"


def request_deliveries(*, actor: Actor, invoice_ids: Sequence[str]) -> list[Delivery]:
    """Send issued invoices to their customers; what was asked for before is not sent again."""
    authorize(actor, "delivery.write")
    keys = Invoice.objects.filter(
        invoice_id__in=list(invoice_ids), document_status=Invoice.DocumentStatus.ISSUED
    ).values_list("pk", flat=True)
    return queue_deliveries(actor=actor, kind=DocumentKind.INVOICE, object_ids=list(keys))


def queue_deliveries(
    *,
    actor: Actor,
    kind: str,
    object_ids: Sequence[UUID],
    channel: str = AUTOMATIC,
    request_key: str = FIRST,
) -> list[Delivery]:
    """Queue the documents for every recipient; those just queued are returned.

    `channel` limits them to one; `auto` is what each recipient prefers. Documents whose
    customer named nobody go to the billing contact by e-mail. The same request key for the
    same document and address is one delivery. The caller has authorised the actor: this is the
    last part of its transaction.
    """
    with transaction.atomic():
        documents = deliverable_kind(kind).load(object_ids)
        recipients = recipients_of_kind(kind, {one.customer.pk for one in documents})
        wanted = [
            delivery
            for document in documents
            for delivery in deliveries_to(kind, document, recipients, channel)
        ]
        moment = now()
        for delivery in wanted:
            delivery.request_key, delivery.requested_by = request_key, actor.label[:200]
            delivery.next_attempt_at = moment
        made = _insert_new(wanted)
        queue(made)
        record_many(
            actor=actor,
            acts=[
                Act(
                    action="delivery.requested",
                    target=delivery,
                    after={"channel": delivery.channel, "document": delivery.object_code},
                )
                for delivery in made
            ],
        )
    return made


def send_instead(*, actor: Actor, pairs: Sequence[tuple[Delivery, Delivery]]) -> list[Delivery]:
    """Queue the second of each pair in place of the first, which waits or failed no more.

    A delivery keeps its address: a bounce told of later is about the one it was sent to. The
    caller holds the first ones locked, and records what was done.
    """
    moment = now()
    for _old, new in pairs:
        new.request_key, new.requested_by = fresh_request_key(), actor.label[:200]
        new.next_attempt_at = moment
    # Two copies that failed are one document to send.
    wanted = {(one.object_id, one.channel, address_of(one)): one for _old, one in pairs}
    made = _insert_new(list(wanted.values()))
    replace_unsent([old for old, _new in pairs])
    queue(made)
    return made


def fresh_request_key() -> str:
    """A key of its own: what was sent before is sent again."""
    return uuid4().hex


def _insert_new(wanted: Sequence[Delivery]) -> list[Delivery]:
    Delivery.objects.bulk_create(wanted, ignore_conflicts=True)
    keys = set(
        Delivery.objects.filter(pk__in=[one.pk for one in wanted]).values_list("pk", flat=True)
    )
    made = [one for one in wanted if one.pk in keys]
    DeliveryEvent.objects.bulk_create(
        [DeliveryEvent(delivery=one, kind=DeliveryEvent.Kind.QUEUED) for one in made]
    )
    return made


def queue(made: Sequence[Delivery]) -> None:
    """Have workers send these once the present transaction is committed."""
    from tenants.delivery.tasks import send_deliveries

    for start in range(0, len(made), DELIVERIES_A_TASK):
        few = made[start : start + DELIVERIES_A_TASK]
        enqueue_after_commit(send_deliveries, delivery_ids=[str(one.pk) for one in few])


DELIVERIES_A_TASK = 20
