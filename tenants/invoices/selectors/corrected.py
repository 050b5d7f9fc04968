"""An invoice with the documents that correct it."""

from collections.abc import Sequence
from hashlib import sha256

from django.db.models import Q, QuerySet

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.invoices.models import Invoice

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
    replaces = Q(
        contract=invoice.contract_id,
        kind=Invoice.Kind.REGULAR,
        period_start__lte=invoice.period_end,
        period_end__gte=invoice.period_start,
        number__isnull=False,
    )
    related = Q(corrects=invoice) | Q(lines__corrects__invoice=invoice)
    if invoice.kind == Invoice.Kind.REGULAR and invoice.number:
        related |= replaces
    if invoice.kind == Invoice.Kind.HOLDBACK_RELEASE:
        related |= Q(lines__corrections__invoice=invoice)
    found = Invoice.objects.filter(related).exclude(pk=invoice.pk).distinct()
    return list(found.only(*SHOWN).order_by("invoice_date", "invoice_id")[:RELATED_MAX])


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
