"""Which organisation an account at an outside system belongs to. Parts of other services."""

from django.utils.translation import gettext as _

from shared.kernel.errors import Conflict
from shared.kernel.tenancy import require_organisation, shared_context
from shared.organisations.models import OutsideAccount


def claim_outside_account(*, system: str, number: str) -> None:
    """Have messages about an account brought to the present organisation; again is no harm.

    In the caller's transaction. Raises Conflict where another organisation has the account.
    """
    organisation = require_organisation()
    with shared_context():
        found, _created = OutsideAccount.objects.get_or_create(
            system=system, number=number, defaults={"organisation_id": organisation.id}
        )
    if found.organisation_id != organisation.id:
        raise Conflict(
            _("%(number)s is connected to another organisation. Disconnect it there first.")
            % {"number": number}
        )


def release_outside_account(*, system: str, number: str) -> None:
    """Bring messages about the account to the present organisation no more."""
    organisation = require_organisation()
    with shared_context():
        OutsideAccount.objects.filter(
            system=system, number=number, organisation_id=organisation.id
        ).delete()
