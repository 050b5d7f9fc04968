"""Whom to remind of what: overdue invoices that have reached a level they were not reminded of."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Max, Q

from billing.ageing import days_overdue
from tenants.delivery.models import DunningHold, DunningLevel
from tenants.invoices.models import IS_OPEN, Invoice

INVOICES_MAX = 20_000  # looked at a day; the most overdue first


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
    overdue invoice, so that it agrees with the account.
    """

    customer_id: UUID
    entity_id: UUID
    currency: str
    level: DunningLevel
    invoices: Sequence[OverdueInvoice]
    reached: Sequence[OverdueInvoice]

    @property
    def total(self) -> Decimal:
        """What is overdue and not disputed."""
        return sum((one.amount for one in self.invoices), Decimal(0))


def due_reminders(on: date, *, customer_id: UUID | None = None) -> list[DueReminder]:
    """The letters due on a day, by customer. Four queries.

    Disputed amounts are left out, held customers altogether; credit notes are never reminded of.
    """
    levels = list(DunningLevel.objects.filter(is_active=True).order_by("days_overdue"))
    if not levels:
        return []
    groups: dict[tuple[UUID, UUID, str], list[tuple[OverdueInvoice, int]]] = defaultdict(list)
    for invoice in _overdue(on, customer_id):
        amount = invoice.balance_due - Decimal(invoice.amount_disputed)
        if amount <= 0:
            continue
        days = days_overdue(invoice.due_date, on)
        level = max((one.level for one in levels if one.days_overdue <= days), default=0)
        found = OverdueInvoice(invoice, amount, days, level)
        key = (invoice.customer_id, invoice.entity_id, invoice.currency)
        groups[key].append((found, invoice.reminded or 0))  # type: ignore[attr-defined]
    by_level = {one.level: one for one in levels}
    return [
        letter
        for key, members in groups.items()
        if (letter := _letter(key, members, by_level)) is not None
    ]


def _overdue(on: date, customer_id: UUID | None) -> Sequence[Invoice]:
    held = DunningHold.objects.filter(Q(until__isnull=True) | Q(until__gte=on))
    found = (
        Invoice.objects.filter(IS_OPEN, due_date__lt=on, total__gt=0)
        .exclude(customer__in=held.values("customer"))
        .annotate(reminded=Max("reminders__level"))
        .select_related("customer")
        .defer("parties", "inputs", "checks")
        .order_by("due_date", "pk")
    )
    if customer_id is not None:
        found = found.filter(customer=customer_id)
    return list(found[:INVOICES_MAX])


def _letter(
    key: tuple[UUID, UUID, str],
    members: Sequence[tuple[OverdueInvoice, int]],
    levels: dict[int, DunningLevel],
) -> DueReminder | None:
    reached = [one for one, reminded in members if one.level > reminded]
    if not reached:
        return None
    customer_id, entity_id, currency = key
    return DueReminder(
        customer_id=customer_id,
        entity_id=entity_id,
        currency=currency,
        level=levels[max(one.level for one in reached)],
        invoices=[one for one, _reminded in members],
        reached=reached,
    )
