"""Pages of the design system itself (a tenant's brand as CSS, the styleguide) and of errors."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.brand import brand_stylesheet as stylesheet_of
from shared.kernel.errors import Forbidden, Malformed, NotFound, Unauthenticated
from shared.kernel.hooks import current_brand
from shared.kernel.problems import error_response, is_api_request, unexpected_response
from shared.kernel.shell import settings_groups
from shared.kernel.styleguide import styleguide_context


@require_safe
@cache_control(public=True, max_age=86400)
def brand_stylesheet(request: HttpRequest) -> HttpResponse:
    """The organisation's colour as tokens; empty without one. Its link carries the colour."""
    colour = current_brand().colour
    css = stylesheet_of(colour) if colour else ""
    return HttpResponse(css, content_type="text/css; charset=utf-8")


@require_safe
def settings_home(request: ApiRequest) -> HttpResponse:
    """Every page of settings that the reader may open, with what it is for.

    Raises Unauthenticated for nobody, Forbidden for who may open none of them.
    """
    if request.actor.kind == "anonymous":
        raise Unauthenticated()
    groups = settings_groups(request.actor)
    if not groups:
        raise Forbidden()
    return render(request, "settings.html", {"groups": groups})


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component with realistic data in all its states; in development only."""
    if not (settings.DEBUG or getattr(settings, "STYLEGUIDE", False)):
        raise Http404
    return render(request, "styleguide.html", styleguide_context(request))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, as page or problem."""
    return error_response(request, Malformed())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, as page or problem."""
    return error_response(request, Forbidden())


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, as page or problem."""
    return error_response(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """500, as page or problem, without a word about the cause."""
    return unexpected_response(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token, or with a stale one."""
    if is_api_request(request):
        return error_response(request, Forbidden(_("The CSRF token is missing or stale.")))
    return render(request, "403_csrf.html", status=403)
