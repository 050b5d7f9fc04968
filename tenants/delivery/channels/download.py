"""By a link that needs no sign-in: the document stays here and is fetched."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import get_language

from shared.accounts.sites import site_name
from shared.kernel.clock import today
from shared.kernel.formats import format_day
from tenants.delivery.channels.base import Sent
from tenants.delivery.channels.email import hand_over, tracking_headers
from tenants.delivery.links import LINK_VALID_FOR, delivery_link
from tenants.delivery.models import Delivery

DAY = timedelta(days=1)


def send_link(delivery: Delivery) -> Sent:
    """Tell the recipient where to fetch it. Without an address somebody hands the link on.

    It has arrived once the link is opened. Raises TryLater and CannotDeliver.
    """
    headers = tracking_headers(delivery)
    if delivery.address:
        hand_over(_notice(delivery, headers), delivery)
    return Sent(message_id=headers["Message-ID"])


def _notice(delivery: Delivery, headers: dict[str, str]) -> EmailMessage:
    context = {
        "document": delivery.object_code,
        "organisation": site_name(),
        "customer": delivery.customer.name,
        "url": delivery_link(delivery),
        # The last whole day on which it works.
        "until": format_day(today() + LINK_VALID_FOR - DAY, "long", language=get_language()),
    }
    subject = render_to_string("delivery/email/link_subject.txt", context)
    return EmailMessage(
        subject=" ".join(subject.split()),
        body=render_to_string("delivery/email/link_message.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[str(delivery.address)],
        headers=headers,
    )
