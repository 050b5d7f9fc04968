"""Pages of who gets a customer's documents, and of reminders."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.kernel.api import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize, authorize_form
from shared.kernel.clock import today
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors, form_page
from tenants.delivery import selectors, services
from tenants.delivery.dunning import due_reminders
from tenants.delivery.forms import LEVELS, HoldForm, LevelsForm, RecipientForm
from tenants.delivery.models import Recipient
from tenants.sites.models import Customer
from tenants.sites.selectors import customer_by_code, sites

PREVIEW_MAX = 50
SITES_MAX = 500


@require_http_methods(["GET", "HEAD", "POST"])
def recipient_list(request: ApiRequest, customer_id: str) -> HttpResponse:
    """A customer's recipients and reminders, and the form that adds a recipient."""
    authorize_form(request, see="delivery.read", change="delivery.write")
    customer = customer_by_code(actor=request.actor, customer_id=customer_id)
    form = RecipientForm(request.POST or None, sites=_sites(request, customer_id))
    if request.method == "POST" and form.is_valid():
        try:
            services.add_recipient(actor=request.actor, customer_id=customer_id, given=form.given())
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("The recipient was added."))
            return redirect("recipient_list", customer_id=customer_id)
    found = selectors.recipients_of(actor=request.actor, customer_id=customer_id)
    sent = selectors.reminders(actor=request.actor, customer_code=customer_id)
    context = {
        "customer": customer,
        "form": form,
        "recipients": _with_reasons(request, found),
        "reminders": sent[:PREVIEW_MAX],
        "hold": selectors.hold_of(actor=request.actor, customer_pk=customer.pk),
        "hold_form": HoldForm(),
        "endpoint": selectors.sftp_endpoint_of(actor=request.actor, customer_pk=customer.pk),
        "crumbs": [*above_recipients(customer), (_("Delivery"), None)],
        "may_write": request.actor.may("delivery.write"),
    }
    failed = request.method == "POST"
    return render(request, "delivery/recipients.html", context, status=422 if failed else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def recipient_edit(request: ApiRequest, customer_id: str, recipient_id: UUID) -> HttpResponse:
    """Change what a recipient gets, how and in which language."""
    authorize(request.actor, "delivery.write")
    customer = customer_by_code(actor=request.actor, customer_id=customer_id)
    recipient = selectors.recipient_of(
        actor=request.actor, customer_id=customer_id, recipient_id=recipient_id
    )
    form = RecipientForm(
        request.POST if request.method == "POST" else None,
        initial=RecipientForm.initial_of(recipient),
        sites=_sites(request, customer_id),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change_recipient(
                actor=request.actor, recipient_id=recipient_id, given=form.given()
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _("The recipient was saved."))
            return redirect("recipient_list", customer_id=customer_id)
    back = reverse("recipient_list", args=[customer_id])
    return form_page(
        request,
        "delivery/recipient.html",
        form,
        above=[*above_recipients(customer), (_("Delivery"), back)],
        title=recipient.name,
        sub=_("What is sent to this person, how and in which language."),
    )


def above_recipients(customer: Customer) -> list[tuple[str, str]]:
    """The pages above those of a customer's delivery."""
    return [
        (_("Customers"), reverse("customer_list")),
        (customer.name, reverse("customer_detail", args=[customer.customer_id])),
    ]


@require_POST
def recipient_remove(request: ApiRequest, customer_id: str, recipient_id: UUID) -> HttpResponse:
    """Remove a recipient."""
    authorize(request.actor, "delivery.write")
    selectors.recipient_of(actor=request.actor, customer_id=customer_id, recipient_id=recipient_id)
    services.remove_recipient(actor=request.actor, recipient_id=recipient_id)
    messages.success(request, _("The recipient was removed."))
    return redirect("recipient_list", customer_id=customer_id)


@require_POST
def reminders_hold(request: ApiRequest, customer_id: str) -> HttpResponse:
    """Stop reminding a customer."""
    authorize(request.actor, "delivery.write")
    form = HoldForm(request.POST)
    if form.is_valid():
        services.hold_reminders(actor=request.actor, customer_id=customer_id, **form.cleaned_data)
        messages.success(request, _("The customer is not reminded any more."))
    else:
        messages.error(request, _("Say why, in at most 500 characters."))
    return redirect("recipient_list", customer_id=customer_id)


@require_POST
def reminders_resume(request: ApiRequest, customer_id: str) -> HttpResponse:
    """Remind a customer again."""
    services.resume_reminders(actor=request.actor, customer_id=customer_id)
    messages.success(request, _("The customer is reminded again."))
    return redirect("recipient_list", customer_id=customer_id)


@require_http_methods(["GET", "HEAD", "POST"])
def reminder_settings(request: ApiRequest) -> HttpResponse:
    """When customers are reminded, and who would be today."""
    authorize_form(request, see="delivery.read", change="organisation.write")
    levels = selectors.dunning_levels(actor=request.actor)
    initial = {
        name: value
        for one in levels
        for name, value in (
            (f"days_{one.level}", one.days_overdue),
            (f"attach_{one.level}", one.attach_statement),
        )
    }
    form = LevelsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_levels(actor=request.actor, levels=form.levels())
        except AppError as error:
            paths = {f"levels[{n}].days_overdue": f"days_{n + 1}" for n in range(LEVELS)}
            add_errors(form, error, paths)
        else:
            messages.success(request, _("The levels were saved."))
            return redirect("reminder_settings")
    due = due_reminders(today())
    context = {
        "form": form,
        "rows": [(form[f"days_{n}"], form[f"attach_{n}"]) for n in range(1, LEVELS + 1)],
        "due_count": len(due),
        "due": due[:PREVIEW_MAX],
        "may_write": request.actor.may("organisation.write"),
        "may_send": request.actor.may("delivery.write"),
    }
    failed = request.method == "POST"
    return render(request, "delivery/reminders.html", context, status=422 if failed else 200)


@require_POST
def reminders_send(request: ApiRequest) -> HttpResponse:
    """Write today's letters now."""
    made = services.send_reminders(actor=request.actor)
    messages.success(request, _("%(count)s letters are on their way.") % {"count": len(made)})
    return redirect("reminder_list")


@require_safe
def reminder_list(request: ApiRequest) -> HttpResponse:
    """The letters that were sent."""
    found = selectors.reminders(actor=request.actor)
    page = paginate(found, paging_of(request), orderings=("dated",), default="-dated")
    crumbs = [(_("Deliveries"), reverse("delivery_list")), (_("Reminders"), None)]
    return render(request, "delivery/reminder_list.html", {"page": page, "crumbs": crumbs})


def _sites(request: ApiRequest, customer_id: str) -> list[tuple[str, str]]:
    found = sites(actor=request.actor).filter(customer__customer_id=customer_id)
    return list(found.order_by("name").values_list("site_id", "name")[:SITES_MAX])


def _with_reasons(request: ApiRequest, found: Iterable[Recipient]) -> list[tuple[Recipient, str]]:
    """The recipients, each with why its address is not written to."""
    rows = list(found)
    stopped = selectors.stopped_reasons(
        actor=request.actor, emails=[str(one.email or "") for one in rows]
    )
    return [(one, stopped.get(str(one.email or "").lower(), "")) for one in rows]
