"""What the signatures of mail services are checked with."""

import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid, NotFound
from tenants.delivery.models import MailProvider, WebhookSecret
from tenants.delivery.providers import sendgrid_key

KEY_MAX = 1_000


def set_webhook(*, actor: Actor, provider: str, key: str = "") -> str:
    """Set up a mail service, or give it another secret; the secret or key in force is answered.

    Our own scheme gets a fresh secret, which is shown once; SendGrid's verification key is
    given. Raises Invalid naming the wrong field.
    """
    authorize(actor, "organisation.write")
    if provider not in MailProvider.values:
        message = _("Use one of: %(choices)s.") % {"choices": ", ".join(MailProvider.values)}
        raise Invalid(errors=[FieldError("provider", "choice", message)])
    secret = f"whsec_{secrets.token_urlsafe(32)}"
    if provider == MailProvider.SENDGRID:
        secret = _checked(key)
    with transaction.atomic():
        kept = WebhookSecret.objects.select_for_update().filter(provider=provider).first()
        if kept is None:
            kept = WebhookSecret.objects.create(provider=provider, secret=secret)
        else:
            kept.secret = secret
            kept.save_changes("secret")
        record(actor=actor, action="mail_webhook.set", target=kept, after={"provider": provider})
    return secret


def remove_webhook(*, actor: Actor, provider: str) -> None:
    """Hear no more of a mail service. Raises NotFound."""
    authorize(actor, "organisation.write")
    with transaction.atomic():
        kept = WebhookSecret.objects.select_for_update().filter(provider=provider).first()
        if kept is None:
            raise NotFound()
        key = kept.pk
        kept.delete()
        kept.pk = key
        record(
            actor=actor, action="mail_webhook.removed", target=kept, before={"provider": provider}
        )


def _checked(key: str) -> str:
    try:
        if len(key) > KEY_MAX:
            raise ValueError
        sendgrid_key(key)
    except ValueError as error:
        message = _("Paste the verification key as SendGrid shows it.")
        raise Invalid(errors=[FieldError("key", "form", message)]) from error
    return "".join(key.split())
