"""Pages of deliveries: the log, one delivery, sending an invoice."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from shared.kernel.actor import Actor
from shared.kernel.api import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from tenants.delivery import selectors, services
from tenants.delivery.links import delivery_link, has_link
from tenants.delivery.models import Channel, Delivery, DocumentKind
from tenants.delivery.wording import refusal_text
from tenants.invoices.selectors import invoice_by_code

# What a channel answers where the address is to blame.
WRONG_ADDRESS = ("suppressed", "bounced", "no_address", "complained")


@require_safe
def delivery_list(request: ApiRequest) -> HttpResponse:
    """What went out, what waits and what failed."""
    filters = {name: request.GET.get(name, "") for name in ("status", "kind", "channel")}
    text = request.GET.get("q", "").strip()
    found = selectors.deliveries(actor=request.actor, text=text, **filters)
    page = paginate(found, paging_of(request), orderings=("created_at",), default="-created_at")
    context = {
        "page": page,
        "statuses": Delivery.Status.choices,
        "kinds": DocumentKind.choices,
        "channels": Channel.choices,
        "is_filtered": bool(text or any(filters.values())),
        "can_resend": filters["status"] == Delivery.Status.FAILED
        and request.actor.may("delivery.write"),
    }
    return render(request, "delivery/list.html", context)


@require_safe
def delivery_detail(request: ApiRequest, delivery_id: UUID) -> HttpResponse:
    """One delivery: to whom, how far, and everything that happened."""
    delivery = selectors.delivery_by_id(actor=request.actor, delivery_id=delivery_id)
    context = {
        "delivery": delivery,
        "crumbs": [(_("Deliveries"), reverse("delivery_list")), (delivery.object_code, None)],
        "facts": [
            (_("Customer"), delivery.customer.name),
            (_("Document"), f"{delivery.get_kind_display()} · {delivery.object_code}"),
            (_("Channel"), delivery.get_channel_display()),
            (_("To"), delivery.recipient_name),
            (_("Address"), delivery.address),
            (_("Attempts"), delivery.attempts),
        ],
        "why": refusal_text(delivery.error) if delivery.error else "",
        "remedies": _remedies(delivery, actor=request.actor),
        "events": [
            {
                "title": event.get_kind_display(),
                "note": refusal_text(event.detail) if event.detail else "",
                "when": event.created_at,
                "state": "bad" if event.kind in ("failed", "bounced", "complained") else "done",
            }
            for event in delivery.events.all()
        ],
        "link": delivery_link(delivery) if has_link(delivery) else "",
        "may_write": request.actor.may("delivery.write"),
        "can_cancel": delivery.status in (Delivery.Status.PENDING, Delivery.Status.FAILED),
    }
    return render(request, "delivery/detail.html", context)


def _remedies(delivery: Delivery, *, actor: Actor) -> list[tuple[str, str]]:
    """What helps where an address is wrong or stopped: labels and pages that may be opened."""
    if delivery.status != Delivery.Status.FAILED or delivery.error not in WRONG_ADDRESS:
        return []
    customer = delivery.customer.customer_id
    found = [(_("Recipients of the customer"), reverse("recipient_list", args=[customer]))]
    if delivery.site_code and actor.may("sites.read"):
        site = reverse("site_detail", args=[delivery.site_code])
        found.insert(0, (_("Contact of the site"), site))
    if delivery.error != "no_address":
        found.append((_("Stopped addresses"), reverse("stopped_addresses")))
    return found


@require_POST
def delivery_resend(request: ApiRequest, delivery_id: UUID) -> HttpResponse:
    """Send it once more."""
    authorize(request.actor, "delivery.write")
    try:
        sent = services.resend(actor=request.actor, delivery_id=delivery_id)
    except AppError as error:
        messages.error(request, str(error.detail))
    else:
        if sent.pk == delivery_id:
            messages.success(request, _("It is on its way again."))
        else:
            to = sent.recipient_name or str(sent.address)
            messages.success(request, _("It is on its way to %(name)s now.") % {"name": to})
        delivery_id = sent.pk
    return redirect("delivery_detail", delivery_id=delivery_id)


@require_POST
def deliveries_resend(request: ApiRequest) -> HttpResponse:
    """Send the failed ones that the list shows once more."""
    authorize(request.actor, "delivery.write")
    wanted = {name: request.POST.get(name, "") for name in ("kind", "channel")}
    text = request.POST.get("q", "").strip()
    number = services.resend_failed(actor=request.actor, text=text, **wanted)
    words = ngettext("%(count)s is on its way again.", "%(count)s are on their way again.", number)
    messages.success(request, words % {"count": number})
    return redirect("delivery_list")


@require_POST
def delivery_cancel(request: ApiRequest, delivery_id: UUID) -> HttpResponse:
    """Give it up."""
    authorize(request.actor, "delivery.write")
    try:
        services.cancel(actor=request.actor, delivery_id=delivery_id)
    except AppError as error:
        messages.error(request, str(error.detail))
    else:
        messages.success(request, _("Given up. The document stays as it is."))
    return redirect("delivery_detail", delivery_id=delivery_id)


@require_POST
def invoice_send(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Send an invoice to its recipients."""
    authorize(request.actor, "delivery.write")
    try:
        made = services.send_invoice(actor=request.actor, invoice_id=invoice_id)
    except AppError as error:
        messages.error(request, str(error.detail))
    else:
        text = ngettext(
            "On its way to %(count)s recipient.", "On its way to %(count)s recipients.", len(made)
        )
        messages.success(request, text % {"count": len(made)})
    return redirect("invoice_detail", invoice_id=invoice_id)


@require_safe
def invoice_deliveries(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """The card with an invoice's deliveries, for its page."""
    authorize(request.actor, "delivery.read")
    invoice = invoice_by_code(actor=request.actor, invoice_id=invoice_id)
    found = selectors.deliveries_of(actor=request.actor, object_id=invoice.pk)
    page = paginate(found, paging_of(request), orderings=("created_at",), default="-created_at")
    context = {
        "invoice": invoice,
        "deliveries": page.items,
        "may_send": request.actor.may("delivery.write") and invoice.document_status == "issued",
    }
    return render(request, "delivery/of_invoice.html", context)
