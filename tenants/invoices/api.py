"""`/api/v1/billing`: generating invoices, reading and issuing them, and their payments.

Source: seed 000, `api.md` (from the integration spec, from invoice generation).
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import Representation, expected_revision, require_fresh, set_etag
from shared.kernel.api.json import exact_answer
from shared.kernel.api.pagination import Page, Paging, paginate
from shared.kernel.api.schemas import at_least_cents
from shared.kernel.tenancy import require_organisation
from tenants.documents.services import signed_link
from tenants.invoices import selectors, services
from tenants.invoices.explanation import line_name
from tenants.invoices.models import Invoice, derive_status
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
        "pdf_url": _pdf_url(invoice),
    }
    status = 201 if generated.created else 200
    if not explain:
        return Status(status, GeneratedOut(**answer))
    explained = GeneratedExplainedOut(
        **answer,
        currency=invoice.currency,
        subtotal=invoice.subtotal,
        lines=[LineOut(**line) for line in _lines(invoice)],
        taxes=[TaxOut(**tax) for tax in _taxes(invoice)],
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
    return exact_answer({"items": [_listed(row) for row in page.items], "next": page.next})


@billing_router.get("/invoices/{invoice_id}", response=InvoiceOut)
def get_invoice(request: ApiRequest, response: HttpResponse, invoice_id: str) -> Any:
    """One invoice with lines, traces and taxes."""
    invoice = selectors.invoice_by_code(actor=request.actor, invoice_id=invoice_id)
    whole = _whole(invoice)
    require_fresh(request, response, _representation(whole, invoice))
    return whole


@billing_router.post("/invoices/{invoice_id}/issue", response=InvoiceOut)
def issue_invoice(request: ApiRequest, response: HttpResponse, invoice_id: str) -> Any:
    """Number the invoice and freeze it."""
    invoice = services.issue_invoice(
        actor=request.actor, invoice_id=invoice_id, expected_revision=expected_revision(request)
    )
    whole = _whole(invoice)
    set_etag(response, _representation(whole, invoice))
    return whole


@billing_router.put("/invoices/{invoice_id}/payment-status", response=PaymentStatusOut)
def put_payment_status(request: ApiRequest, invoice_id: str, body: PaymentStatusIn) -> Any:
    """Record money received; the same transaction again has no effect and the same answer."""
    recorded = record_payment(
        actor=request.actor,
        invoice_id=invoice_id,
        amount=body.payment_amount,
        received_on=body.payment_date,
        method=body.payment_method,
        transaction_id=body.transaction_id,
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


def _pdf_url(invoice: Invoice) -> str:
    return f"{require_organisation().url}{signed_link(invoice_pk=invoice.pk)}"


def _unapplied(payment: Payment) -> Any:
    return payment.amount - sum(row.amount for row in payment.allocations.all())


def _lines(invoice: Invoice) -> list[dict[str, Any]]:
    return [
        {
            "code": line.code,
            "component": line.component,
            "description": line_name(line.code, line.subject),
            "quantity": line.quantity,
            "rate": line.rate,
            "amount": line.amount,
            "taxable": line.taxable,
            "trace": line.trace,
        }
        for line in invoice.lines.all()
    ]


def _taxes(invoice: Invoice) -> list[dict[str, Any]]:
    return [
        {"name": tax.name, "rate": tax.rate, "base": tax.base, "amount": tax.amount}
        for tax in invoice.taxes.all()
    ]


def _representation(whole: Mapping[str, Any], invoice: Invoice) -> Representation:
    """The link to the PDF changes each day, so the revision alone does not tell."""
    return Representation(invoice.revision, whole["pdf_url"].encode())


def _listed(row: Any) -> dict[str, Any]:
    """An InvoiceRow from the columns of `selectors.listed_columns`."""
    return {
        "invoice_id": row.invoice_id,
        "invoice_number": row.number,
        "kind": row.kind,
        "site_id": row.site__site_id,
        "customer_id": row.customer__customer_id,
        "contract_id": row.contract__contract_id,
        "status": derive_status(row.document_status, row.payment_status, row.delivery_status),
        "document_status": row.document_status,
        "payment_status": row.payment_status,
        "delivery_status": row.delivery_status,
        "period_start": row.period_start,
        "period_end": row.period_end,
        "invoice_date": row.invoice_date,
        "due_date": row.due_date,
        "currency": row.currency,
        "subtotal": at_least_cents(row.subtotal),
        "tax_total": at_least_cents(row.tax_total),
        "total_amount": at_least_cents(row.total),
        "amount_paid": at_least_cents(row.amount_paid),
        "balance_due": at_least_cents(row.total - row.amount_paid),
    }


def _row(invoice: Invoice) -> dict[str, Any]:
    return {
        "invoice_id": invoice.invoice_id,
        "invoice_number": invoice.number,
        "kind": invoice.kind,
        "site_id": invoice.site.site_id,
        "customer_id": invoice.customer.customer_id,
        "contract_id": invoice.contract.contract_id,
        "status": invoice.status,
        "document_status": invoice.document_status,
        "payment_status": invoice.payment_status,
        "delivery_status": invoice.delivery_status,
        "period_start": invoice.period_start,
        "period_end": invoice.period_end,
        "invoice_date": invoice.invoice_date,
        "due_date": invoice.due_date,
        "currency": invoice.currency,
        "subtotal": invoice.subtotal,
        "tax_total": invoice.tax_total,
        "total_amount": invoice.total,
        "amount_paid": invoice.amount_paid,
        "balance_due": invoice.balance_due,
    }


def _whole(invoice: Invoice) -> dict[str, Any]:
    return {
        **_row(invoice),
        "lines": _lines(invoice),
        "taxes": _taxes(invoice),
        "pdf_url": _pdf_url(invoice),
    }
