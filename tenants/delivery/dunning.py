"""Whom to remind of what: overdue invoices that have reached a level they were not reminded of."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from billing.ageing import days_overdue
from tenants.delivery.models import DunningHold, DunningLevel
from tenants.invoices.models import IS_OPEN, OPEN_AMOUNT, Invoice
from tenants.payments.selectors.unapplied import OwnMoney, own_money

INVOICES_MAX = 20_000  # that reach a level, of one day; the most overdue first
ZERO = Decimal(0)
Group = tuple[UUID, UUID, str]
"""A customer, a legal entity and a currency."""


@dataclass(frozen=True)
class OverdueInvoice:
    """An invoice with what of it is open and not disputed, and the level it has reached."""

    invoice: Invoice
    amount: Decimal
    days: int
    level: int


@dataclass(frozen=True)
class DueReminder:
    """One letter: a customer's overdue invoices of one legal entity and currency.

    Its level is the highest that an invoice reaches for the first time; the letter names every
    overdue invoice, so that it agrees with the account. The customer's own money (open credit
    notes, payments that nothing has taken) is not asked for again.
    """

    customer_id: UUID
    entity_id: UUID
    currency: str
    level: DunningLevel
    invoices: Sequence[OverdueInvoice]
    reached: Sequence[OverdueInvoice]
    credits: Decimal = ZERO
    unapplied: Decimal = ZERO

    @property
    def overdue(self) -> Decimal:
        """What is overdue and not disputed."""
        return sum((one.amount for one in self.invoices), ZERO)

    @property
    def total(self) -> Decimal:
        """What is asked for."""
        return self.overdue - self.credits - self.unapplied


def due_reminders(on: date, *, customer_id: UUID | None = None) -> list[DueReminder]:
    """The letters due on a day, by customer. Seven queries.

    Disputed amounts are left out, held customers altogether; credit notes are never reminded of.
    There is no letter where the customer's own money covers what is overdue; what it has more
    than that counts against the next letter to it.
    """
    levels = list(DunningLevel.objects.filter(is_active=True).order_by("days_overdue"))
    if not levels:
        return []
    reached = _reached(on, levels, customer_id)
    if not reached:
        return []
    groups = _groups(on, levels, reached)
    own = own_money({customer for customer, _entity, _currency in groups}, on=on)
    by_level = {one.level: one for one in levels}
    letters = []
    for key, members in groups.items():
        customer, _entity, currency = key
        news = [one for one in members if one.invoice.pk in reached]
        if not news:
            continue
        level = by_level[max(one.level for one in news)]
        left = own.get((customer, currency), OwnMoney())
        overdue = sum((one.amount for one in members), ZERO)
        credits = min(left.credits, overdue)
        unapplied = min(left.unapplied, overdue - credits)
        own[customer, currency] = OwnMoney(left.credits - credits, left.unapplied - unapplied)
        letter = DueReminder(*key, level, members, news, credits, unapplied)
        if letter.total > 0:
            letters.append(letter)
    return letters


def _overdue(on: date, days: int = 0) -> "QuerySet[Any]":
    """Invoices more than so many days late, with the last level they were reminded of, and when."""
    held = DunningHold.objects.filter(Q(until__isnull=True) | Q(until__gte=on))
    return (
        Invoice.objects.filter(
            IS_OPEN,
            due_date__lt=on - timedelta(days=days),
            total__gt=0,
            amount_disputed__lt=OPEN_AMOUNT,
        )
        .exclude(customer__in=held.values("customer"))
        .annotate(
            reminded=Coalesce(Max("reminders__level"), Value(0)),
            last_on=Max("reminders__reminder__dated"),
        )
        .select_related("customer")
        .defer("parties", "inputs", "checks")
        .order_by("due_date", "pk")
    )


def _reached(on: date, levels: Sequence[DunningLevel], customer_id: UUID | None) -> dict[UUID, Any]:
    """What reaches its next level on the day, by key; the most overdue first.

    An invoice goes up one level at a time: also one that was found late starts at the first, and
    between two letters lie as many days as between their levels. What is not due for a letter is
    left out by the database, so that it never keeps another one from being seen.
    """
    steps, before = Q(), None
    for level in levels:
        step = Q(
            due_date__lte=on - timedelta(days=level.days_overdue),
            reminded__gte=before.level if before else 0,
            reminded__lt=level.level,
        )
        if before:
            pause = timedelta(days=level.days_overdue - before.days_overdue)
            step &= Q(last_on__lte=on - pause)
        steps |= step
        before = level
    found = _overdue(on, levels[0].days_overdue - 1).filter(steps)
    if customer_id is not None:
        found = found.filter(customer=customer_id)
    return {one.pk: one for one in found[:INVOICES_MAX]}


def _groups(
    on: date, levels: Sequence[DunningLevel], reached: dict[UUID, Any]
) -> dict[Group, list[OverdueInvoice]]:
    """Every overdue invoice of the customers who get a letter, by letter; oldest first."""
    customers = {one.customer_id for one in reached.values()}
    others = _overdue(on).filter(customer__in=customers)[: 2 * INVOICES_MAX]
    rows = {**reached, **{one.pk: one for one in others}}
    groups: dict[Group, list[OverdueInvoice]] = defaultdict(list)
    for invoice in sorted(rows.values(), key=lambda one: (one.due_date, one.pk)):
        level = invoice.reminded
        if invoice.pk in reached:
            level = next(one.level for one in levels if one.level > invoice.reminded)
        amount = invoice.balance_due - Decimal(invoice.amount_disputed)
        days = days_overdue(invoice.due_date, on)
        key = (invoice.customer_id, invoice.entity_id, invoice.currency)
        groups[key].append(OverdueInvoice(invoice, amount, days, level))
    return groups
