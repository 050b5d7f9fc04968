"""The one place where permissions are checked, for page, API and task alike."""

from typing import Protocol

from shared.kernel.actor import Actor
from shared.kernel.errors import Forbidden, Unauthenticated
from shared.kernel.wording import worded as _


class Asked(Protocol):
    """What a request tells of who asks, and whether a form is sent."""

    method: str | None
    actor: Actor


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


def authorize_form(request: Asked, *, see: str, change: str) -> None:
    """Require `change` of who sends a page's form, `see` of who looks at the page.

    The first statement of its view: a refusal must name nothing of what was asked for, nor say
    whether the form was well filled in. Raises as `authorize`.
    """
    authorize(request.actor, change if request.method == "POST" else see)
