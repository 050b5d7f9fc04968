"""Mail about accounts, sent by a worker so that no page waits for the mail server."""

from smtplib import SMTPException
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from shared.accounts.models import Invitation
from shared.accounts.sites import default_language, site_name, site_url
from shared.accounts.tokens import invitation_token
from shared.kernel.tasks import tenant_task

MAIL_ERRORS = (SMTPException, OSError)
RETRIES_MAX = 8
BACKOFF_MAX_SECONDS = 3600


@shared_task(
    name="shared.accounts.tasks.deliver_mail",
    autoretry_for=MAIL_ERRORS,
    max_retries=RETRIES_MAX,
    retry_backoff=True,
    retry_backoff_max=BACKOFF_MAX_SECONDS,
    retry_jitter=True,
)
def deliver_mail(*, subject: str, body: str, to: list[str]) -> None:
    """Send one plain message; a mail server that is away is asked again for about two hours."""
    send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, to)


@tenant_task(autoretry_for=MAIL_ERRORS, max_retries=RETRIES_MAX)
def send_invitation(invitation_id: str) -> None:
    """Send the link of an invitation; nothing where it was answered or withdrawn meanwhile.

    The link is derived here, so that it never lies in a queue. Running twice sends the same
    link twice.
    """
    invitation = (
        Invitation.objects.select_related("invited_by").filter(pk=UUID(invitation_id)).first()
    )
    if invitation is None or not invitation.is_open:
        return
    token = invitation_token(invitation.pk, invitation.sent_count)
    context = {
        "invitation": invitation,
        "organisation": site_name(),
        "url": site_url(reverse("accept_invitation", kwargs={"token": token})),
    }
    with translation.override(default_language()):
        subject = render_to_string("accounts/email/invitation_subject.txt", context)
        body = render_to_string("accounts/email/invitation_message.txt", context)
    send_mail(" ".join(subject.split()), body, settings.DEFAULT_FROM_EMAIL, [invitation.email])
