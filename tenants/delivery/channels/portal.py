"""Links: the document stays here, the customer reads it in the portal or downloads it."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from shared.accounts.sites import site_name, site_url
from tenants.delivery.channels.base import Sent
from tenants.delivery.channels.email import hand_over, message_id
from tenants.delivery.models import Delivery


def publish(delivery: Delivery) -> Sent:
    """A document that is listed in the portal has arrived once it is there."""
    return Sent(message_id=f"portal:{delivery.object_code}", arrived=True)


def announce(delivery: Delivery) -> Sent:
    """Publish it, and tell the recipient by e-mail where there is an address.

    Raises TryLater and CannotDeliver: who is not told does not look.
    """
    if delivery.address:
        hand_over(_notice(delivery), delivery)
    return publish(delivery)


def _notice(delivery: Delivery) -> EmailMessage:
    context = {
        "document": delivery.object_code,
        "organisation": site_name(),
        "customer": delivery.customer.name,
        "url": site_url(reverse("portal")),
    }
    subject = render_to_string("portal/email/notice_subject.txt", context)
    return EmailMessage(
        subject=" ".join(subject.split()),
        body=render_to_string("portal/email/notice_message.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[str(delivery.address)],
        headers={"Message-ID": message_id(delivery.pk), "X-Delivery": str(delivery.pk)},
    )
