"""Reading payments and what is left of them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from django.db.models import (
    DecimalField,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django_stubs_ext import WithAnnotations

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from tenants.invoices.models import Invoice
from tenants.payments.models import Allocation, Payment

EXPORT_BATCH = 1_000
EXPORT_ROWS_MAX = 500_000

_AMOUNT: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=19, decimal_places=4)


class _Unapplied(TypedDict):
    unapplied: Decimal


if TYPE_CHECKING:  # at run time it takes no arguments
    PaymentRow = WithAnnotations[Payment, _Unapplied]


def payments(*, actor: Actor) -> "QuerySet[PaymentRow]":
    """Payments, newest first, each with the part that no invoice has taken (`unapplied`).

    Each row's part is a subquery of its own, so that a page of many payments sums only its own.
    """
    authorize(actor, "payments.read")
    applied = (
        Allocation.objects.filter(payment=OuterRef("pk"))
        .order_by()
        .values("payment")
        .annotate(sum=Sum("amount"))
        .values("sum")
    )
    return Payment.objects.select_related("customer").annotate(
        unapplied=F("amount")
        - Coalesce(Subquery(applied, output_field=_AMOUNT), Value(0), output_field=_AMOUNT)
    )


def search_payments(
    *, actor: Actor, text: str = "", method: str = "", unapplied_only: bool = False
) -> "QuerySet[PaymentRow]":
    """Payments with the invoices they pay, by number, transaction, customer or invoice."""
    found = payments(actor=actor).prefetch_related(
        Prefetch(
            "allocations",
            queryset=Allocation.objects.order_by("created_at", "pk").prefetch_related(
                Prefetch("invoice", queryset=Invoice.objects.only("invoice_id", "number"))
            ),
        )
    )
    if text:
        paying = Allocation.objects.filter(
            Q(invoice__number__istartswith=text) | Q(invoice__invoice_id__istartswith=text)
        )
        found = found.filter(
            Q(payment_id__istartswith=text)
            | Q(transaction_id__istartswith=text)
            | Q(customer__name__icontains=text)
            | Q(pk__in=paying.values("payment"))
        )
    if method in Payment.Method.values:
        found = found.filter(method=method)
    if unapplied_only:
        found = found.filter(unapplied__gt=Decimal(0))
    return found


def payment_batches(found: "QuerySet[PaymentRow]") -> "Iterator[list[PaymentRow]]":
    """All rows of a search, newest first, a batch a query; at most EXPORT_ROWS_MAX.

    Each batch starts behind the last row of the one before, so none is read twice.
    """
    ordered = found.order_by("-received_on", "-pk")
    for _batch in range(EXPORT_ROWS_MAX // EXPORT_BATCH):
        batch = list(ordered[:EXPORT_BATCH])
        if batch:
            yield batch
        if len(batch) < EXPORT_BATCH:
            return
        last = batch[-1]
        ordered = found.filter(
            Q(received_on__lt=last.received_on) | Q(received_on=last.received_on, pk__lt=last.pk)
        ).order_by("-received_on", "-pk")


def payments_of_invoice(*, actor: Actor, invoice_pk: UUID) -> QuerySet[Allocation]:
    """What was paid on an invoice, in order of time."""
    authorize(actor, "payments.read")
    return (
        Allocation.objects.filter(invoice_id=invoice_pk)
        .select_related("payment", "credit_note")
        .order_by("applied_on", "created_at")
    )


def ledger_document(*, actor: Actor, key: UUID) -> tuple[str, bool]:
    """The public id of what a journal entry belongs to, and whether it is a payment.

    Raises NotFound.
    """
    authorize(actor, "ledger.read")
    payment = Payment.objects.filter(pk=key).values_list("payment_id", flat=True).first()
    if payment is not None:
        return payment, True
    invoice = Invoice.objects.filter(pk=key).values_list("invoice_id", flat=True).first()
    if invoice is None:
        raise NotFound()
    return invoice, False
