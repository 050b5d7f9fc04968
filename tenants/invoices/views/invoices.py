"""Pages of invoices: list, one invoice with its reasons, issuing and paying it."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from shared.audit.selectors import EntryFilter, list_entries
from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.authorisation import authorize
from shared.kernel.errors import AppError
from shared.kernel.exports import csv_response, in_cents
from shared.kernel.forms import add_errors, carried_out
from tenants.disputes.models import Dispute
from tenants.documents.models import INVOICE
from tenants.documents.rendering import look_for, render_contents
from tenants.documents.services import signed_link
from tenants.documents.views.answers import answer_document
from tenants.invoices import selectors, services
from tenants.invoices.correction_forms import (
    CloseDisputeForm,
    DisputeForm,
    ReleaseForm,
    RemakeForm,
    VoidForm,
    WriteOffForm,
)
from tenants.invoices.correction_page import correction_context, may_do, statute_facts
from tenants.invoices.forms import PaymentForm
from tenants.invoices.lists import INVOICES
from tenants.invoices.models import Invoice
from tenants.invoices.presentation import (
    action_text,
    checks_of,
    checks_score,
    facts_of,
    lines_of,
    settling_event,
    statuses,
    subtitle_of,
    totals_of,
)
from tenants.invoices.views.page_actions import on_invoice_page
from tenants.ledger.errors import PeriodClosed
from tenants.lists.exporting import list_file
from tenants.lists.page import open_list
from tenants.payments.forms import RefundForm
from tenants.payments.models import Allocation
from tenants.payments.refund_page import credit_note_refunds
from tenants.payments.selectors import payments_of_invoice
from tenants.payments.services import record_payment, refund_credit_note, undo_refund

HISTORY_MAX = 50


@require_safe
def invoice_list(request: ApiRequest) -> HttpResponse:
    """All invoices, newest first, or as a kept view wants them."""
    shown = open_list(request, INVOICES)
    if shown.redirect_to:
        return redirect(shown.redirect_to)
    page = paginate(
        _search(request), paging_of(request), orderings=INVOICES.orderings, default=INVOICES.default
    )
    context = {"page": page, "list": shown, "statuses": statuses()}
    return render(request, "invoices/list.html", context)


def _search(request: ApiRequest) -> "QuerySet[Invoice]":
    return selectors.search_invoices(
        actor=request.actor,
        text=request.GET.get("q", "")[:100],
        status=request.GET.get("status", ""),
    )


@require_safe
def invoice_export(request: ApiRequest) -> StreamingHttpResponse:
    """The invoices that the list shows, all of them, as CSV."""
    file = list_file(
        request,
        INVOICES,
        _search(request),
        always=(
            (_("Invoice"), str),
            (_("Site"), lambda row: row.site.name),
            (_("Currency"), lambda row: row.currency),
        ),
        cells={
            "customer": lambda row: row.customer.name,
            "contract": lambda row: row.contract.contract_id if row.contract else "",
            "kind": lambda row: row.get_kind_display(),
            "period": lambda row: f"{row.period_start}/{row.period_end}",
            "invoice_date": lambda row: row.invoice_date,
            "due_date": lambda row: row.due_date,
            "total": lambda row: in_cents(row.total, row.currency),
            "balance": lambda row: in_cents(row.balance_due, row.currency),
            "status": lambda row: row.status_label,
        },
    )
    return csv_response(*file)


@require_safe
def invoice_detail(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """One invoice: every line says why, with checks, payments and what happened to it."""
    return render(request, "invoices/detail.html", _detail(request, invoice_id))


def refused_on_page(request: ApiRequest, invoice_id: str, **sent: forms.Form) -> HttpResponse:
    """The invoice's page with the form that was sent: as typed, open, saying what is wrong.

    `sent` is named as the page's template names it; `closing_form` is that of one dispute.
    """
    return render(request, "invoices/detail.html", _detail(request, invoice_id, **sent), status=422)


def _detail(request: ApiRequest, invoice_id: str, **sent: Any) -> dict[str, Any]:
    invoice = selectors.invoice_by_code(actor=request.actor, invoice_id=invoice_id)
    payments = list(payments_of_invoice(actor=request.actor, invoice_pk=invoice.pk))
    corrections = correction_context(request.actor, invoice)
    return {
        **corrections,
        **credit_note_refunds(request.actor, invoice, sent.pop("refund_form", None)),
        "void_form": VoidForm(auto_id="void_%s"),
        "remake_form": RemakeForm(
            initial={"invoice_date": invoice.invoice_date}, auto_id="remake_%s"
        ),
        "write_off_form": WriteOffForm(
            initial=WriteOffForm.initial_of(invoice.balance_due), auto_id="write_off_%s"
        ),
        "dispute_form": DisputeForm(invoice),
        "release_form": ReleaseForm(auto_id="release_%s"),
        "closing": _closing(corrections, sent.pop("closing_form", None)),
        "invoice": invoice,
        "lines": lines_of(invoice),
        "totals": totals_of(invoice),
        "checks": checks_of(invoice),
        "score": checks_score(invoice),
        "facts": [*facts_of(invoice), *statute_facts(invoice)],
        "sub": subtitle_of(invoice),
        "crumbs": [(_("Invoices"), reverse("invoice_list")), (str(invoice), None)],
        "payments": payments,
        "history": _history(request, invoice, payments),
        "pdf_url": signed_link(invoice_pk=invoice.pk),
        "overdue_label": _("Overdue") if invoice.is_overdue_today else "",
        "may_pay": invoice.document_status == Invoice.DocumentStatus.ISSUED
        and invoice.balance_due > 0
        and request.actor.may("payments.write"),
        "payment_form": PaymentForm(initial=PaymentForm.initial_of(invoice.balance_due)),
        "payment_open": "payment_form" in sent or "pay" in request.GET,
        **sent,
    }


def _closing(
    corrections: Mapping[str, Any], sent: CloseDisputeForm | None
) -> list[tuple[Dispute, CloseDisputeForm]]:
    """Each open dispute with the form that closes it."""
    if not corrections["may"]["close_disputes"]:
        return []
    standing = [one for one in corrections["disputes"] if one.status == Dispute.Status.OPEN]
    forms_of = {one.dispute_id: CloseDisputeForm(one.dispute_id) for one in standing}
    if sent:
        forms_of[sent.dispute_id] = sent
    return [(one, forms_of[one.dispute_id]) for one in standing]


def _history(
    request: ApiRequest, invoice: Invoice, payments: Iterable[Allocation]
) -> list[dict[str, Any]]:
    """What was done to the invoice and paid on it, in order of time."""
    if not request.actor.may("audit.read"):
        return []
    wanted = EntryFilter(object=str(invoice.pk))
    entries = list_entries(actor=request.actor, wanted=wanted).order_by("sequence")
    items: list[dict[str, Any]] = [
        {"title": action_text(entry.action), "note": entry.actor_label, "when": entry.at}
        for entry in entries[:HISTORY_MAX]
    ]
    items += [settling_event(paid, invoice.currency) for paid in payments]
    return [{**item, "state": "done"} for item in sorted(items, key=lambda item: item["when"])]


@require_safe
@xframe_options_sameorigin
def invoice_html(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """The document itself, as the customer sees it."""
    invoice = selectors.invoice_by_code(actor=request.actor, invoice_id=invoice_id)
    document, language = selectors.load_invoice_document(invoice.pk)
    look = look_for(INVOICE, document, language)
    rendered = render_contents(document, kind=INVOICE, language=language, output="html", look=look)
    return answer_document(rendered, output="html", name=invoice.invoice_id)


@require_POST
@on_invoice_page
def issue(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Number and freeze a draft; one that is dated in closed books can be made again at once."""
    try:
        invoice = services.issue_invoice(actor=request.actor, invoice_id=invoice_id)
    except PeriodClosed as refused:
        draft = selectors.invoice_by_code(actor=request.actor, invoice_id=invoice_id)
        if not may_do(request.actor, draft, None)["remake"]:
            raise
        return refused_on_page(request, invoice_id, remake_form=RemakeForm.behind(refused))
    messages.success(request, _("%(number)s was issued.") % {"number": invoice.number})
    return redirect("invoice_detail", invoice_id=invoice_id)


@require_POST
@on_invoice_page
def discard(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Delete a draft, which frees its period."""
    services.discard_draft(actor=request.actor, invoice_id=invoice_id)
    messages.success(request, _("The draft was deleted; its period can be billed again."))
    return redirect("invoice_list")


@require_POST
def pay(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Record a payment; a refused one keeps what was typed."""
    authorize(request.actor, "payments.write")
    form = PaymentForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        received_on: date = data["payment_date"]
        try:
            recorded = record_payment(
                actor=request.actor,
                invoice_id=invoice_id,
                amount=data["payment_amount"],
                received_on=received_on,
                method=data["payment_method"],
                transaction_id=data["transaction_id"] or None,
            )
        except AppError as error:
            add_errors(form, error, {})
        else:
            messages.success(request, _paid_message(recorded.invoice, created=recorded.created))
            return redirect("invoice_detail", invoice_id=invoice_id)
    return refused_on_page(request, invoice_id, payment_form=form)


@require_POST
def refund(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Pay out what a credit note still gives; a refused refund keeps what was typed."""
    authorize(request.actor, "payments.refund")
    form = RefundForm(request.POST, auto_id="refund_%s")
    give = partial(refund_credit_note, actor=request.actor, credit_note_id=invoice_id)
    if carried_out(form, lambda: give(given=form.given)):
        messages.success(request, _("The refund was recorded."))
        return redirect("invoice_detail", invoice_id=invoice_id)
    return refused_on_page(request, invoice_id, refund_form=form)


@require_POST
@on_invoice_page
def take_refund_back(request: ApiRequest, invoice_id: str, refund_id: str) -> HttpResponse:
    """Take a refund back: the credit note is open again."""
    authorize(request.actor, "payments.refund")
    reason = request.POST.get(f"{refund_id}-reason", "")
    undo_refund(actor=request.actor, refund_id=refund_id, reason=reason)
    messages.success(request, _("The refund was taken back; the credit note is open again."))
    return redirect("invoice_detail", invoice_id=invoice_id)


def _paid_message(invoice: Invoice, *, created: bool) -> str:
    if not created:
        return _("That transaction was recorded before; nothing changed.")
    if invoice.payment_status == Invoice.PaymentStatus.PAID:
        return _("%(number)s is paid.") % {"number": invoice.number}
    return _("The payment was recorded; a balance remains.")
