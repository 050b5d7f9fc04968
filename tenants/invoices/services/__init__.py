"""Making, issuing and discarding invoices, one by one or a whole period at once."""

from tenants.invoices.services.approving import approve_invoice
from tenants.invoices.services.crediting import LineCredit, credit_invoice
from tenants.invoices.services.generation import (
    GeneratedInvoice,
    discard_draft,
    generate_invoice,
    preview_invoice,
)
from tenants.invoices.services.issuing import issue_invoice
from tenants.invoices.services.recalculation import Recalculation, recalculate_invoice
from tenants.invoices.services.releasing import release_holdback
from tenants.invoices.services.remaking import remake_draft
from tenants.invoices.services.run_shares import process_run
from tenants.invoices.services.runs import retry_failed, start_run
from tenants.invoices.services.validating import validate_invoice
from tenants.invoices.services.validation_settings import change_validation_settings
from tenants.invoices.services.voiding import void_invoice

__all__ = [
    "GeneratedInvoice",
    "LineCredit",
    "Recalculation",
    "approve_invoice",
    "change_validation_settings",
    "credit_invoice",
    "discard_draft",
    "generate_invoice",
    "issue_invoice",
    "preview_invoice",
    "process_run",
    "recalculate_invoice",
    "release_holdback",
    "remake_draft",
    "retry_failed",
    "start_run",
    "validate_invoice",
    "void_invoice",
]
