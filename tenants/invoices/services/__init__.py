"""Making, issuing and discarding invoices, one by one or a whole period at once."""

from tenants.invoices.services.generation import (
    GeneratedInvoice,
    discard_draft,
    generate_invoice,
    preview_invoice,
)
from tenants.invoices.services.issuing import issue_invoice
from tenants.invoices.services.run_shares import process_run
from tenants.invoices.services.runs import retry_failed, start_run
from tenants.invoices.services.validating import validate_invoice
from tenants.invoices.services.validation_settings import change_validation_settings

__all__ = [
    "GeneratedInvoice",
    "change_validation_settings",
    "discard_draft",
    "generate_invoice",
    "issue_invoice",
    "preview_invoice",
    "process_run",
    "retry_failed",
    "start_run",
    "validate_invoice",
]
