"""The list of disputes; buttons of an invoice's page: raise one, settle it, withdraw it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.forms import carried_out
from tenants.disputes import selectors, services
from tenants.disputes.models import Dispute
from tenants.invoices.correction_forms import CloseDisputeForm, DisputeForm
from tenants.invoices.selectors import invoice_by_code
from tenants.invoices.views.invoices import refused_on_page

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
def raise_dispute(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """The customer objects to an amount."""
    authorize(request.actor, "invoices.dispute")
    invoice = invoice_by_code(actor=request.actor, invoice_id=invoice_id)
    form = DisputeForm(invoice, request.POST)

    def work() -> None:
        services.raise_dispute(actor=request.actor, invoice_id=invoice_id, **form.cleaned_data)

    if not carried_out(form, work):
        return refused_on_page(request, invoice_id, dispute_form=form)
    messages.success(request, _("The dispute was recorded; reminders leave it out."))
    return redirect("invoice_detail", invoice_id=invoice_id)


@require_POST
def close_dispute(request: ApiRequest, invoice_id: str, dispute_id: str) -> HttpResponse:
    """Settled, perhaps by a credit note, or withdrawn."""
    authorize(request.actor, "invoices.dispute")
    dispute = selectors.dispute_by_code(actor=request.actor, dispute_id=dispute_id)
    form = CloseDisputeForm(dispute.dispute_id, request.POST)
    is_withdrawn = request.POST.get("action") == "withdraw"

    def work() -> None:
        given = form.cleaned_data
        if is_withdrawn:
            services.withdraw_dispute(
                actor=request.actor, dispute_id=dispute_id, note=given["resolution"]
            )
        else:
            services.resolve_dispute(actor=request.actor, dispute_id=dispute_id, **given)

    if not carried_out(form, work, {"amount": "credit", "lines": "credit"}):
        return refused_on_page(request, invoice_id, closing_form=form)
    told = _("The dispute was withdrawn.") if is_withdrawn else _("The dispute is resolved.")
    messages.success(request, told)
    return redirect("invoice_detail", invoice_id=invoice_id)
