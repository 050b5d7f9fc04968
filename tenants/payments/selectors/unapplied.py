"""What customers are owed themselves: money that no invoice has taken, and open credit notes."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum

from tenants.invoices.models import IS_OPEN, OPEN_AMOUNT, Invoice
from tenants.payments.models import Allocation, Payment, Refund, Reversal

ZERO = Decimal(0)
Owner = tuple[UUID, str]
"""A customer and a currency."""


@dataclass(frozen=True)
class OwnMoney:
    """What lowers what a customer has to pay in a currency; both are not below zero."""

    credits: Decimal = ZERO
    unapplied: Decimal = ZERO


def own_money(customers: Collection[UUID], *, on: date) -> dict[Owner, OwnMoney]:
    """By customer and currency the open credit notes and the unapplied cash. Four queries."""
    notes = (
        Invoice.objects.filter(IS_OPEN, customer__in=customers, total__lt=0, invoice_date__lte=on)
        .order_by()
        .values_list("customer_id", "currency")
        .annotate(sum=Sum(OPEN_AMOUNT))
    )
    credits = {(customer, currency): -sum_ for customer, currency, sum_ in notes}
    cash = unapplied_cash(on=on, customers=customers)
    return {
        owner: OwnMoney(credits.get(owner, ZERO), max(cash.get(owner, ZERO), ZERO))
        for owner in {*credits, *cash}
    }


def unapplied_cash(*, on: date, customers: Collection[UUID] | None = None) -> dict[Owner, Decimal]:
    """What of the money received until the end of the day no invoice had taken nor anybody got
    back; of everybody where nobody is named. What is nothing is left out. Three queries."""
    reversed_then = Reversal.objects.filter(reversed_on__lte=on)
    payments = Payment.objects.filter(received_on__lte=on).exclude(
        pk__in=reversed_then.values("payment")
    )
    if customers is not None:
        payments = payments.filter(customer__in=customers)
    left: dict[Owner, Decimal] = defaultdict(Decimal)
    for customer, currency, amount in _sums(payments, "customer_id", "currency"):
        left[customer, currency] += amount
    applied = Allocation.objects.filter(applied_on__lte=on, payment__in=payments.values("pk"))
    refunded = Refund.objects.filter(refunded_on__lte=on, payment__in=payments.values("pk"))
    for gone in (applied, refunded):
        for customer, currency, amount in _sums(gone, "payment__customer_id", "payment__currency"):
            left[customer, currency] -= amount
    return {owner: amount for owner, amount in left.items() if amount}


def _sums(rows: "QuerySet[Any]", customer: str, currency: str) -> Any:
    return rows.order_by().values_list(customer, currency).annotate(sum=Sum("amount"))
