"""An invoice with the documents that correct it."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django.db.models import Q, QuerySet

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.invoices.models import Invoice, InvoiceLine

BASIS = "recalculated_from"
"""In a correction's inputs: what it was compared with; it must not have moved on at the issue."""
BILLED_KINDS = (Invoice.Kind.REGULAR, Invoice.Kind.ADJUSTMENT, Invoice.Kind.CREDIT_NOTE)
UNISSUED = (
    Invoice.DocumentStatus.DRAFT,
    Invoice.DocumentStatus.VALIDATED,
    Invoice.DocumentStatus.PENDING_APPROVAL,
    Invoice.DocumentStatus.APPROVED,
)


def billed_documents(original: Invoice) -> QuerySet[Invoice]:
    """The invoice and its issued corrections, those of its adjustments too."""
    return Invoice.objects.filter(
        Q(pk=original.pk) | Q(corrects=original) | Q(corrects__corrects=original),
        contract=original.contract_id,
        document_status=Invoice.DocumentStatus.ISSUED,
        kind__in=BILLED_KINDS,
    )


def basis_digest(original: Invoice) -> str:
    """Changes with every correction of the invoice that is issued or voided."""
    issued = billed_documents(original).order_by("invoice_id").values_list("invoice_id", flat=True)
    return sha256(" ".join(issued).encode()).hexdigest()


def related_documents(*, actor: Actor, invoice: Invoice) -> Sequence[Invoice]:
    """What corrects the invoice, releases its holdback, replaces it or is replaced by it."""
    authorize(actor, "invoices.read")
    found: list[Any] = [
        Invoice.objects.filter(corrects=invoice).values_list("pk"),
        InvoiceLine.objects.filter(corrects__invoice=invoice).values_list("invoice"),
        InvoiceLine.objects.filter(corrections__invoice=invoice).values_list("invoice"),
    ]
    if invoice.kind == Invoice.Kind.REGULAR and invoice.number:
        found.append(_of_the_same_days(invoice).values_list("pk"))
    first, *others = (rows.order_by() for rows in found)
    keys = {key for (key,) in first.union(*others)} - {invoice.pk, invoice.corrects_id}
    shown = Invoice.objects.filter(pk__in=keys).only(*SHOWN)
    return list(shown.order_by("invoice_date", "invoice_id")[:RELATED_MAX])


def _of_the_same_days(invoice: Invoice) -> QuerySet[Invoice]:
    """Numbered invoices of days of its period: one that it replaces, or one that replaces it."""
    return Invoice.objects.filter(
        contract=invoice.contract_id,
        kind=Invoice.Kind.REGULAR,
        period_start__lte=invoice.period_end,
        period_end__gte=invoice.period_start,
        number__isnull=False,
    )


RELATED_MAX = 100
SHOWN = (
    "invoice_id",
    "number",
    "kind",
    "document_status",
    "payment_status",
    "delivery_status",
    "invoice_date",
    "currency",
    "total",
)
