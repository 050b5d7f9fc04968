"""Reading payments and what is left of them."""

from decimal import Decimal
from uuid import UUID

from django.db.models import DecimalField, F, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.payments.models import Payment, PaymentAllocation

_AMOUNT: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=19, decimal_places=4)


def payments(*, actor: Actor) -> QuerySet[Payment]:
    """Payments, newest first, each with the part that no invoice has taken (`unapplied`)."""
    authorize(actor, "payments.read")
    return Payment.objects.select_related("customer").annotate(
        unapplied=F("amount") - Coalesce(Sum("allocations__amount"), Value(0), output_field=_AMOUNT)
    )


def payments_of_invoice(*, actor: Actor, invoice_pk: UUID) -> QuerySet[PaymentAllocation]:
    """What was paid on an invoice, in order of time."""
    authorize(actor, "payments.read")
    return (
        PaymentAllocation.objects.filter(invoice_id=invoice_pk)
        .select_related("payment")
        .order_by("payment__received_on", "created_at")
    )
