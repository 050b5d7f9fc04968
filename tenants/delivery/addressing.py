"""To whom a document goes now: its recipients, else the billing contact."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from tenants.delivery.kinds import Deliverable, deliverable_kind
from tenants.delivery.models import Channel, Delivery, Recipient

AUTOMATIC = "auto"
UNSENT = (Delivery.Status.PENDING, Delivery.Status.FAILED)


def recipients_of_kind(kind: str, customer_ids: Iterable[UUID]) -> dict[UUID, list[Recipient]]:
    """By customer the active recipients who want documents of the kind."""
    found: dict[UUID, list[Recipient]] = defaultdict(list)
    for recipient in Recipient.objects.filter(customer_id__in=customer_ids, is_active=True):
        if kind in recipient.kinds:
            found[recipient.customer_id].append(recipient)
    return found


def deliveries_to(
    kind: str,
    document: Deliverable,
    recipients: dict[UUID, list[Recipient]],
    channel: str,
) -> list[Delivery]:
    """Unsaved deliveries of a document to each of its recipients, else to its billing contact."""
    own = [
        one
        for one in recipients.get(document.customer.pk, [])
        if one.site_id in (None, document.site_id)
    ]
    named = [(one.name, str(one.email or ""), one.language, one.channel) for one in own] or [
        (document.contact_name, document.contact_email, document.language, Channel.EMAIL)
    ]
    return [
        Delivery(
            kind=kind,
            object_id=document.object_id,
            object_code=document.code,
            customer=document.customer,
            site_code=document.site_code,
            channel=used if channel == AUTOMATIC else channel,
            recipient_name=name[:255],
            address=address,
            language=language,
        )
        for name, address, language, used in named
    ]


def redirected(found: Sequence[Delivery]) -> dict[UUID, Delivery]:
    """Deliveries whose addressee does not get the document any more, by their keys.

    With each the unsaved one that goes out instead: to whoever has the name now, else to one who
    was not sent it yet, else to the first. Of documents that are gone there is none.
    """
    instead: dict[UUID, Delivery] = {}
    for kind in sorted({one.kind for one in found}):
        few = [one for one in found if one.kind == kind]
        documents = {
            one.object_id: one
            for one in deliverable_kind(kind).load([one.object_id for one in few])
        }
        recipients = recipients_of_kind(kind, {one.customer.pk for one in documents.values()})
        reached = _reached(list(documents))
        for delivery in few:
            document = documents.get(delivery.object_id)
            if document is None:
                continue
            present = deliveries_to(kind, document, recipients, delivery.channel)
            if address_of(delivery) not in {address_of(one) for one in present}:
                instead[delivery.pk] = min(
                    present,
                    key=lambda one: (
                        one.recipient_name != delivery.recipient_name,
                        (one.object_id, address_of(one)) in reached,
                    ),
                )
    return instead


def _reached(object_ids: Sequence[UUID]) -> set[tuple[UUID, str]]:
    sent = Delivery.objects.filter(object_id__in=object_ids).exclude(
        status__in=(*UNSENT, Delivery.Status.CANCELLED)
    )
    return {(one.object_id, address_of(one)) for one in sent}


def address_of(delivery: Delivery) -> str:
    """The address as it is compared."""
    return str(delivery.address or "").strip().lower()
