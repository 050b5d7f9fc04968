"""How documents are shown to the customer who is asked to pay them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from shared.kernel.errors import Text
from shared.kernel.templatetags.ui import tone
from tenants.invoices.models import OPEN_PAYMENT, Invoice
from tenants.invoices.presentation import totals_of


@dataclass(frozen=True)
class Row:
    """A document of a list, with what the customer is to do about it in a word."""

    invoice: Invoice
    label: Text
    tone: str


def is_payable(invoice: Invoice) -> bool:
    """Whether the customer owes something of it."""
    issued = invoice.document_status == Invoice.DocumentStatus.ISSUED
    return issued and invoice.payment_status in OPEN_PAYMENT and invoice.balance_due > 0


def row_of(invoice: Invoice, *, on: date) -> Row:
    """The customer's view of where a document stands: not whether it was sent or viewed."""
    if not is_payable(invoice):
        return Row(invoice, invoice.status_label, tone(invoice.status))
    if invoice.undisputed_due == 0:
        return Row(invoice, _("In dispute"), "warn")
    if invoice.is_overdue(on):
        return Row(invoice, _("Overdue"), "bad")
    return Row(invoice, _("To pay"), "info")


def totals_for(invoice: Invoice) -> list[dict[str, Any]]:
    """The totals of a document; where the customer objects, down to what is asked for now."""
    rows = totals_of(invoice)
    if is_payable(invoice) and invoice.amount_disputed:
        rows.append({"label": _("You object to"), "amount": -invoice.amount_disputed})
        rows.append({"label": _("To pay now"), "amount": invoice.undisputed_due, "rule": True})
    return rows
