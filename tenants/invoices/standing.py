"""Where an invoice stands: one word for programs, and words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from tenants.invoices.models import Invoice


def derive_status(document_status: str, payment_status: str, delivery_status: str) -> str:
    """The API's one `status` of an invoice: what is furthest of the three."""
    if document_status != "issued":
        return document_status
    if payment_status != "unpaid":
        return payment_status
    return "delivered" if delivery_status == "delivered" else "issued"


def status_label(invoice: Invoice) -> Any:
    """The derived status in words. "Paid" is said of money only, not of what else settles."""
    status = invoice.status
    if status == "delivered":
        return invoice.get_delivery_status_display()
    if status == "partially_paid" and not invoice.amount_paid:
        if invoice.kind == invoice.Kind.CREDIT_NOTE:
            return _("Partly used")
        return _("Partly credited") if invoice.amount_credited else _("Partly written off")
    if status == "paid" and invoice.amount_written_off and not invoice.amount_paid:
        if invoice.amount_credited:
            return _("Settled")
        return pgettext_lazy("an invoice", "Written off")
    if status == invoice.document_status:
        return invoice.get_document_status_display()
    return invoice.get_payment_status_display()
