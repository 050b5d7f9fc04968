"""First sign-in of a new owner, the organisation's address, and its end. On a tenant's host."""

from allauth.account.models import EmailAddress
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shared.accounts.forms import add_problem
from shared.kernel.api import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Invalid
from shared.organisations.forms import AddressForm, DeletionForm
from shared.organisations.mails import bare_url
from shared.organisations.services import life
from shared.organisations.services.signin import use_first_sign_in


@never_cache
@require_safe
def first_sign_in(request: ApiRequest, token: str) -> HttpResponse:
    """Sign the new owner in. The address is still to be verified: a mail asks for it now."""
    user = use_first_sign_in(actor=request.actor, token=token)
    logout(request)  # somebody else's session may still be open in this browser
    perform_login(request, user, email_verification="none")
    address = EmailAddress.objects.filter(user=user, verified=False).first()
    if address is not None:
        address.send_confirmation(request)
        messages.info(
            request,
            _("We sent a link to %(email)s. Open it to verify your address.")
            % {"email": address.email},
        )
    return redirect("/")


@require_http_methods(["GET", "POST"])
def edit_address(request: ApiRequest) -> HttpResponse:
    """Move the organisation to another subdomain."""
    authorize(request.actor, "organisation.write")
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            organisation = life.rename_subdomain(
                actor=request.actor,
                organisation_id=request.tenant.id,
                subdomain=form.cleaned_data["subdomain"],
            )
        except Invalid as error:
            add_problem(form, error)
        else:
            return HttpResponseRedirect(organisation.url)
    context = {
        "form": form,
        "suffix": f".{settings.BASE_DOMAIN}",
        "may_delete": request.actor.may("organisation.delete"),
    }
    return render(request, "organisations/address.html", context)


@require_http_methods(["GET", "POST"])
def delete_organisation(request: ApiRequest) -> HttpResponse:
    """Ask for the organisation's end; an owner's right."""
    authorize(request.actor, "organisation.delete")
    subdomain = request.tenant.subdomain
    data = request.POST if request.method == "POST" else None
    form = DeletionForm(data, subdomain=subdomain)
    if form.is_bound and form.is_valid():
        life.request_deletion(actor=request.actor, organisation_id=request.tenant.id)
        logout(request)
        return HttpResponseRedirect(bare_url("/"))
    return render(request, "organisations/delete.html", {"form": form})
