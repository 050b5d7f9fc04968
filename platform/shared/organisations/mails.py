"""Mail about organisations, in the language of who reads it."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from shared.accounts.tasks import deliver_mail
from shared.kernel.errors import Gone
from shared.kernel.tenancy import shared_context
from shared.organisations.models import Organisation
from shared.organisations.selectors import organisations_of_email
from shared.organisations.services.life import GRACE

UNDO_SALT = "organisations.undo-deletion"
PUBLIC_URLS = "config.urls_public"


def send_welcome(organisation_id: UUID) -> None:
    """Where the new organisation answers and what to do first."""
    organisation = _find(organisation_id)
    if organisation is not None:
        _send("welcome", organisation.owner_email, organisation.language, organisation=organisation)


def send_deletion_notice(organisation_id: UUID) -> None:
    """Nothing where the deletion was undone before the mail went out."""
    organisation = _find(organisation_id)
    if organisation is None or organisation.state != Organisation.State.DELETING:
        return
    token = signing.dumps(str(organisation.id), salt=UNDO_SALT)
    path = reverse("undo_deletion", kwargs={"token": token}, urlconf=PUBLIC_URLS)
    _send(
        "deletion",
        organisation.owner_email,
        organisation.language,
        organisation=organisation,
        undo_url=bare_url(path),
    )


def send_sign_in_links(email: str, *, language: str) -> None:
    """One mail with every organisation of the address; where there is none, it says so."""
    organisations = organisations_of_email(email)
    _send("sign_in_links", email, language, organisations=organisations)


def read_undo_token(token: str) -> UUID:
    """The organisation of a link from the deletion notice. Raises Gone after 30 days."""
    try:
        return UUID(signing.loads(token, salt=UNDO_SALT, max_age=GRACE + timedelta(days=1)))
    except signing.BadSignature as error:
        raise Gone(_("This link is no longer valid.")) from error


def bare_url(path: str) -> str:
    """An absolute link on the bare domain."""
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{settings.PUBLIC_SCHEME}://{settings.BASE_DOMAIN}{port}{path}"


def _find(organisation_id: UUID) -> Organisation | None:
    with shared_context():
        found: Organisation | None = Organisation.objects.filter(pk=organisation_id).first()
    return found


def _send(name: str, to: str, language: str, **context: object) -> None:
    with translation.override(language):
        subject = render_to_string(f"organisations/email/{name}_subject.txt", context)
        body = render_to_string(f"organisations/email/{name}_message.txt", context)
    deliver_mail.delay(subject=" ".join(subject.split()), body=body, to=[to])
