"""Nobody hands out, or takes away, more power than they hold."""

from uuid import UUID

from django.utils.translation import gettext as _

from shared.accounts.models import User
from shared.accounts.permissions import OWNER_ONLY, permissions_of_role
from shared.accounts.roles import Role
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, Forbidden, Unauthenticated

# Permissions that lead to every other one: who lacks them may not give or end a role with them.
CONTROL = frozenset((*OWNER_ONLY, "people.write", "api_clients.write", "organisation.write"))


def authorize_over_role(actor: Actor, role: str) -> None:
    """Require every controlling permission that `role` holds. Raises Forbidden."""
    for permission in sorted(CONTROL & permissions_of_role(role)):
        authorize(actor, permission)


def authorize_own_account(actor: Actor) -> UUID:
    """Everybody may act on their own account; returns its id. Raises for who is no person."""
    if actor.kind == "anonymous":
        raise Unauthenticated()
    if actor.user_id is None:
        raise Forbidden(_("Only a person has an account."))
    return actor.user_id


def keep_an_owner(leaving: User) -> None:
    """Refuse to let the last active owner go. Raises Conflict.

    Locks the owners, so that two of them cannot leave at the same moment. Call it inside the
    transaction that changes `leaving`.
    """
    if leaving.role != Role.OWNER or not leaving.is_active:
        return
    owners = User.objects.select_for_update().filter(role=Role.OWNER, is_active=True)
    if set(owners.order_by("pk").values_list("pk", flat=True)) <= {leaving.pk}:
        raise Conflict(_("An organisation keeps at least one owner. Make another owner first."))
