"""What became of deliveries: told by mail services, or seen as a document is opened.

Each event counts once, in whatever order it is heard of.

A hard bounce outweighs an arrival, whichever is told first; a soft one and an unknown e-mail
change nothing.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from shared.kernel.clock import now
from shared.kernel.errors import Gone, Malformed, NotFound, TooLarge
from shared.kernel.wording import joined
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.delivery.kinds import deliverable_kind
from tenants.delivery.models import (
    COMPLAINT_KIND,
    Channel,
    Delivery,
    DeliveryEvent,
    SuppressedAddress,
    WebhookSecret,
)
from tenants.delivery.providers import PROVIDERS, MailEvent, NotSigned, Unreadable, read_events
from tenants.delivery.work import ask_person
from tenants.review.services import raise_item

BODY_BYTES_MAX = 1024 * 1024
VIEWED_MAX = 50
SUPPRESSING = (DeliveryEvent.Kind.BOUNCED, DeliveryEvent.Kind.COMPLAINED)
Kind = DeliveryEvent.Kind
Status = Delivery.Status
GONE_OUT = (Status.SENT, Status.DELIVERED, Status.FAILED)


def receive_mail_events(*, provider: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Keep what a mail service tells, and answer how many events were new.

    Raises NotFound for a provider that is not set up, Malformed for a wrong signature or body,
    TooLarge above 1 MiB.
    """
    kept = WebhookSecret.objects.filter(provider=provider).first()
    if kept is None or provider not in PROVIDERS:
        raise NotFound()
    if len(body) > BODY_BYTES_MAX:
        raise TooLarge()
    try:
        PROVIDERS[provider].verify(body, headers, str(kept.secret))
        events = read_events(provider, body)
    except (NotSigned, Unreadable) as error:
        raise Malformed(_("The signature or the body of the event is not right.")) from error
    return sum(note_mail_event(provider=provider, event=event) for event in events)


def delivery_behind_link(*, delivery_id: UUID) -> Delivery:
    """The delivery of a link that was checked. Raises NotFound, Gone for one that was given up."""
    delivery: Delivery | None = Delivery.objects.filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound(_("There is no document at this address."))
    if delivery.status == Status.CANCELLED:
        raise Gone(_("The link to this document was taken back."))
    return delivery


def note_opened(*, delivery_id: UUID) -> None:
    """The recipient has opened the document behind its link; only the first time is kept."""
    with transaction.atomic():
        found = Delivery.objects.select_for_update(of=("self",)).select_related("customer")
        unread = found.filter(pk=delivery_id, opened_at__isnull=True, status__in=GONE_OUT)
        delivery = unread.first()
        if delivery is not None:
            DeliveryEvent.objects.create(delivery=delivery, kind=Kind.OPENED)
            _apply(delivery, Kind.OPENED)


def note_portal_view(*, object_id: UUID) -> None:
    """The customer reads a document in the portal: its deliveries there are opened."""
    unread = Delivery.objects.filter(
        object_id=object_id, channel=Channel.PORTAL, opened_at__isnull=True, status__in=GONE_OUT
    )
    for delivery_id in unread.values_list("pk", flat=True)[:VIEWED_MAX]:
        note_opened(delivery_id=delivery_id)


def note_mail_event(*, provider: str, event: MailEvent) -> bool:
    """Keep what happened to one e-mail; False for an unknown one, and for what is known."""
    key = _delivery_key(event.message_id)
    provider_id = f"{provider}:{event.event_id}"
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(of=("self",))
            .select_related("customer")
            .filter(pk=key)
            .first()
            if key
            else None
        )
        if delivery is None or DeliveryEvent.objects.filter(provider_id=provider_id).exists():
            return False
        DeliveryEvent.objects.create(
            delivery=delivery,
            kind=event.kind,
            detail=event.detail,
            provider_id=provider_id,
        )
        if event.kind != Kind.DEFERRED:
            _apply(delivery, event.kind)
    return True


def _apply(delivery: Delivery, kind: str) -> None:
    if kind in SUPPRESSING and delivery.address:
        _stop_writing(delivery, kind)
    # What waits to be sent again stays so: this is about the time before.
    if delivery.status == Status.CANCELLED or _is_waiting(delivery):
        return
    before = delivery.status
    if kind == Kind.BOUNCED:
        delivery.status, delivery.error = Status.FAILED, "bounced"
    else:
        delivery.delivered_at = delivery.delivered_at or now()
        if kind == Kind.OPENED:
            delivery.opened_at = delivery.opened_at or now()
        if before != Status.FAILED:
            delivery.status = Status.DELIVERED
    delivery.save(update_fields=["status", "error", "delivered_at", "opened_at"])
    if delivery.status != before:
        _tell(delivery)


def _stop_writing(delivery: Delivery, kind: str) -> None:
    """Write to the address no more. A complaint outweighs a bounce, and a person is asked."""
    address = SuppressedAddress(email=delivery.address, reason=kind)
    SuppressedAddress.objects.bulk_create([address], ignore_conflicts=True)
    if kind != Kind.COMPLAINED:
        return
    found = SuppressedAddress.objects.filter(email_index=delivery.address)
    found.update(reason=kind)
    marked = _("%(name)s of %(customer)s marked the e-mail with %(document)s as spam.") % {
        "name": delivery.recipient_name or _("Somebody"),
        "customer": delivery.customer.name,
        "document": delivery.object_code,
    }
    raise_item(
        kind=COMPLAINT_KIND,
        target=found.get(),
        cause=joined([marked, _("E-mail to the address is stopped until somebody lifts that.")]),
        link="/deliveries/stopped",
        details={"delivery_id": str(delivery.pk)},
    )


def _is_waiting(delivery: Delivery) -> bool:
    return delivery.status == Status.PENDING and delivery.leased_until is None


def _tell(delivery: Delivery) -> None:
    deliverable_kind(delivery.kind).note([delivery.object_id], delivery.status)
    if delivery.status == Status.FAILED:
        ask_person(delivery, delivery.error)
    publish(
        topic=f"delivery.{delivery.status}",
        key=delivery.site_code or delivery.customer.customer_id,
        payload={"delivery_id": str(delivery.pk), "code": delivery.object_code},
    )


def _delivery_key(message_id: str) -> UUID | None:
    """The delivery in our own Message-ID `<hex@host>`, or in the value of X-Delivery.

    It is known before the mail server has taken the message, so an event is never too early.
    """
    try:
        return UUID(message_id.strip("<> ").partition("@")[0])
    except ValueError:
        return None
