"""By e-mail, with the PDF attached, through Django's mail backends."""

import json
import smtplib
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives

from shared.keyring.storage import EncryptedStorage
from tenants.delivery.channels.base import CannotDeliver, Sent, TryLater
from tenants.delivery.kinds import deliverable_kind
from tenants.delivery.models import Delivery, MailProvider, SuppressedAddress, WebhookSecret
from tenants.documents.rendering import look_for, render_contents
from tenants.documents.services import provide_document
from tenants.documents.sources import source_of

PERMANENT = (500, 599)  # replies of a mail server that stay the same however often one asks


def send_email(delivery: Delivery) -> Sent:
    """Send one e-mail. Its Message-ID is the delivery's own, so that bounces find it again.

    Raises TryLater and CannotDeliver.
    """
    if not delivery.address:
        raise CannotDeliver("no_address")
    message = _compose(delivery)
    hand_over(message, delivery)
    return Sent(message_id=message.extra_headers["Message-ID"])


def hand_over(message: EmailMessage, delivery: Delivery) -> None:
    """Give one message to the mail server. Raises TryLater and CannotDeliver."""
    if SuppressedAddress.objects.filter(email_index=delivery.address).exists():
        raise CannotDeliver("suppressed")
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _text in error.recipients.values())
        raise _refusal(code, error) from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code, error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise TryLater(type(error).__name__) from error


def _refusal(code: int, error: Exception) -> Exception:
    if PERMANENT[0] <= code <= PERMANENT[1]:
        return CannotDeliver(f"refused_{code}")
    return TryLater(f"{type(error).__name__} {code}")


def _compose(delivery: Delivery) -> EmailMultiAlternatives:
    kind = deliverable_kind(delivery.kind).message
    contents, own_language = source_of(kind).load(delivery.object_id)
    language = delivery.language or own_language
    look = look_for(kind, contents, language)
    parts = {
        output: render_contents(contents, kind=kind, language=language, output=output, look=look)
        for output in ("subject", "text", "html")
    }
    message = EmailMultiAlternatives(
        subject=" ".join(parts["subject"].text.split()),
        body=parts["text"].text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[str(delivery.address)],
        reply_to=[contents.supplier.email] if contents.supplier.email else None,
        headers=tracking_headers(delivery),
    )
    message.attach_alternative(parts["html"].text, "text/html")
    _attach(message, delivery)
    return message


def tracking_headers(delivery: Delivery) -> dict[str, str]:
    """What mail services name in their events, so that these find the delivery."""
    headers = {"Message-ID": message_id(delivery.pk), "X-Delivery": str(delivery.pk)}
    if WebhookSecret.objects.filter(provider=MailProvider.SENDGRID).exists():
        # A unique argument comes back with every event, the Message-ID only with some.
        headers["X-SMTPAPI"] = json.dumps({"unique_args": {"delivery": str(delivery.pk)}})
    return headers


def _attach(message: EmailMultiAlternatives, delivery: Delivery) -> None:
    document = provide_document(kind=delivery.kind, object_id=delivery.object_id)
    if document is None:
        raise TryLater("document_in_work")
    with EncryptedStorage().open(document.file_name) as file:
        message.attach(f"{delivery.object_code}.pdf", file.read(), "application/pdf")


def message_id(delivery_id: UUID) -> str:
    """The same for every attempt: a mail server that got it twice can tell."""
    return f"<{delivery_id.hex}@{settings.BASE_DOMAIN}>"
