"""`/api/v1/billing`: generating invoices, reading and issuing them, and their payments.

Source: seed 000, `api.md` (from the integration spec, from invoice generation).
"""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import expected_revision, require_fresh
from shared.kernel.api.json import exact_answer
from shared.kernel.api.pagination import Page, Paging, paginate
from tenants.invoices import answers, selectors, services
from tenants.invoices.api.answering import answer
from tenants.invoices.schemas import (
    GeneratedExplainedOut,
    GeneratedOut,
    GenerateIn,
    InvoiceOut,
    InvoiceRow,
    InvoiceStatus,
    LineOut,
    PaymentStatusIn,
    PaymentStatusOut,
    TaxOut,
)
from tenants.payments.models import Payment
from tenants.payments.services import record_payment

billing_router = Router(tags=["Billing"])


class InvoiceFilters(Paging):
    """Which invoices."""

    q: str = ""
    status: InvoiceStatus | None = None
    site_id: str = ""


@billing_router.post(
    "/generate-invoice",
    response={200: GeneratedOut | GeneratedExplainedOut, 201: GeneratedOut | GeneratedExplainedOut},
)
def generate_invoice(request: ApiRequest, body: GenerateIn, explain: bool = False) -> Any:
    """Calculate, check and issue the invoice of a period.

    201 the first time, 200 with the same invoice for equal inputs, 409 for different ones.
    """
    generated = services.generate_invoice(
        actor=request.actor,
        site_id=body.site_id,
        contract_id=body.contract_id,
        period=body.billing_period.period,
        billing_data=body.billing_data,
        invoice_date=body.invoice_date,
    )
    invoice = generated.invoice
    answer: dict[str, Any] = {
        "invoice_id": invoice.invoice_id,
        "invoice_number": invoice.number,
        "total_amount": invoice.total,
        "due_date": invoice.due_date,
        "status": "pending_approval" if invoice.number is None else "generated",
        "pdf_url": answers.pdf_url(invoice),
    }
    status = 201 if generated.created else 200
    if not explain:
        return Status(status, GeneratedOut(**answer))
    explained = GeneratedExplainedOut(
        **answer,
        currency=invoice.currency,
        subtotal=invoice.subtotal,
        lines=[LineOut(**line) for line in answers.lines_of(invoice)],
        taxes=[TaxOut(**tax) for tax in answers.taxes_of(invoice)],
    )
    return Status(status, explained)


@billing_router.get("/invoices", response=Page[InvoiceRow])
def list_invoices(request: ApiRequest, filters: Query[InvoiceFilters]) -> Any:
    """Invoices, newest first."""
    found = selectors.search_invoices(
        actor=request.actor, text=filters.q, status=filters.status or "", site_id=filters.site_id
    )
    page = paginate(
        selectors.listed_columns(found),
        filters,
        orderings=("invoice_date", "due_date", "number", "total"),
        default="-invoice_date",
    )
    return exact_answer({"items": [answers.listed(row) for row in page.items], "next": page.next})


@billing_router.get("/invoices/{invoice_id}", response=InvoiceOut)
def get_invoice(request: ApiRequest, response: HttpResponse, invoice_id: str) -> Any:
    """One invoice with lines, traces and taxes."""
    invoice = selectors.invoice_by_code(actor=request.actor, invoice_id=invoice_id)
    whole = answers.whole(request.actor, invoice)
    require_fresh(request, response, answers.representation(whole, invoice))
    return whole


@billing_router.delete("/invoices/{invoice_id}", response={204: None})
def discard_draft(request: ApiRequest, invoice_id: str) -> Any:
    """Delete an invoice that was never issued, which frees its period; 409 for an issued one."""
    services.discard_draft(
        actor=request.actor, invoice_id=invoice_id, expected_revision=expected_revision(request)
    )
    return Status(204, None)


@billing_router.post("/invoices/{invoice_id}/issue", response=InvoiceOut)
def issue_invoice(request: ApiRequest, response: HttpResponse, invoice_id: str) -> Any:
    """Number the invoice and freeze it."""
    services.issue_invoice(
        actor=request.actor, invoice_id=invoice_id, expected_revision=expected_revision(request)
    )
    return answer(request.actor, response, invoice_id)


@billing_router.put("/invoices/{invoice_id}/payment-status", response=PaymentStatusOut)
def put_payment_status(request: ApiRequest, invoice_id: str, body: PaymentStatusIn) -> Any:
    """Record money received; the same transaction again has no effect and the same answer.

    Without `transaction_id` a payment of the same day, amount and method is the same one, unless
    it comes with an `Idempotency-Key` of its own.
    """
    recorded = record_payment(
        actor=request.actor,
        invoice_id=invoice_id,
        amount=body.payment_amount,
        received_on=body.payment_date,
        method=body.payment_method,
        transaction_id=body.transaction_id,
        repeat_key=request.headers.get("Idempotency-Key", ""),
        expected_revision=expected_revision(request),
    )
    invoice, payment = recorded.invoice, recorded.payment
    return PaymentStatusOut(
        status="success",
        message=_("Payment status updated successfully"),
        updated_at=payment.created_at,
        invoice_id=invoice.invoice_id,
        payment_status=invoice.payment_status,
        amount_paid=invoice.amount_paid,
        balance_due=invoice.balance_due,
        unapplied_amount=_unapplied(payment),
    )


def _unapplied(payment: Payment) -> Any:
    return payment.amount - sum(row.amount for row in payment.allocations.all())
