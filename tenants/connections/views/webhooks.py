"""Pages: webhooks, their deliveries and secrets."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors, form_page
from tenants.connections.forms import RotateForm, WebhookForm
from tenants.connections.models import OrderedWork
from tenants.connections.selectors import webhooks as selectors
from tenants.connections.services import webhooks as services
from tenants.connections.topics import AREAS
from tenants.connections.wording import EVENT_LABELS
from tenants.connections.work.delivering import body_of


def _above() -> tuple[str, str]:
    return (_("Webhooks"), reverse("webhook_list"))


def _crumbs(*more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    return [_above(), *more]


@require_safe
def webhook_list(request: ApiRequest) -> HttpResponse:
    """Who is told of events."""
    page = paginate(
        selectors.endpoints(actor=request.actor),
        paging_of(request),
        orderings=("created_at",),
        default="created_at",
    )
    return render(request, "connections/webhooks.html", {"page": page, "areas": AREAS})


@never_cache
@require_http_methods(["GET", "POST"])
def webhook_new(request: ApiRequest) -> HttpResponse:
    """Register an address; its secret is on the answer and nowhere else."""
    authorize(request.actor, "connections.write")
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_endpoint(actor=request.actor, **form.cleaned_data)
        except AppError as error:
            add_errors(form, error, {"topics": "topics"})
        else:
            return _secret_page(request, made)
    return form_page(
        request, "connections/webhook_form.html", form, above=[_above()], title=_("New webhook")
    )


@require_http_methods(["GET", "POST"])
def webhook_edit(request: ApiRequest, endpoint_id: UUID) -> HttpResponse:
    """Change where to, and what of."""
    authorize(request.actor, "connections.write")
    endpoint = selectors.endpoint_by_id(actor=request.actor, endpoint_id=endpoint_id)
    initial = {name: getattr(endpoint, name) for name in ("url", "description", "topics")}
    form = WebhookForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_endpoint(
                actor=request.actor, endpoint_id=endpoint_id, **form.cleaned_data
            )
        except AppError as error:
            add_errors(form, error, {"topics": "topics"})
        else:
            messages.success(request, _("Saved."))
            return redirect("webhook_detail", endpoint_id=endpoint_id)
    above = [_above(), (endpoint.url, reverse("webhook_detail", args=[endpoint_id]))]
    title = _("Change webhook")
    return form_page(request, "connections/webhook_form.html", form, above=above, title=title)


def _secret_page(request: ApiRequest, made: services.MadeEndpoint) -> HttpResponse:
    context = {
        "endpoint": made.endpoint,
        "secret": made.secret,
        "crumbs": _crumbs((made.endpoint.url, None)),
    }
    return render(request, "connections/webhook_secret.html", context)


@require_safe
def webhook_detail(request: ApiRequest, endpoint_id: UUID) -> HttpResponse:
    """One webhook with its delivery log."""
    endpoint = selectors.endpoint_by_id(actor=request.actor, endpoint_id=endpoint_id)
    status = request.GET.get("status", "")
    found = selectors.deliveries(
        actor=request.actor,
        endpoint_id=endpoint_id,
        status=status if status in OrderedWork.Status.values else "",
    )
    page = paginate(found, paging_of(request), orderings=("created_at",), default="-created_at")
    context: dict[str, Any] = {
        "endpoint": endpoint,
        "page": page,
        "areas": AREAS,
        "event_labels": EVENT_LABELS,
        "statuses": OrderedWork.Status.choices,
        "rotate_form": RotateForm(),
        "crumbs": _crumbs((endpoint.url, None)),
    }
    return render(request, "connections/webhook.html", context)


@require_safe
def webhook_delivery(request: ApiRequest, endpoint_id: UUID, delivery_id: UUID) -> HttpResponse:
    """One delivery: what was sent, and every try."""
    delivery = selectors.delivery_by_id(
        actor=request.actor, endpoint_id=endpoint_id, delivery_id=delivery_id
    )
    context = {
        "delivery": delivery,
        "title": str(EVENT_LABELS.get(delivery.topic, delivery.topic)),
        "body": body_of(delivery).decode(),
        "is_open": delivery.status in OrderedWork.OPEN,
        "crumbs": _crumbs(
            (delivery.endpoint.url, reverse("webhook_detail", args=[endpoint_id])),
            (str(EVENT_LABELS.get(delivery.topic, delivery.topic)), None),
        ),
    }
    return render(request, "connections/webhook_delivery.html", context)


@require_POST
def webhook_state(request: ApiRequest, endpoint_id: UUID) -> HttpResponse:
    """Pause or activate."""
    active = request.POST.get("active") == "1"
    services.update_endpoint(actor=request.actor, endpoint_id=endpoint_id, active=active)
    messages.success(request, _("It is active.") if active else _("It is paused."))
    return redirect("webhook_detail", endpoint_id=endpoint_id)


@never_cache
@require_POST
def webhook_rotate(request: ApiRequest, endpoint_id: UUID) -> HttpResponse:
    """A new secret, on the answer and nowhere else."""
    authorize(request.actor, "connections.write")
    form = RotateForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Between 0 and 168 hours."))
        return redirect("webhook_detail", endpoint_id=endpoint_id)
    made = services.rotate_secret(
        actor=request.actor,
        endpoint_id=endpoint_id,
        overlap_hours=form.cleaned_data["overlap_hours"],
    )
    return _secret_page(request, made)


@require_POST
def webhook_test(request: ApiRequest, endpoint_id: UUID) -> HttpResponse:
    """Send an event that tells of nothing."""
    delivery = services.send_test(actor=request.actor, endpoint_id=endpoint_id)
    messages.success(request, _("A test is on its way."))
    return redirect("webhook_delivery", endpoint_id=endpoint_id, delivery_id=delivery.pk)


@require_POST
def webhook_delete(request: ApiRequest, endpoint_id: UUID) -> HttpResponse:
    """Remove a webhook with its log."""
    services.delete_endpoint(actor=request.actor, endpoint_id=endpoint_id)
    messages.success(request, _("The webhook was removed."))
    return redirect("webhook_list")


@require_POST
def webhook_replay(request: ApiRequest, endpoint_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Send a delivery again."""
    delivery = services.replay_delivery(
        actor=request.actor, endpoint_id=endpoint_id, delivery_id=delivery_id
    )
    messages.success(request, _("It is sent again."))
    return redirect("webhook_delivery", endpoint_id=endpoint_id, delivery_id=delivery.pk)


@require_POST
def webhook_replay_failed(request: ApiRequest, endpoint_id: UUID) -> HttpResponse:
    """Send everything that failed again."""
    number = services.replay_failed(actor=request.actor, endpoint_id=endpoint_id)
    text = ngettext("%(n)d delivery is sent again.", "%(n)d deliveries are sent again.", number)
    messages.success(request, text % {"n": number})
    return redirect("webhook_detail", endpoint_id=endpoint_id)
