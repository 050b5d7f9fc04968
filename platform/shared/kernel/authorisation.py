"""The one place where permissions are checked, for page, API and task alike."""

from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.errors import Forbidden, Unauthenticated


def authorize(actor: Actor, permission: str) -> None:
    """Require `permission` (named `area.action`) of the actor.

    Raises Unauthenticated for nobody, Forbidden for somebody with too little.
    """
    if actor.may(permission):
        return
    if actor.kind == "anonymous":
        raise Unauthenticated()
    raise Forbidden(
        _("%(who)s lacks the permission “%(permission)s”. Ask an administrator for it.")
        % {"who": actor.label, "permission": permission}
    )
