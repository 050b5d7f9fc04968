"""Sending links, so that a page answers alike and as fast for an address nobody knows."""

from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from shared.accounts.sites import site_name, site_url
from shared.accounts.tasks import MAIL_ERRORS
from shared.kernel.clock import now
from shared.kernel.tasks import tenant_task
from tenants.portal.links import LINK_VALID_FOR, link_token
from tenants.portal.models import PortalLink


@tenant_task(autoretry_for=MAIL_ERRORS)
def send_link(link_id: str) -> None:
    """E-mail one link; nothing where it was used or has expired meanwhile."""
    link = (
        PortalLink.objects.select_related("customer")
        .filter(pk=UUID(link_id), used_at__isnull=True, expires_at__gt=now())
        .first()
    )
    if link is None:
        return
    context = {
        "name": link.name,
        "customer": link.customer.name,
        "organisation": site_name(),
        "url": site_url(reverse("portal_enter", args=[link_token(link.pk)])),
        "minutes": LINK_VALID_FOR.seconds // 60,
    }
    subject = render_to_string("portal/email/link_subject.txt", context)
    body = render_to_string("portal/email/link_message.txt", context)
    send_mail(" ".join(subject.split()), body, settings.DEFAULT_FROM_EMAIL, [str(link.email)])
