"""Invoices as the API answers them: in a list, and whole with lines, taxes and corrections."""

from collections.abc import Mapping
from typing import Any

from shared.kernel.actor import Actor
from shared.kernel.api.etags import Representation
from shared.kernel.api.schemas import at_least_cents
from shared.kernel.tenancy import require_organisation
from tenants.documents.services import signed_link
from tenants.invoices.explanation import line_name
from tenants.invoices.models import Invoice
from tenants.invoices.selectors.corrected import related_documents
from tenants.invoices.standing import derive_status


def pdf_url(invoice: Invoice) -> str:
    """A signed link to the invoice's PDF that expires."""
    return f"{require_organisation().url}{signed_link(invoice_pk=invoice.pk)}"


def lines_of(invoice: Invoice) -> list[dict[str, Any]]:
    """LineOut of every line."""
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


def taxes_of(invoice: Invoice) -> list[dict[str, Any]]:
    """TaxOut of every component."""
    return [
        {"name": tax.name, "rate": tax.rate, "base": tax.base, "amount": tax.amount}
        for tax in invoice.taxes.all()
    ]


def listed(row: Any) -> dict[str, Any]:
    """An InvoiceRow from the columns of `selectors.listed_columns`."""
    settled = row.amount_paid + row.amount_credited + row.amount_written_off
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
        "amount_credited": at_least_cents(row.amount_credited),
        "amount_written_off": at_least_cents(row.amount_written_off),
        "balance_due": at_least_cents(row.total - settled),
    }


def whole(actor: Actor, invoice: Invoice) -> dict[str, Any]:
    """InvoiceOut of a loaded invoice."""
    related = related_documents(actor=actor, invoice=invoice)
    lines = [
        {**shown, "position": line.position}
        for shown, line in zip(lines_of(invoice), invoice.lines.all(), strict=True)
    ]
    return {
        **_row(invoice),
        "holdback": invoice.holdback,
        "amount_disputed": invoice.amount_disputed,
        "exchange_rate": invoice.exchange_rate,
        "exchange_rate_on": invoice.exchange_rate_on,
        "reason": invoice.reason,
        "void_reason": invoice.void_reason,
        "voided_on": invoice.voided_on,
        "corrects": _corrected(invoice),
        "corrections": [_related(one) for one in related],
        "lines": lines,
        "taxes": taxes_of(invoice),
        "pdf_url": pdf_url(invoice),
    }


def representation(shown: Mapping[str, Any], invoice: Invoice) -> Representation:
    """The link to the PDF changes each day, corrections come and go: the revision alone
    does not tell."""
    related = [f"{one['invoice_id']}{one['status']}" for one in shown["corrections"]]
    return Representation(invoice.revision, " ".join([shown["pdf_url"], *related]).encode())


def _corrected(invoice: Invoice) -> dict[str, Any] | None:
    return _related(invoice.corrects) if invoice.corrects else None


def _related(one: Invoice) -> dict[str, Any]:
    return {
        "invoice_id": one.invoice_id,
        "invoice_number": one.number,
        "kind": one.kind,
        "status": one.status,
        "invoice_date": one.invoice_date,
        "total_amount": one.total,
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
        "amount_credited": invoice.amount_credited,
        "amount_written_off": invoice.amount_written_off,
        "balance_due": invoice.balance_due,
    }
