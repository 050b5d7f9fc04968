"""The cash to expect by week: due dates moved by each customer's own paying habit."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Max, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Greatest

from billing.exchange import CurrencySum, ExchangeRate, sum_in_currency
from billing.habits import (
    INVOICES_REMEMBERED,
    Expected,
    Week,
    by_week,
    expected_day,
    median_days_late,
)
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.invoices.models import OPEN_PAYMENT, Invoice
from tenants.ledger.rates import book_rate
from tenants.payments.models import Allocation
from tenants.payments.selectors.unapplied import OwnMoney, own_money
from tenants.sites.models import Customer
from tenants.structure.models import LegalEntity

ZERO = Decimal(0)
# What was paid longer ago says little about the next payment.
REMEMBERED_FOR = timedelta(days=730)
CUSTOMERS_SHOWN = 50


@dataclass(frozen=True)
class Habit:
    """One customer: how late it pays, seen on how many invoices, and what it owes."""

    customer_id: str
    name: str
    days_late: int
    seen: int
    currency: str
    open: Decimal
    expected_on: date


@dataclass(frozen=True)
class ExpectedCash:
    """Weeks by currency, each sum in the books' currency, and the habits behind the most of it."""

    on: date
    weeks: dict[str, list[Week]]
    total: CurrencySum | None
    missing_rates: Sequence[str]
    habits: Sequence[Habit]


@dataclass(frozen=True)
class _Open:
    customer: UUID
    customer_id: str
    name: str
    due_date: date
    currency: str
    amount: Decimal


def expected_cash(*, actor: Actor, on: date) -> ExpectedCash:
    """What is open now, without what is disputed, by the week in which it should come.

    Open credit notes and payments that no invoice has taken are spent first: they come off what
    the customer would pay next.
    A customer's habit is the median of days late of its last twelve invoices that are paid and
    fell due within two years; without any it is expected to pay on the due date.
    """
    authorize(actor, "payments.read")
    open_rows = _open_amounts()
    customers = {row.customer for row in open_rows}
    days = _days_late(customers, on)
    medians = {customer: median_days_late(found) for customer, found in days.items()}
    rows = _less_own_money(open_rows, own_money(customers, on=on), medians, on)
    amounts: dict[str, list[Expected]] = defaultdict(list)
    for row in rows:
        expected = expected_day(row.due_date, medians.get(row.customer, 0), on)
        amounts[row.currency].append(Expected(expected, row.amount))
    totals = {code: sum((one.amount for one in found), ZERO) for code, found in amounts.items()}
    total, missing = sum_in_books(totals, on)
    return ExpectedCash(
        on=on,
        weeks={code: by_week(found, on) for code, found in sorted(amounts.items())},
        total=total,
        missing_rates=missing,
        habits=_habits(rows, days, medians, on),
    )


def sum_in_books(totals: dict[str, Decimal], on: date) -> tuple[CurrencySum | None, Sequence[str]]:
    """The sum in the default entity's currency with its rates, and currencies without a rate.

    None where a rate is missing: a sum that leaves something out would mislead.
    """
    into = LegalEntity.objects.values_list("currency", flat=True).get(is_default=True)
    rates, missing = [], []
    for code in sorted(set(totals) - {into}):
        found = book_rate(code, into, on)
        if found.on is None:
            missing.append(code)
        else:
            rates.append(ExchangeRate(code, into, found.rate, found.on, found.source))
    if missing:
        return None, missing
    return sum_in_currency(into, [(sum_, code) for code, sum_ in totals.items()], rates), ()


def _open_amounts() -> list[_Open]:
    names = ("customer", "customer__customer_id", "customer__name", "due_date", "currency")
    settled = F("amount_paid") + F("amount_credited") + F("amount_written_off")
    rows = (
        Invoice.objects.filter(
            document_status=Invoice.DocumentStatus.ISSUED,
            payment_status__in=OPEN_PAYMENT,
            total__gt=0,
        )
        .order_by()
        .values_list(*names)
        .annotate(sum=Sum(Greatest(F("total") - settled - F("amount_disputed"), Value(ZERO))))
    )
    return [_Open(*row) for row in rows if row[-1]]


def _less_own_money(
    rows: Sequence[_Open],
    own: Mapping[tuple[UUID, str], OwnMoney],
    medians: Mapping[UUID, int],
    on: date,
) -> list[_Open]:
    """The rows without what customers have already, taken off those expected first."""
    left = {owner: money.credits + money.unapplied for owner, money in own.items()}
    kept = []
    for row in sorted(
        rows,
        key=lambda one: (
            expected_day(one.due_date, medians.get(one.customer, 0), on),
            one.due_date,
        ),
    ):
        owner = (row.customer, row.currency)
        taken = min(left.get(owner, ZERO), row.amount)
        if taken:
            left[owner] -= taken
        if row.amount > taken:
            kept.append(replace(row, amount=row.amount - taken))
    return kept


def _days_late(customers: set[UUID], on: date) -> dict[UUID, list[int]]:
    """Of each customer the days late of its last invoices that money settled.

    One look into the index a customer: a window over all would sort every invoice ever paid.
    """
    settling = Allocation.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice")
    settled_on = Subquery(settling.annotate(last=Max("applied_on")).values("last"))
    last = (
        Invoice.objects.filter(
            customer=OuterRef("pk"),
            document_status=Invoice.DocumentStatus.ISSUED,
            payment_status=Invoice.PaymentStatus.PAID,
            amount_paid__gt=0,
            due_date__gt=on - REMEMBERED_FOR,
        )
        .order_by("-invoice_date", "-pk")
        .annotate(late=settled_on - F("due_date"))
    )
    late = ArraySubquery(last.values("late")[:INVOICES_REMEMBERED])
    rows = Customer.objects.filter(pk__in=customers).order_by().values_list("pk", late)
    return {
        customer: [one.days for one in found if one is not None]
        for customer, found in rows
        if found
    }


def _habits(
    rows: Sequence[_Open], days: dict[UUID, list[int]], medians: dict[UUID, int], on: date
) -> list[Habit]:
    """The customers who owe most, with when their oldest amount is expected."""
    owed: dict[tuple[UUID, str], list[_Open]] = defaultdict(list)
    for row in rows:
        owed[row.customer, row.currency].append(row)
    habits = [
        Habit(
            customer_id=found[0].customer_id,
            name=found[0].name,
            days_late=medians.get(customer, 0),
            seen=len(days.get(customer, ())),
            currency=currency,
            open=sum((one.amount for one in found), ZERO),
            expected_on=min(
                expected_day(one.due_date, medians.get(customer, 0), on) for one in found
            ),
        )
        for (customer, currency), found in owed.items()
    ]
    return sorted(habits, key=lambda one: (-one.open, one.customer_id))[:CUSTOMERS_SHOWN]
