"""Reading invoices, and loading what a calculation needs."""

from tenants.invoices.selectors.contexts import load_contexts
from tenants.invoices.selectors.documents import load_invoice_document, preview_document
from tenants.invoices.selectors.invoices import (
    billed_to,
    invoice_by_code,
    invoice_list,
    listed_columns,
    live_invoices_of,
    search_invoices,
)

__all__ = [
    "billed_to",
    "invoice_by_code",
    "invoice_list",
    "listed_columns",
    "live_invoices_of",
    "load_contexts",
    "load_invoice_document",
    "preview_document",
    "search_invoices",
]
