"""Expected failures as answers: problem+json for the API, a page for people.

Source: RFC 9457; `api.md` Conventions, Errors; `interface.md`, errors say what happened.
"""

import sys
from collections.abc import Mapping
from typing import Any

import kombu.exceptions
import msgspec
import redis
import structlog
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import get_template, select_template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared.kernel.errors import AppError, TooManyRequests, Unauthenticated, Unavailable

logger = structlog.get_logger(__name__)

PROBLEM_TYPE = "application/problem+json"
API_PREFIX = "/api/"
# PostgreSQL, Redis or the queue does not answer, or asks to try again (a deadlock, say).
OUTAGES = (OperationalError, InterfaceError, redis.RedisError, kombu.exceptions.OperationalError)
OUTAGE_RETRY_SECONDS = 5


class UnexpectedError(AppError):
    """500: our fault; the log has the cause under the request's id."""

    status = 500
    code = "internal_error"


class MethodNotAllowed(AppError):
    """405: the address exists, but not for this method."""

    status = 405
    code = "method_not_allowed"
    title = gettext_lazy("This address does not take that method")


def is_api_request(request: HttpRequest) -> bool:
    """Whether the answer must be JSON."""
    return request.path_info.startswith(API_PREFIX)


def problem(error: AppError, request_id: str | None) -> dict[str, Any]:
    """The members of the problem details object."""
    return {
        "type": f"urn:invoicepatch:problem:{error.code}",
        "title": str(error.title),
        "status": error.status,
        "detail": str(error.detail),
        "code": error.code,
        "errors": [
            {"field": one.field, "code": one.code, "message": str(one.message)}
            for one in error.errors
        ],
        "request_id": request_id,
        **error.extra,
    }


def headers_of(error: AppError) -> Mapping[str, str]:
    """What RFC 9110 wants beside the status."""
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, Unavailable):
        return {"Retry-After": str(OUTAGE_RETRY_SECONDS)}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="InvoicePatch"'}
    return {}


def problem_response(request: HttpRequest, error: AppError) -> HttpResponse:
    """The error as application/problem+json."""
    body = problem(error, getattr(request, "request_id", None))
    return HttpResponse(
        _ENCODER.encode(body),
        status=error.status,
        content_type=PROBLEM_TYPE,
        headers={**headers_of(error), "Cache-Control": "no-store"},
    )


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


def error_response(request: HttpRequest, error: AppError) -> HttpResponse:
    """The error as the client of this request can read it."""
    if is_api_request(request):
        return problem_response(request, error)
    if isinstance(error, Unauthenticated):
        return _to_sign_in(request)
    context = {
        "error": error,
        "retry_after": getattr(error, "retry_after", None),
        "request_id": getattr(request, "request_id", None),
    }
    template = select_template([f"{error.status}.html", "layouts/error.html"])
    return HttpResponse(
        template.render(context, request), status=error.status, headers=headers_of(error)
    )


def unexpected_response(request: HttpRequest) -> HttpResponse:
    """The answer to an exception nobody expected: nothing of it leaks, not even a template's.

    Call it while the exception is handled: one that an outage caused is answered 503.
    """
    error: AppError = UnexpectedError(
        _("Something broke on our side and the request was undone. Try again.")
    )
    if isinstance(sys.exception(), OUTAGES):
        error = Unavailable(_("A part of the service does not answer just now. Try again soon."))
    if is_api_request(request):
        return problem_response(request, error)
    context = {"request_id": getattr(request, "request_id", None)}
    try:
        page = get_template(f"{error.status}.html").render(context)
    except TemplateDoesNotExist:
        page = str(error.detail)
    return HttpResponse(page, status=error.status, headers=headers_of(error))


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    redirect = redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": redirect.url})
    return redirect
