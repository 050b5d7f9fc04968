"""Who may call the API: whoever `ActorMiddleware` recognised, by token or by session."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.utils import check_csrf

from shared.kernel.actor import Actor
from shared.kernel.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from shared.kernel.tenancy import Tenant


class ApiRequest(HttpRequest):
    """What a handler receives; only for type checking."""

    actor: Actor
    request_id: str
    tenant: "Tenant"


class ActorAuth:
    """Requires a known actor; a browser's session also needs its CSRF token to change anything.

    Tenants share a parent domain, so SameSite alone does not keep one tenant's page from
    posting to another's API.
    """

    openapi_security_schema: dict[str, Any] = {
        "type": "http",
        "scheme": "bearer",
        "description": "A token from /api/v1/oauth/token, or an API key (ip_…).",
    }

    def __call__(self, request: HttpRequest) -> Actor:
        """The actor. Raises Unauthenticated, or Forbidden without the CSRF token."""
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None or actor.kind == "anonymous":
            raise Unauthenticated(_("Send a valid bearer token, or sign in."))
        if actor.kind in ("user", "staff") and check_csrf(request):
            raise Forbidden(_("The CSRF token is missing or stale. Send it as X-CSRFToken."))
        return actor


actor_auth = ActorAuth()
