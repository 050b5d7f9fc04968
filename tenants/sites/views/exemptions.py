"""Settings, Tax exemptions: the certificates of all customers."""

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from tenants.sites import selectors

SOON = timedelta(days=60)


@require_safe
def exemption_list(request: ApiRequest) -> HttpResponse:
    """Whose certificates there are, and which end soon; they are kept on the customer's page."""
    authorize(request.actor, "sites.read")
    soon = today() + SOON
    only_ending = request.GET.get("show") == "ending"
    found = selectors.exemptions(actor=request.actor, expires_by=soon if only_ending else None)
    page = paginate(found, paging_of(request), orderings=("component",), default="component")
    context = {"page": page, "today": today(), "soon": soon, "only_ending": only_ending}
    return render(request, "customers/exemptions.html", context)
