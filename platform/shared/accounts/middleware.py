"""Who is asking, in which language and time zone, and where from."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import (
    get_supported_language_variant,
    parse_accept_lang_header,
)
from redis import RedisError

from shared.accounts.actors import actor_of_bearer, actor_of_user
from shared.accounts.models import User
from shared.accounts.networks import client_address
from shared.accounts.sites import default_language, default_time_zone
from shared.kernel.actor import ANONYMOUS, Actor

Handler = Callable[[HttpRequest], HttpResponse]
API_PREFIX = "/api/"
ACTIVITY_EVERY_SECONDS = 60


class LanguageMiddleware:
    """The person's language and time zone, else cookie, Accept-Language, organisation."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language, zone = _language(request), _time_zone(request)
        request.LANGUAGE_CODE = language
        with translation.override(language), timezone.override(zone):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language",))
        return response


class ActorMiddleware:
    """Sets `request.actor`: the session's person, or on /api/ the bearer's client.

    A bearer that is not valid makes an anonymous actor, whatever the session says. Whether a
    session carries its CSRF token is checked by `kernel.api.auth` and Django's middleware.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        ip = client_address(request)
        actor = _actor(request, ip)
        request_id = getattr(request, "request_id", None)
        request.actor = actor.acting_in(ip=ip, request_id=request_id)  # type: ignore[attr-defined]
        return self.get_response(request)


class SessionActivityMiddleware:
    """Notes where and when a session was last used, at most once a minute."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.session.session_key
        if key and request.user.is_authenticated and _is_due(key):
            UserSession.objects.create_from_request(request)
        return self.get_response(request)


def _is_due(session_key: str) -> bool:
    """Whether the session's last note is a minute old; without Redis nobody knows, so it waits."""
    try:
        return cache.add(f"accounts.seen:{session_key}", 1, ACTIVITY_EVERY_SECONDS)
    except RedisError:
        return False


def _language(request: HttpRequest) -> str:
    if isinstance(request.user, User):
        return request.user.language
    wanted = [request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")]
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    wanted += [code for code, _quality in accepted if code != "*"]
    for code in wanted:
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return default_language()


def _time_zone(request: HttpRequest) -> ZoneInfo:
    wanted = request.user.time_zone if isinstance(request.user, User) else default_time_zone()
    try:
        return ZoneInfo(wanted)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)


def _actor(request: HttpRequest, ip: str | None) -> Actor:
    api = request.path_info.startswith(API_PREFIX)
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if api and scheme:
        known = actor_of_bearer(token.strip(), ip=ip) if scheme.lower() == "bearer" else None
        return known or ANONYMOUS
    if not isinstance(request.user, User):
        return ANONYMOUS
    return actor_of_user(request.user)
