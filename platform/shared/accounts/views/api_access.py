"""Pages: API clients and keys."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.accounts import selectors
from shared.accounts.forms import CredentialForm, add_problem
from shared.accounts.services import credentials
from shared.accounts.sites import site_url
from shared.kernel.api import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Invalid

TOKEN_PATH = "/api/v1/oauth/token"  # noqa: S105 - an address


@require_safe
def list_credentials(request: ApiRequest) -> HttpResponse:
    """What programs sign in with."""
    context = {
        "clients": selectors.api_clients(request.actor),
        "keys": selectors.api_keys(request.actor),
        "may_change": request.actor.may("api_clients.write"),
        "token_url": site_url(TOKEN_PATH),
    }
    return render(request, "accounts/api_access.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def create_client(request: ApiRequest) -> HttpResponse:
    """Make an OAuth client; its secret is on the answer and nowhere else."""
    authorize(request.actor, "api_clients.write")
    form = CredentialForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        try:
            made = credentials.create_api_client(actor=request.actor, grant=form.grant())
        except Invalid as error:
            add_problem(form, error)
        else:
            context = {
                "credential": made.client,
                "client_id": made.client.client_id,
                "secret": made.secret,
                "token_url": site_url(TOKEN_PATH),
            }
            return render(request, "accounts/credential_made.html", context)
    return render(request, "accounts/credential_form.html", {"form": form, "kind": "client"})


@never_cache
@require_http_methods(["GET", "POST"])
def create_key(request: ApiRequest) -> HttpResponse:
    """Make an API key; it is on the answer and nowhere else."""
    authorize(request.actor, "api_clients.write")
    form = CredentialForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        try:
            made = credentials.create_api_key(actor=request.actor, grant=form.grant())
        except Invalid as error:
            add_problem(form, error)
        else:
            context = {"credential": made.key, "secret": made.secret}
            return render(request, "accounts/credential_made.html", context)
    return render(request, "accounts/credential_form.html", {"form": form, "kind": "key"})


@require_POST
def revoke_client(request: ApiRequest, client_pk: UUID) -> HttpResponse:
    """End a client and its tokens."""
    credentials.revoke_api_client(actor=request.actor, client_pk=client_pk)
    messages.success(request, _("The API client was revoked."))
    return redirect("api_access")


@require_POST
def revoke_key(request: ApiRequest, key_id: UUID) -> HttpResponse:
    """End a key."""
    credentials.revoke_api_key(actor=request.actor, key_id=key_id)
    messages.success(request, _("The API key was revoked."))
    return redirect("api_access")
