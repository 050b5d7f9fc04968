"""Rate limits and idempotency keys, around every endpoint of the API."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from shared.idempotency.limits import take
from shared.idempotency.services import (
    RETRY_AFTER_SECONDS,
    StillRunning,
    answer_once,
    identify,
)
from shared.kernel.actor import ANONYMOUS, Actor
from shared.kernel.errors import AppError, FieldError, Invalid, TooManyRequests
from shared.kernel.problems import is_api_request, problem_response

Handler = Callable[[HttpRequest], HttpResponseBase]

KEY = re.compile(r"[!-~]{1,200}")
# Where somebody unknown may send a key: nobody has an account before signing up.
ANONYMOUS_PATHS = ("/api/v1/signup",)


class RateLimitMiddleware:
    """Counts each API request of a client (of an address, where nobody signed in)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_api_request(request):
            return self.get_response(request)
        actor = _actor(request)
        who = actor.ip if actor.kind == "anonymous" else actor.id
        allowance = take(f"{actor.kind}:{who}", limit=settings.RATE_LIMIT_PER_MINUTE)
        if allowance is None:
            return self.get_response(request)
        if allowance.allowed:
            response = self.get_response(request)
        else:
            response = problem_response(request, _too_many(allowance.reset_seconds))
        response["RateLimit-Limit"] = str(allowance.limit)
        response["RateLimit-Remaining"] = str(allowance.remaining)
        response["RateLimit-Reset"] = str(allowance.reset_seconds)
        return response


class IdempotencyMiddleware:
    """Carries out a POST with an Idempotency-Key once."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.headers.get("Idempotency-Key")
        if key is None or request.method != "POST" or not is_api_request(request):
            return self.get_response(request)
        actor = _actor(request)
        if actor.kind == "anonymous" and request.path_info not in ANONYMOUS_PATHS:
            return self.get_response(request)
        try:
            _require_key(key)
            return answer_once(identify(request, actor, key), request, self.get_response)
        except StillRunning as error:
            response = problem_response(request, error)
            response["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return response
        except AppError as error:
            return problem_response(request, error)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = getattr(request, "actor", ANONYMOUS)
    return actor


def _require_key(key: str) -> None:
    if not KEY.fullmatch(key):
        message = _("An Idempotency-Key has 1 to 200 visible ASCII characters.")
        raise Invalid(message, errors=[FieldError("Idempotency-Key", "invalid", message)])


def _too_many(seconds: int) -> TooManyRequests:
    return TooManyRequests(
        _("The limit of requests a minute is reached. Ask again in %(n)s seconds.")
        % {"n": seconds},
        retry_after=seconds,
    )
