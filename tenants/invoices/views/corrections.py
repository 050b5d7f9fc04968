"""What an invoice's page can do besides issuing and paying: credit, recalculate, void and more."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from shared.kernel.forms import add_errors, carried_out
from tenants.invoices import selectors, services
from tenants.invoices.correction_forms import (
    CreditForm,
    ReleaseForm,
    RemakeForm,
    VoidForm,
    WriteOffForm,
)
from tenants.invoices.correction_page import kept_sentence
from tenants.invoices.models import Invoice
from tenants.invoices.selectors.creditable import creditable_lines
from tenants.invoices.views.invoices import refused_on_page
from tenants.invoices.views.page_actions import on_invoice_page
from tenants.payments.services import undo_write_off, write_off_invoice


@require_http_methods(["GET", "HEAD", "POST"])
def credit(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Choose what to take back; the draft is looked at before it is issued."""
    authorize(request.actor, "invoices.void")
    invoice = selectors.invoice_by_code(actor=request.actor, invoice_id=invoice_id)
    data = request.POST if request.method == "POST" else None
    form = CreditForm(data, invoice=invoice, left=creditable_lines(invoice))
    if form.is_valid():
        given = form.cleaned_data
        try:
            note = services.credit_invoice(
                actor=request.actor,
                invoice_id=invoice_id,
                reason=given["reason"],
                amount=given["amount"],
                lines=form.lines,
                invoice_date=given["invoice_date"],
            )
        except AppError as error:
            add_errors(form, error, form.service_fields)
        else:
            messages.success(request, _("The credit note is a draft. Issue it to apply it."))
            return redirect("invoice_detail", invoice_id=note.invoice_id)
    context = {
        "form": form,
        "invoice": invoice,
        "crumbs": [
            (_("Invoices"), reverse("invoice_list")),
            (str(invoice), reverse("invoice_detail", args=[invoice_id])),
            (_("Credit note"), None),
        ],
    }
    return render(request, "invoices/credit.html", context, status=422 if form.errors else 200)


@require_POST
@on_invoice_page
def recalculate(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Calculate the period again; the draft of the difference is shown."""
    made = services.recalculate_invoice(actor=request.actor, invoice_id=invoice_id)
    kept = kept_sentence(made.given, made.original.currency)
    if made.correction is None:
        text = _("Nothing differs from what was billed.")
        messages.success(request, f"{text} {kept}".rstrip())
        return redirect("invoice_detail", invoice_id=invoice_id)
    if made.correction.kind == Invoice.Kind.CREDIT_NOTE:
        text = _("Too much was billed. This credit note puts it right; issue it when ready.")
    else:
        text = _("Too little was billed. This invoice puts it right; issue it when ready.")
    messages.success(request, f"{text} {kept}".rstrip())
    return redirect("invoice_detail", invoice_id=made.correction.invoice_id)


@require_POST
def remake(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Replace a draft by one of another day, or with what was recorded since."""
    authorize(request.actor, "invoices.generate")
    form = RemakeForm(request.POST, auto_id="remake_%s")
    made: list[Invoice] = []

    def work() -> None:
        again = services.remake_draft(
            actor=request.actor, invoice_id=invoice_id, **form.cleaned_data
        )
        made.append(again)

    if not carried_out(form, work):
        return refused_on_page(request, invoice_id, remake_form=form)
    messages.success(request, _("The draft was made again; this one replaces it."))
    return redirect("invoice_detail", invoice_id=made[0].invoice_id)


@require_POST
def void(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Take the document out of the books."""
    authorize(request.actor, "invoices.void")
    form = VoidForm(request.POST, auto_id="void_%s")

    def work() -> None:
        reason = form.cleaned_data["reason"]
        services.void_invoice(actor=request.actor, invoice_id=invoice_id, reason=reason)

    if not carried_out(form, work):
        return refused_on_page(request, invoice_id, void_form=form)
    messages.success(request, _("It is void; its period can be billed again."))
    return redirect("invoice_detail", invoice_id=invoice_id)


@require_POST
@on_invoice_page
def approve(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Approve a draft."""
    services.approve_invoice(actor=request.actor, invoice_id=invoice_id)
    messages.success(request, _("Approved; it can be issued."))
    return redirect("invoice_detail", invoice_id=invoice_id)


@require_POST
def write_off(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Give up what is open, or a part of it."""
    authorize(request.actor, "payments.write_off")
    form = WriteOffForm(request.POST, auto_id="write_off_%s")

    def work() -> None:
        write_off_invoice(actor=request.actor, invoice_id=invoice_id, **form.cleaned_data)

    if not carried_out(form, work):
        return refused_on_page(request, invoice_id, write_off_form=form)
    messages.success(request, _("Written off."))
    return redirect("invoice_detail", invoice_id=invoice_id)


@require_POST
@on_invoice_page
def undo_written_off(request: ApiRequest, invoice_id: str, write_off_id: UUID) -> HttpResponse:
    """Take a write-off back."""
    undo_write_off(actor=request.actor, invoice_id=invoice_id, write_off_id=write_off_id)
    messages.success(request, _("The write-off was taken back."))
    return redirect("invoice_detail", invoice_id=invoice_id)


@require_POST
def release(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Draft the invoice of this invoice's holdback, or of all of its contract's."""
    authorize(request.actor, "invoices.generate")
    invoice = selectors.invoice_by_code(actor=request.actor, invoice_id=invoice_id)
    everything = request.POST.get("what") == "contract"
    form = ReleaseForm(request.POST, auto_id="release_%s")
    drafts: list[Invoice] = []

    def work() -> None:
        draft = services.release_holdback(
            actor=request.actor,
            contract_id=invoice.contract.contract_id,
            invoice_ids=() if everything else [invoice_id],
            **form.cleaned_data,
        )
        drafts.append(draft)

    if not carried_out(form, work, {"on": "early", "invoice_ids": "early"}):
        return refused_on_page(request, invoice_id, release_form=form)
    messages.success(request, _("The release is a draft; issue it when ready."))
    return redirect("invoice_detail", invoice_id=drafts[0].invoice_id)
