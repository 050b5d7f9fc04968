"""From the Host header to the organisation, before anything else looks at the request."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import split_domain_port
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared.kernel.errors import AppError, Malformed, NotFound
from shared.kernel.problems import error_response, is_api_request
from shared.kernel.tenancy import connection
from shared.organisations.models import Organisation
from shared.organisations.selectors import find_site

Handler = Callable[[HttpRequest], HttpResponse]


class Closed(AppError):
    """403: the organisation is suspended or about to be deleted."""

    status = 403
    code = "organisation_closed"
    title = gettext_lazy("This organisation is closed")


class OrganisationMiddleware:
    """Enter the organisation whose host is asked for; afterwards return to the public schema.

    The bare domain serves the public pages, an unknown host 404, a former address a redirect, a
    closed organisation the reason. Django refuses hosts outside ALLOWED_HOSTS (names in other
    scripts among them) and split_domain_port drops case, port and a trailing dot.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        connection.set_schema_to_public()
        request.organisation = None  # type: ignore[attr-defined]
        try:
            host, _port = split_domain_port(request.get_host())
        except DisallowedHost:
            return _refuse(request, Malformed(_("This service has no such address.")))
        if not host.endswith(f".{settings.BASE_DOMAIN}") or _is_static(request):
            return self._serve_public(request)
        site = find_site(host)
        if site is None:
            missing = NotFound(_("No organisation answers at this address."))
            return _refuse(request, missing)
        if site.redirects_until is not None:
            return _redirect(request, site.organisation)
        if site.organisation.state != Organisation.State.ACTIVE:
            return _refuse(request, _closed(site.organisation))
        return self._serve_tenant(request, site.organisation)

    def _serve_public(self, request: HttpRequest) -> HttpResponse:
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
        return self.get_response(request)

    def _serve_tenant(self, request: HttpRequest, organisation: Organisation) -> HttpResponse:
        # `tenant` is django-tenants' name for it, absent on the bare domain.
        request.tenant = request.organisation = organisation  # type: ignore[attr-defined]
        connection.set_tenant(organisation)
        try:
            return self.get_response(request)
        finally:
            connection.set_schema_to_public()


def _is_static(request: HttpRequest) -> bool:
    """Style sheets are nobody's: the pages that refuse a host need them, too."""
    return request.path_info.startswith(settings.STATIC_URL)


def _closed(organisation: Organisation) -> AppError:
    if organisation.state == Organisation.State.DELETING:
        return Closed(
            _("It will be deleted for good. Its owner has an e-mail with a link that undoes it.")
        )
    return Closed(organisation.state_reason or _("Its access is suspended."))


def _refuse(request: HttpRequest, error: AppError) -> HttpResponse:
    """An answer without session, language cookie or tenant."""
    request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
    with translation.override(translation.get_language_from_request(request)):
        if isinstance(error, Closed) and not is_api_request(request):
            context = {"error": error, "request_id": getattr(request, "request_id", None)}
            response = render(request, "organisations/closed.html", context, status=error.status)
        else:
            response = error_response(request, error)
    patch_vary_headers(response, ("Accept-Language",))
    patch_cache_control(response, no_store=True)
    return response


def _redirect(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """To the same page at the new address, with the same method; never 301, which would
    outlast the 30 days in browsers."""
    response = HttpResponseRedirect(organisation.url + request.get_full_path())
    response.status_code = 302 if request.method in ("GET", "HEAD") else 307
    patch_cache_control(response, no_store=True)
    return response
