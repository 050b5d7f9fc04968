"""Reading deliveries, recipients and reminders."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from tenants.delivery.dunning import DueReminder, due_reminders
from tenants.delivery.models import (
    Delivery,
    DeliveryEvent,
    DunningHold,
    DunningLevel,
    Recipient,
    Reminder,
    SftpEndpoint,
    SuppressedAddress,
    WebhookSecret,
)
from tenants.sites.models import Customer


def deliveries(
    *, actor: Actor, text: str = "", status: str = "", kind: str = "", channel: str = ""
) -> QuerySet[Delivery]:
    """Deliveries, newest first, by document, customer or recipient and by what they are."""
    authorize(actor, "delivery.read")
    found: QuerySet[Delivery] = Delivery.objects.select_related("customer")
    if text:
        found = found.filter(
            Q(object_code__istartswith=text)
            | Q(customer__name__icontains=text)
            | Q(recipient_name__icontains=text)
            | Q(address_index=text.strip().lower())
        )
    for name, value in (("status", status), ("kind", kind), ("channel", channel)):
        if value:
            found = found.filter(**{name: value})
    return found


def delivery_by_id(*, actor: Actor, delivery_id: UUID) -> Delivery:
    """One delivery with its history. Raises NotFound."""
    authorize(actor, "delivery.read")
    history = Prefetch("events", queryset=DeliveryEvent.objects.order_by("created_at", "id"))
    found: Delivery | None = (
        Delivery.objects.select_related("customer")
        .prefetch_related(history)
        .filter(pk=delivery_id)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such delivery."))
    return found


def deliveries_of(*, actor: Actor, object_id: UUID) -> QuerySet[Delivery]:
    """The deliveries of a document, newest first."""
    authorize(actor, "delivery.read")
    found: QuerySet[Delivery] = Delivery.objects.filter(object_id=object_id)
    return found.select_related("customer")


def recipients_of(*, actor: Actor, customer_id: str) -> QuerySet[Recipient]:
    """The recipients of a customer. Raises NotFound for an unknown customer."""
    authorize(actor, "delivery.read")
    customer = Customer.objects.filter(customer_id=customer_id).first()
    if customer is None:
        raise NotFound(_("There is no customer %(id)s.") % {"id": customer_id})
    found: QuerySet[Recipient] = Recipient.objects.filter(customer=customer)
    return found.select_related("site", "customer")


def recipient_of(*, actor: Actor, customer_id: str, recipient_id: UUID) -> Recipient:
    """One recipient of a customer. Raises NotFound, also for another customer's."""
    found = recipients_of(actor=actor, customer_id=customer_id).filter(pk=recipient_id).first()
    if found is None:
        raise NotFound(_("There is no such recipient."))
    return found


def dunning_levels(*, actor: Actor) -> list[DunningLevel]:
    """The levels in order."""
    authorize(actor, "delivery.read")
    return list(DunningLevel.objects.order_by("level"))


def reminders(*, actor: Actor, customer_code: str = "") -> QuerySet[Reminder]:
    """Letters sent, newest first; of one customer where it is named."""
    authorize(actor, "delivery.read")
    found = Reminder.objects.select_related("customer", "entity")
    return found.filter(customer__customer_id=customer_code) if customer_code else found


def reminders_due(*, actor: Actor, on: date) -> list[DueReminder]:
    """The letters that are due on a day."""
    authorize(actor, "delivery.read")
    return due_reminders(on)


def holds(*, actor: Actor) -> QuerySet[DunningHold]:
    """The customers that are not reminded, with the reasons."""
    authorize(actor, "delivery.read")
    return DunningHold.objects.select_related("customer")


def hold_of(*, actor: Actor, customer_pk: UUID) -> DunningHold | None:
    """Why a customer is not reminded, if so."""
    authorize(actor, "delivery.read")
    return DunningHold.objects.filter(customer=customer_pk).first()


def webhook_providers(*, actor: Actor) -> dict[str, WebhookSecret]:
    """The mail services that are set up, by their name; secrets stay closed."""
    authorize(actor, "organisation.write")
    return {one.provider: one for one in WebhookSecret.objects.all()}


def sftp_endpoint_of(*, actor: Actor, customer_pk: UUID) -> SftpEndpoint | None:
    """The customer's file drop, if there is one."""
    authorize(actor, "delivery.read")
    found: SftpEndpoint | None = SftpEndpoint.objects.filter(customer=customer_pk).first()
    return found


def sftp_endpoint_by_code(*, actor: Actor, customer_id: str) -> SftpEndpoint:
    """The file drop of a customer. Raises NotFound."""
    authorize(actor, "delivery.read")
    found: SftpEndpoint | None = SftpEndpoint.objects.filter(
        customer__customer_id=customer_id
    ).first()
    if found is None:
        raise NotFound(_("The customer has no file drop."))
    return found


def stopped_addresses(*, actor: Actor) -> QuerySet[SuppressedAddress]:
    """Addresses that are not written to, newest first."""
    authorize(actor, "delivery.read")
    found: QuerySet[SuppressedAddress] = SuppressedAddress.objects.all()
    return found


def stopped_reasons(*, actor: Actor, emails: Iterable[str]) -> dict[str, str]:
    """Why addresses are not written to, by the address in small letters; others are left out."""
    authorize(actor, "delivery.read")
    wanted = [email for email in emails if email]
    found = SuppressedAddress.objects.filter(email_index__in=wanted) if wanted else ()
    return {str(one.email).lower(): one.reason for one in found}
