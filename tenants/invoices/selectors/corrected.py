"""An invoice with the documents that correct it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

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


def issued_corrections(originals: Collection[Invoice]) -> dict[UUID, list[Invoice]]:
    """By invoice its issued corrections, those of its adjustments too, in order of issue.

    With their lines; two queries, however many invoices.
    """
    keys = {one.pk for one in originals}
    documents = (
        Invoice.objects.filter(
            Q(corrects__in=keys) | Q(corrects__corrects__in=keys),
            document_status=Invoice.DocumentStatus.ISSUED,
            kind__in=BILLED_KINDS,
        )
        .select_related("corrects")
        .defer("parties", "corrects__parties", "corrects__inputs")
        .order_by("issued_at", "invoice_id")
        .prefetch_related("lines")
    )
    found: dict[UUID, list[Invoice]] = defaultdict(list)
    for document in documents:
        corrected = document.corrects
        assert corrected is not None
        root = corrected.pk if corrected.pk in keys else corrected.corrects_id
        assert root is not None
        found[root].append(document)
    return dict(found)


def inputs_in_force(original: Invoice, corrections: Sequence[Invoice]) -> dict[str, Any]:
    """What the period was billed from last: the latest recalculation counts.

    `corrections` in order of issue.
    """
    latest = next((one for one in reversed(corrections) if BASIS in one.inputs), original)
    inputs: dict[str, Any] = latest.inputs
    return inputs


def is_given_by_hand(document: Invoice) -> bool:
    """Whether it is a credit that a person gave; a recalculation leaves it as it is."""
    return document.kind == Invoice.Kind.CREDIT_NOTE and BASIS not in document.inputs


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
