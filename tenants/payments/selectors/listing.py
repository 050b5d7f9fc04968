"""Reading payments and what is left of them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    DecimalField,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django_stubs_ext import WithAnnotations

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from tenants.invoices.models import Invoice
from tenants.ledger.models import Account, JournalLine
from tenants.payments.models import Allocation, Payment, Refund

INVOICES_NAMED = 3
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
    kept = Case(
        When(reversal__isnull=True, then=F("amount")), default=Value(0), output_field=_AMOUNT
    )
    return Payment.objects.select_related("customer", "reversal").annotate(
        unapplied=kept - _sum_of(Allocation) - _sum_of(Refund)
    )


def _sum_of(model: type[Allocation] | type[Refund]) -> Any:
    sums = (
        model.objects.filter(payment=OuterRef("pk"))
        .order_by()
        .values("payment")
        .annotate(sum=Sum("amount"))
        .values("sum")
    )
    return Coalesce(Subquery(sums, output_field=_AMOUNT), Value(0), output_field=_AMOUNT)


def get_payment(*, actor: Actor, payment_id: str) -> "PaymentRow":
    """One payment with what is unapplied of it. Raises NotFound."""
    found = payments(actor=actor).select_related("entity").filter(payment_id=payment_id).first()
    if found is None:
        raise NotFound(_("There is no payment %(id)s.") % {"id": payment_id})
    return found


def allocations_of(payment: Payment) -> QuerySet[Allocation]:
    """What a payment settled, and what was taken back, in order of time."""
    found: QuerySet[Allocation] = payment.allocations.select_related("invoice", "reversed_by")
    return found.order_by("created_at", "pk")


def realised_differences(*, actor: Actor, payment: Payment) -> dict[UUID, Decimal]:
    """By allocation the gain (positive) or loss that the rates of payment and invoice made.

    In the books' currency, as the journal has it.
    """
    authorize(actor, "payments.read")
    ids = list(payment.allocations.values_list("pk", flat=True))
    rows = (
        JournalLine.objects.filter(
            account=Account.EXCHANGE_DIFFERENCE, entry__source_id__in=ids, amount=0
        )
        .order_by()
        .values_list("entry__source_id")
        .annotate(sum=Sum("base_amount"))
    )
    return {source: -total for source, total in rows if total}


def search_payments(
    *,
    actor: Actor,
    text: str = "",
    method: str = "",
    customer_id: str = "",
    unapplied_only: bool = False,
) -> "QuerySet[PaymentRow]":
    """Payments with the invoices they pay, by number, transaction, customer or invoice.

    What was taken back from an invoice pays it no more.
    """
    found = payments(actor=actor).prefetch_related(Prefetch("allocations", queryset=_standing()))
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
    if customer_id:
        found = found.filter(customer__customer_id=customer_id)
    if method in Payment.Method.values:
        found = found.filter(method=method)
    if unapplied_only:
        found = found.filter(unapplied__gt=Decimal(0))
    return found


def naming_few_invoices(found: "QuerySet[PaymentRow]") -> "QuerySet[PaymentRow]":
    """A search for a page: the first invoices of each payment (`named`), and how many there are.

    One payment may settle a year of invoices, and a page of those would name thousands.
    """
    count = (
        _standing()
        .filter(payment=OuterRef("pk"))
        .order_by()
        .values("payment")
        .annotate(count=Count("pk"))
        .values("count")
    )
    named = Prefetch("allocations", queryset=_standing()[:INVOICES_NAMED], to_attr="named")
    return (
        found.prefetch_related(None)
        .prefetch_related(named)
        .annotate(invoice_count=Coalesce(Subquery(count), 0))
    )


def _standing() -> QuerySet[Allocation]:
    return (
        Allocation.objects.filter(reverses=None, reversed_by=None)
        .order_by("created_at", "pk")
        .prefetch_related(
            Prefetch("invoice", queryset=Invoice.objects.only("invoice_id", "number"))
        )
    )


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
        .select_related("payment", "credit_note", "write_off", "reversed_by")
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
