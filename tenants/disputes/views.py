"""Buttons of an invoice's page: raise a dispute, settle it, withdraw it."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid
from tenants.disputes import selectors, services
from tenants.invoices.views.page_actions import on_invoice_page


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
