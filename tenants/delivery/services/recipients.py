"""Who gets which documents of a customer, how, and in which language."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from shared.audit.services import Target, record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from tenants.delivery.channels import SENDERS
from tenants.delivery.models import (
    COMPLAINT_KIND,
    Channel,
    DocumentKind,
    Recipient,
    SuppressedAddress,
)
from tenants.review.services import close_items
from tenants.sites.models import Customer, Site

RECIPIENTS_MAX = 50  # of one customer
NAME_MAX = 255


@dataclass(frozen=True)
class RecipientInput:
    """A recipient as given. Without a site: the documents of all of the customer's sites."""

    name: str
    email: str = ""
    language: str = "en"
    channel: str = Channel.EMAIL
    kinds: Sequence[str] = tuple(DocumentKind.values)
    site_id: str | None = None
    is_active: bool = True


def add_recipient(*, actor: Actor, customer_id: str, given: RecipientInput) -> Recipient:
    """Add a recipient. Raises NotFound, Invalid naming each field, Conflict above the limit."""
    authorize(actor, "delivery.write")
    with transaction.atomic():
        customer = Customer.objects.select_for_update().filter(customer_id=customer_id).first()
        if customer is None:
            raise NotFound(_("There is no customer %(id)s.") % {"id": customer_id})
        if customer.recipients.count() >= RECIPIENTS_MAX:
            message = _("A customer has at most %(limit)s recipients.")
            raise Conflict(message % {"limit": RECIPIENTS_MAX})
        recipient = Recipient(customer=customer)
        _fill(recipient, given)
        recipient.save(force_insert=True)
        record(actor=actor, action="recipient.added", target=recipient, after=_state(recipient))
    return recipient


def change_recipient(
    *,
    actor: Actor,
    recipient_id: UUID,
    given: RecipientInput,
    expected_revision: int | None = None,
) -> Recipient:
    """Change a recipient. Raises as `add_recipient`, and PreconditionFailed when stale."""
    authorize(actor, "delivery.write")
    with transaction.atomic():
        recipient = _lock(recipient_id)
        recipient.require_revision(expected_revision)
        before = _state(recipient)
        _fill(recipient, given)
        recipient.revision += 1
        recipient.save()
        record(
            actor=actor,
            action="recipient.changed",
            target=recipient,
            before=before,
            after=_state(recipient),
        )
    return recipient


def remove_recipient(*, actor: Actor, recipient_id: UUID) -> None:
    """Remove a recipient; deliveries to it stay in the log. Raises NotFound."""
    authorize(actor, "delivery.write")
    with transaction.atomic():
        recipient = _lock(recipient_id)
        before = _state(recipient)
        target = Target("delivery.recipient", str(recipient.pk), recipient.name)
        recipient.delete()
        record(actor=actor, action="recipient.removed", target=target, before=before)


def allow_address(*, actor: Actor, address_id: UUID) -> None:
    """Write to an address again that bounced or complained. Raises NotFound.

    What was not sent meanwhile is sent again by hand.
    """
    authorize(actor, "delivery.write")
    with transaction.atomic():
        found = SuppressedAddress.objects.select_for_update().filter(pk=address_id).first()
        if found is None:
            raise NotFound(_("The address is not stopped."))
        target = Target("delivery.suppressedaddress", str(found.pk))
        before = {"reason": found.reason}
        found.delete()
        close_items(
            actor=actor, kind=COMPLAINT_KIND, target_id=address_id, note=_("Written to again.")
        )
        record(actor=actor, action="address.allowed", target=target, before=before)


def _lock(recipient_id: UUID) -> Recipient:
    recipient: Recipient | None = (
        Recipient.objects.select_for_update(of=("self",))
        .select_related("customer", "site")
        .filter(pk=recipient_id)
        .first()
    )
    if recipient is None:
        raise NotFound(_("There is no such recipient."))
    return recipient


def _fill(recipient: Recipient, given: RecipientInput) -> None:
    errors = _problems(given)
    site = None
    if given.site_id:
        site = Site.objects.filter(customer=recipient.customer, site_id=given.site_id).first()
        if site is None:
            message = _("The customer has no such site.")
            errors.append(FieldError("site_id", "unknown", message))
    if errors:
        raise Invalid(errors=errors)
    recipient.site, recipient.name = site, given.name.strip()
    recipient.email = given.email.strip().lower()
    recipient.language, recipient.channel = given.language, given.channel
    recipient.kinds, recipient.is_active = sorted(set(given.kinds)), given.is_active


def _problems(given: RecipientInput) -> list[FieldError]:
    errors: list[FieldError] = []
    if not 0 < len(given.name.strip()) <= NAME_MAX:
        errors.append(FieldError("name", "length", _("1 to 255 characters.")))
    if given.email or given.channel == Channel.EMAIL:
        try:
            validate_email(given.email.strip())
        except ValidationError:
            errors.append(FieldError("email", "form", _("Enter an e-mail address.")))
    for name, value, choices in (
        ("language", given.language, [code for code, _label in settings.LANGUAGES]),
        ("channel", given.channel, list(SENDERS)),
    ):
        if value not in choices:
            message = _("Use one of: %(choices)s.") % {"choices": ", ".join(choices)}
            errors.append(FieldError(name, "choice", message))
    if not given.kinds or set(given.kinds) - set(DocumentKind.values):
        message = _("Use some of: %(choices)s.") % {"choices": ", ".join(DocumentKind.values)}
        errors.append(FieldError("kinds", "choice", message))
    return errors


def _state(recipient: Recipient) -> dict[str, object]:
    """Without the address, which is personal and encrypted."""
    return {
        "name": recipient.name,
        "channel": recipient.channel,
        "language": recipient.language,
        "kinds": list(recipient.kinds),
        "is_active": recipient.is_active,
    }
