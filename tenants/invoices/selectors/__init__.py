"""Reading invoices, and loading what a calculation needs."""

from tenants.invoices.selectors.contexts import load_contexts
from tenants.invoices.selectors.documents import load_invoice_document, preview_document
from tenants.invoices.selectors.invoices import (
    invoice_by_code,
    invoice_list,
    live_invoice_of,
    search_invoices,
)

__all__ = [
    "invoice_by_code",
    "invoice_list",
    "live_invoice_of",
    "load_contexts",
    "load_invoice_document",
    "preview_document",
    "search_invoices",
]
