"""Signed links that stand for a person: into a new organisation, and back from its deletion."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from shared.accounts.models import User
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.errors import Gone
from shared.kernel.tenancy import organisation_context, require_organisation
from shared.organisations.models import Organisation

FIRST_SIGN_IN = timedelta(minutes=5)
SALT = "organisations.first-sign-in"
TENANT_URLS = "config.urls_tenant"


def first_sign_in_url(organisation: Organisation) -> str:
    """A link that signs the new owner in once, within 5 minutes.

    Only for the browser that signed up: whoever holds the link is the owner.
    """
    with organisation_context(organisation):
        owner = User.objects.get(email=organisation.owner_email)
    token = signing.dumps(
        {"organisation": str(organisation.id), "user": str(owner.pk), "nonce": uuid4().hex},
        salt=SALT,
    )
    return organisation.url + reverse("first_sign_in", kwargs={"token": token}, urlconf=TENANT_URLS)


def use_first_sign_in(*, actor: Actor, token: str) -> User:
    """The owner the link stands for; it works once. Raises Gone for any other link.

    The link is the permission. Call it inside the organisation.
    """
    inside = require_organisation()
    try:
        content = _read(token)
    except signing.BadSignature as error:
        raise _gone() from error
    if content.organisation != inside.id:
        raise _gone()
    # Twice its life, so that the memory of its use outlasts the link.
    remembered = 2 * int(FIRST_SIGN_IN.total_seconds())
    if not cache.add(f"first-sign-in:{content.nonce}", 1, remembered):
        raise _gone()
    user = User.objects.filter(pk=content.user, is_active=True).first()
    if user is None:
        raise _gone()
    with transaction.atomic():
        record(actor=actor, action="person.first_sign_in", target=user)
    return user


@dataclass(frozen=True)
class _Content:
    organisation: UUID
    user: UUID
    nonce: str


def _read(token: str) -> _Content:
    content = signing.loads(token, salt=SALT, max_age=FIRST_SIGN_IN)
    return _Content(UUID(content["organisation"]), UUID(content["user"]), content["nonce"])


def _gone() -> Gone:
    return Gone(_("This link was used or is too old. Sign in with your e-mail and password."))
