"""The way to Stripe and back on which the owner of an account gives access to it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError, NotFound
from shared.kernel.tenancy import load_organisation
from tenants.payments.selectors.online import online_account
from tenants.payments.services import linking
from tenants.payments.views.online import show_settings

ANSWERED = ("state", "code", "error")
LENGTH_MAX = 500


@never_cache
@require_GET
def connect_stripe(request: ApiRequest) -> HttpResponse:
    """Lead to Stripe. By a link: our pages may send forms to no other host."""
    return HttpResponseRedirect(linking.link_address(actor=request.actor))


@require_GET
def lead_to_organisation(request: HttpRequest) -> HttpResponse:
    """From the one address that Stripe knows, on the bare domain, to the organisation's own."""
    answer = _answer(request)
    try:
        organisation = load_organisation(linking.schema_of_state(answer["state"]))
    except LookupError as error:
        raise NotFound() from error
    return HttpResponseRedirect(f"{organisation.url}{linking.ARRIVAL_PATH}?{urlencode(answer)}")


@never_cache
@require_GET
def stripe_arrival(request: ApiRequest) -> HttpResponse:
    """Back from Stripe: the account is connected, or the page says what happened and what to do."""
    authorize(request.actor, "organisation.write")
    answer = _answer(request)
    try:
        account = linking.link_account(
            actor=request.actor,
            state=answer["state"],
            code=answer["code"],
            refusal=answer["error"],
        )
    except AppError as error:
        present = online_account(actor=request.actor)
        return show_settings(request, present, problem=error, status=error.status)
    messages.success(request, _("%(account)s is connected.") % {"account": account})
    return redirect("online_settings")


def _answer(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "")[:LENGTH_MAX] for name in ANSWERED}
