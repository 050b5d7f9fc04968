"""What customers owe, by age."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Sum

from billing.ageing import Bucket, OpenAmount, age_amounts
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.invoices.models import IS_OPEN, OPEN_AMOUNT, Invoice
from tenants.reporting.selectors.amounts import Tally

DAYS_AHEAD = 7


@dataclass(frozen=True)
class Receivables:
    """Open amounts of issued invoices by currency and bucket, and what comes next."""

    buckets: Mapping[str, Mapping[Bucket, Decimal]]
    overdue: Tally
    due_soon: Mapping[str, Decimal]

    def outstanding(self, currency: str) -> Decimal:
        """Everything open in the currency."""
        return sum(self.buckets.get(currency, {}).values(), Decimal(0))


def receivables(*, actor: Actor, as_of: date) -> Receivables:
    """Age what is open on the day; `due_soon` falls due within DAYS_AHEAD days from it.

    Credit notes that nothing has taken yet count against the rest. Invoices of one due date are
    summed by the database, so the rows read are the days, not the invoices. One query.
    """
    authorize(actor, "invoices.read")
    rows = (
        Invoice.objects.filter(IS_OPEN)
        .order_by()
        .values_list("currency", "due_date")
        .annotate(open=Sum(OPEN_AMOUNT), number=Count("pk"))
    )
    by_currency: dict[str, list[OpenAmount]] = defaultdict(list)
    late: dict[str, Decimal] = defaultdict(Decimal)
    soon: dict[str, Decimal] = defaultdict(Decimal)
    late_count = 0
    for currency, due, amount, number in rows:
        by_currency[currency].append(OpenAmount(due, amount))
        if due < as_of:
            late[currency] += amount
            late_count += number
        elif due <= as_of + timedelta(days=DAYS_AHEAD):
            soon[currency] += amount
    return Receivables(
        buckets={
            currency: age_amounts(amounts, as_of) for currency, amounts in by_currency.items()
        },
        overdue=Tally(late_count, dict(late)),
        due_soon=dict(soon),
    )
