"""The link of a delivery: signed for one organisation, valid for 30 days from when it is made.

Whoever has it may read the delivery's document, and nothing else; that it was opened is kept.
"""

from datetime import timedelta
from uuid import UUID

from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from shared.accounts.sites import site_url
from shared.kernel.errors import Gone, NotFound
from shared.kernel.tenancy import current_organisation_id
from tenants.delivery.models import Channel, Delivery

LINK_VALID_FOR = timedelta(days=30)


def delivery_link(delivery: Delivery) -> str:
    """The address of a delivery's document, from now on valid for LINK_VALID_FOR."""
    token = signing.dumps(delivery.pk.hex, salt=_salt())
    return site_url(reverse("delivered_document", args=[token]))


def has_link(delivery: Delivery) -> bool:
    """Whether the delivery's document is fetched by a link, and not taken back."""
    return delivery.channel == Channel.DOWNLOAD and delivery.status != Delivery.Status.CANCELLED


def read_token(token: str) -> UUID:
    """The delivery a token names. Raises NotFound for an altered or foreign one, Gone if old."""
    try:
        return UUID(signing.loads(token, salt=_salt(), max_age=LINK_VALID_FOR))
    except signing.SignatureExpired as error:
        raise Gone(_("The link to this document has expired.")) from error
    except (signing.BadSignature, ValueError, TypeError, AttributeError) as error:
        raise NotFound(_("There is no document at this address.")) from error


def _salt() -> str:
    """It names the organisation: a link of one is no link of another."""
    return f"tenants.delivery.link:{current_organisation_id()}"
