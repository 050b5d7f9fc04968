"""The list of disputes; buttons of an invoice's page: raise one, settle it, withdraw it."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid
from tenants.disputes import selectors, services
from tenants.disputes.models import Dispute
from tenants.invoices.views.page_actions import on_invoice_page

QUERY_MAX = 100


@require_safe
def dispute_list(request: ApiRequest) -> HttpResponse:
    """What customers object to, newest first, and what of it is open."""
    found = selectors.disputes(
        actor=request.actor,
        status=request.GET.get("status", ""),
        query=request.GET.get("q", "").strip()[:QUERY_MAX],
    )
    context = {
        "page": paginate(
            found, paging_of(request), orderings=("created_at", "amount"), default="-created_at"
        ),
        "open": selectors.open_disputes(actor=request.actor),
        "statuses": Dispute.Status.choices,
        "is_filtered": any(request.GET.get(name) for name in ("q", "status")),
    }
    return render(request, "disputes/list.html", context)


@require_POST
@on_invoice_page
def raise_dispute(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """The customer objects to an amount."""
    authorize(request.actor, "invoices.dispute")
    position = request.POST.get("position", "")
    services.raise_dispute(
        actor=request.actor,
        invoice_id=invoice_id,
        reason=request.POST.get("reason", ""),
        amount=_amount(request.POST.get("amount", "")),
        position=int(position) if position.isdecimal() and len(position) < 6 else None,
    )
    messages.success(request, _("The dispute was recorded; reminders leave it out."))
    return redirect("invoice_detail", invoice_id=invoice_id)


@require_POST
@on_invoice_page
def close_dispute(request: ApiRequest, invoice_id: str, dispute_id: str) -> HttpResponse:
    """Settled, perhaps by a credit note, or withdrawn."""
    authorize(request.actor, "invoices.dispute")
    text = request.POST.get("resolution", "")
    dispute = selectors.dispute_by_code(actor=request.actor, dispute_id=dispute_id)
    if request.POST.get("action") == "withdraw":
        services.withdraw_dispute(actor=request.actor, dispute_id=dispute.dispute_id, note=text)
        messages.success(request, _("The dispute was withdrawn."))
    else:
        services.resolve_dispute(
            actor=request.actor,
            dispute_id=dispute.dispute_id,
            resolution=text,
            credit=_amount(request.POST.get("credit", "")),
        )
        messages.success(request, _("The dispute is resolved."))
    return redirect("invoice_detail", invoice_id=invoice_id)


def _amount(text: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        return Decimal(text.strip()[:30])
    except InvalidOperation as error:
        message = _("Enter an amount.")
        raise Invalid(errors=[FieldError("amount", "number", message)]) from error
