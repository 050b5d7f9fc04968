"""What every page's template may use."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from shared.kernel.actor import ANONYMOUS


def page(request: HttpRequest) -> dict[str, Any]:
    """Organisation, actor, request id, and where live events come from ("" on our origin)."""
    return {
        "organisation": getattr(request, "tenant", None),
        "actor": getattr(request, "actor", ANONYMOUS),
        "request_id": getattr(request, "request_id", None),
        "languages": settings.LANGUAGES,
        "live_url": live_url(request),
    }


def live_url(request: HttpRequest) -> str:
    """The origin of the event server for this host: sessions are bound to the host.

    Only an organisation's host has events; another name may not even be a valid one.
    """
    if not settings.LIVE_URL or getattr(request, "tenant", None) is None:
        return ""
    port = urlsplit(settings.LIVE_URL).port
    host = request.get_host().rsplit(":", 1)[0]
    return f"{settings.PUBLIC_SCHEME}://{host}:{port}"
