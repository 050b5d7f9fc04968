"""The token in a link: signed for one organisation, valid for half an hour."""

from datetime import timedelta
from uuid import UUID

from django.core import signing
from django.utils.translation import gettext as _

from shared.kernel.errors import Gone, NotFound
from shared.kernel.tenancy import current_organisation_id

LINK_VALID_FOR = timedelta(minutes=30)


def link_token(link_pk: UUID) -> str:
    """The token of a link, which names nothing but its row."""
    return signing.dumps(link_pk.hex, salt=_salt())


def read_token(token: str) -> UUID:
    """The row a token names. Raises NotFound for an altered or foreign one, Gone when expired."""
    try:
        return UUID(signing.loads(token, salt=_salt(), max_age=LINK_VALID_FOR))
    except signing.SignatureExpired as error:
        raise Gone(_("This link has expired. Ask for a new one.")) from error
    except (signing.BadSignature, ValueError, TypeError, AttributeError) as error:
        raise NotFound(_("This link is not complete. Ask for a new one.")) from error


def _salt() -> str:
    """It names the organisation: a link of one is no link of another."""
    return f"tenants.portal.link:{current_organisation_id()}"
