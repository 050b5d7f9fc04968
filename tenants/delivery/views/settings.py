"""Pages on which mail services and customers' file drops are set up."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.kernel.api import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize, authorize_form
from shared.kernel.errors import AppError, NotFound
from shared.kernel.forms import add_errors, form_page
from shared.kernel.tenancy import require_organisation
from tenants.delivery import selectors, services
from tenants.delivery.forms import EndpointForm, SendGridForm
from tenants.delivery.models import MailProvider
from tenants.delivery.views.recipients import above_recipients
from tenants.sites.selectors import customer_by_code

KEPT = ("host", "port", "username", "fingerprint", "folder", "file_name")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mail_services(request: ApiRequest) -> HttpResponse:
    """Who tells what became of e-mails. A fresh secret is shown once."""
    authorize(request.actor, "organisation.write")
    known = selectors.webhook_providers(actor=request.actor)
    provider = request.POST.get("provider", "")
    if request.method == "POST" and provider not in MailProvider.values:
        raise NotFound()
    if "remove" in request.POST:
        services.remove_webhook(actor=request.actor, provider=provider)
        messages.success(request, _("Nothing is taken from it any more."))
        return redirect("delivery_settings")
    is_sendgrid = provider == MailProvider.SENDGRID
    form = SendGridForm(request.POST if is_sendgrid else None)
    secret = ""
    if request.method == "POST" and (not is_sendgrid or form.is_valid()):
        key = form.cleaned_data["key"] if is_sendgrid else ""
        try:
            secret = services.set_webhook(actor=request.actor, provider=provider, key=key)
        except AppError as error:
            add_errors(form, error, {})
        if secret and is_sendgrid:
            messages.success(request, _("SendGrid's events are taken from now on."))
            return redirect("delivery_settings")
    failed = request.method == "POST" and not secret
    base = f"{require_organisation().url}/api/v1/delivery/webhooks"
    context = {
        "form": form,
        "secret": secret,
        "has_generic": bool(secret) or MailProvider.GENERIC in known,
        "has_sendgrid": MailProvider.SENDGRID in known,
        "generic_url": f"{base}/{MailProvider.GENERIC}",
        "sendgrid_url": f"{base}/{MailProvider.SENDGRID}",
    }
    return render(request, "delivery/mail_services.html", context, status=422 if failed else 200)


@require_safe
def stopped_addresses(request: ApiRequest) -> HttpResponse:
    """Addresses that are not written to since they bounced or reported spam."""
    found = selectors.stopped_addresses(actor=request.actor)
    context = {
        "page": paginate(
            found, paging_of(request), orderings=("created_at",), default="-created_at"
        ),
        "may_write": request.actor.may("delivery.write"),
        "crumbs": [(_("Deliveries"), reverse("delivery_list")), (_("Stopped addresses"), None)],
    }
    return render(request, "delivery/stopped.html", context)


@require_POST
def address_allow(request: ApiRequest, address_id: UUID) -> HttpResponse:
    """Write to an address again."""
    services.allow_address(actor=request.actor, address_id=address_id)
    messages.success(request, _("The address is written to again."))
    return redirect("stopped_addresses")


@require_http_methods(["GET", "HEAD", "POST"])
def file_drop(request: ApiRequest, customer_id: str) -> HttpResponse:
    """The server that a customer's documents are put on."""
    authorize_form(request, see="delivery.read", change="delivery.write")
    customer = customer_by_code(actor=request.actor, customer_id=customer_id)
    endpoint = selectors.sftp_endpoint_of(actor=request.actor, customer_pk=customer.pk)
    if "remove" in request.POST:
        services.remove_sftp_endpoint(actor=request.actor, customer_id=customer_id)
        messages.success(request, _("The file drop was removed."))
        return redirect("recipient_list", customer_id=customer_id)
    initial = {name: getattr(endpoint, name) for name in KEPT} if endpoint else None
    form = EndpointForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_sftp_endpoint(
                actor=request.actor, customer_id=customer_id, given=form.given()
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("The file drop was saved."))
            return redirect("recipient_list", customer_id=customer_id)
    back = reverse("recipient_list", args=[customer_id])
    return form_page(
        request,
        "delivery/file_drop.html",
        form,
        above=[*above_recipients(customer), (_("Delivery"), back)],
        title=_("File drop (SFTP)"),
        sub=_(
            "Documents are put on the customer's server as PDF, invoices also as XML."
            " Choose this channel for a recipient to use it."
        ),
        endpoint=endpoint,
        may_write=request.actor.may("delivery.write"),
    )
