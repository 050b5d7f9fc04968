"""Pages of the design system itself: a tenant's brand as CSS, and the styleguide."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shared.kernel.brand import brand_stylesheet as stylesheet_of
from shared.kernel.styleguide import styleguide_context


@require_safe
@cache_control(public=True, max_age=86400)
def brand_stylesheet(request: HttpRequest) -> HttpResponse:
    """The organisation's colour as tokens; empty without one. Its link carries the colour."""
    colour = getattr(getattr(request, "tenant", None), "brand_colour", "")
    css = stylesheet_of(colour) if colour else ""
    return HttpResponse(css, content_type="text/css; charset=utf-8")


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component with realistic data in all its states; in development only."""
    if not (settings.DEBUG or getattr(settings, "STYLEGUIDE", False)):
        raise Http404
    return render(request, "styleguide.html", styleguide_context(request))
