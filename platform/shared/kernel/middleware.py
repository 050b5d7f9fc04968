"""What every request passes through, whatever it asks for."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import uuid4

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from shared.kernel.errors import AppError, Malformed, TooLarge
from shared.kernel.problems import (
    MethodNotAllowed,
    error_response,
    is_api_request,
    problem_response,
)

Handler = Callable[[HttpRequest], HttpResponse]

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")
DIGITS_MAX = 18  # of a length; Python refuses to read numbers of thousands of digits
UPLOAD_TYPES = ("multipart/form-data", "text/csv")


class RequestIdMiddleware:
    """Name the request: the caller's X-Request-ID where it is sane, else a fresh one.

    The name is in every log line, audit entry and problem, and in the answer's header. A path
    with control characters goes no further: PostgreSQL stores no NUL and nothing of ours has one.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            if CONTROL_CHARACTERS.search(request.path_info) or _asks_with_nul(request):
                detail = _("The address contains control characters.")
                response = error_response(request, Malformed(detail))
            else:
                response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


def _asks_with_nul(request: HttpRequest) -> bool:
    """Whether a page's query holds a NUL; the API names the parameter itself."""
    return "%00" in request.META.get("QUERY_STRING", "") and not is_api_request(request)


class BodyLimitMiddleware:
    """Refuse a body over 10 MiB, or 25 MiB for uploads, before anything reads it.

    A page's form that holds a NUL goes no further either.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            self._check(request)
        except AppError as error:
            return error_response(request, error)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_given: Any) -> HttpResponse | None:
        """None lets the request go on."""
        if request.method != "POST" or is_api_request(request):
            return None
        if any("\x00" in value for _name, values in request.POST.lists() for value in values):
            return error_response(request, Malformed(_("The form contains control characters.")))
        return None

    def _check(self, request: HttpRequest) -> None:
        limit = (
            settings.UPLOAD_LIMIT_BYTES
            if request.content_type in UPLOAD_TYPES
            else settings.BODY_LIMIT_BYTES
        )
        if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            _read_chunked(request, limit)
            return
        # Django takes a header CONTENT_LENGTH, with an underscore, for the same one.
        for name in ("CONTENT_LENGTH", "HTTP_CONTENT_LENGTH"):
            declared = request.META.get(name) or "0"
            if not declared.isdecimal() or len(declared) > DIGITS_MAX:
                raise Malformed(_("The Content-Length header is not a number."))
            if int(declared) > limit:
                raise _too_large(limit)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        _("The body is over %(limit)s MiB. Send it in parts.") % {"limit": limit // 1024**2}
    )


def _read_chunked(request: HttpRequest, limit: int) -> None:
    """A chunked body has no declared length: read it up to the limit and give it one."""
    source = request.META.get("wsgi.input")
    body = source.read(limit + 1) if source else b""
    if len(body) > limit:
        raise _too_large(limit)
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._stream = BytesIO(body)


class ContentSecurityPolicyMiddleware:
    """Nothing from another host, no inline script, no frame around us.

    A view that needs more sets the header itself. Platform staff's console and the API's
    reference page bring their own interface, which styles (and at /staff scripts) inline.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Content-Security-Policy" not in response:
            response["Content-Security-Policy"] = self._policy(request.path_info)
        response.setdefault(
            "Permissions-Policy",
            "accelerometer=(), browsing-topics=(), camera=(self), geolocation=(self), "
            "gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()",
        )
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # Somebody's books: no proxy keeps them, and a browser asks again before it shows them.
        response.setdefault("Cache-Control", "private, no-cache")
        return response

    def _policy(self, path: str) -> str:
        if path.startswith("/staff"):
            return self._console
        if path.endswith("/docs") and path.startswith("/api/"):
            return self._reference
        return self._strict

    @cached_property
    def _strict(self) -> str:
        return _policy()

    @cached_property
    def _reference(self) -> str:
        return _policy(style="'self' 'unsafe-inline'")

    @cached_property
    def _console(self) -> str:
        return _policy(
            script="'self' 'unsafe-inline' 'unsafe-eval'", style="'self' 'unsafe-inline'"
        )


def _policy(*, script: str = "'self'", style: str = "'self'") -> str:
    """Forms may lead from the bare domain to a tenant's address (sign-up, sign-in finder)."""
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    tenants = f"{settings.PUBLIC_SCHEME}://*.{settings.BASE_DOMAIN}{port}"
    directives: dict[str, str] = {
        "default-src": "'none'",
        "script-src": script,
        "style-src": style,
        "img-src": "'self' data: blob:",
        "font-src": "'self'",
        "connect-src": f"'self' {_live_source()}".strip(),
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "frame-src": "'self'",
        "form-action": f"'self' {tenants}",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "object-src": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _live_source() -> str:
    """The event server where it has an address of its own; each tenant's host, its port."""
    if not settings.LIVE_URL:
        return ""
    port = settings.LIVE_URL.rsplit(":", 1)[-1]
    return f"{settings.PUBLIC_SCHEME}://*.{settings.BASE_DOMAIN}:{port}"


class ErrorPageMiddleware:
    """Answer an AppError that a page's view raised; the API maps its own.

    Of the API's answers only the framework's own 405 is no problem yet.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and is_api_request(request):
            allowed = response["Allow"]
            response = problem_response(request, MethodNotAllowed())
            response["Allow"] = allowed
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> Any:
        """None leaves any other exception to Django's handlers (400, 403, 404, 500)."""
        if isinstance(exception, AppError):
            return error_response(request, exception)
        return None
