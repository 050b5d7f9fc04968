"""Who may call the API: whoever `ActorMiddleware` recognised, by token or by session."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.errors import Unauthenticated

if TYPE_CHECKING:
    from shared.kernel.tenancy import Tenant


class ApiRequest(HttpRequest):
    """What a handler receives; only for type checking."""

    actor: Actor
    request_id: str
    tenant: "Tenant"


class ActorAuth:
    """Requires a known actor. `ActorMiddleware` knows a session's person only with the CSRF
    token where the request may change something.
    """

    openapi_security_schema: dict[str, Any] = {
        "type": "http",
        "scheme": "bearer",
        "description": "A token from /api/v1/oauth/token, or an API key (ip_…).",
    }

    def __call__(self, request: HttpRequest) -> Actor:
        """The actor. Raises Unauthenticated."""
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None or actor.kind == "anonymous":
            raise Unauthenticated(
                _("Send a valid bearer token, or sign in and send X-CSRFToken with changes.")
            )
        return actor


actor_auth = ActorAuth()
