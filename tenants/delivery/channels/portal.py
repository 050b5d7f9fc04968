"""In the customer portal: the document stays here, the customer reads it there."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from shared.accounts.sites import site_name, site_url
from tenants.delivery.channels.base import Sent
from tenants.delivery.channels.download import send_link
from tenants.delivery.channels.email import hand_over, tracking_headers
from tenants.delivery.models import Delivery, DocumentKind


def announce(delivery: Delivery) -> Sent:
    """Tell the recipient by e-mail where there is an address: who is not told does not look.

    What is listed in the portal has arrived once it is there. Reminders are not: they go by a
    link. Raises TryLater and CannotDeliver.
    """
    if delivery.kind == DocumentKind.REMINDER:
        return send_link(delivery)
    if delivery.address:
        hand_over(_notice(delivery), delivery)
    return Sent(message_id=f"portal:{delivery.object_code}", arrived=True)


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
        headers=tracking_headers(delivery),
    )
