"""What customers owe, by age."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, Sum

from billing.ageing import Bucket, OpenAmount, age_amounts
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.payments.selectors.ageing import open_documents
from tenants.reporting.selectors.amounts import Tally

DAYS_AHEAD = 7


@dataclass(frozen=True)
class Receivables:
    """Open amounts of issued invoices by currency and bucket, and what comes next.

    `credits` are open credit notes, below zero: nobody is late with them.
    """

    buckets: Mapping[str, Mapping[Bucket, Decimal]]
    overdue: Tally
    due_soon: Mapping[str, Decimal]
    credits: Mapping[str, Decimal]

    def outstanding(self, currency: str) -> Decimal:
        """What is open of invoices in the currency."""
        return sum(self.buckets.get(currency, {}).values(), Decimal(0))


def receivables(*, actor: Actor, as_of: date) -> Receivables:
    """Age what is open on the day; `due_soon` falls due within DAYS_AHEAD days from it.

    The same documents as in the ageing of the day: none that is dated later. Those of one due
    date are summed by the database, so the rows read are the days, not the documents. One query.
    """
    authorize(actor, "invoices.read")
    rows = (
        open_documents(as_of)
        .order_by()
        .annotate(is_credit=ExpressionWrapper(Q(total__lt=0), output_field=BooleanField()))
        .values_list("currency", "due_date", "is_credit")
        .annotate(sum=Sum("open"), number=Count("pk"))
    )
    by_currency: dict[str, list[OpenAmount]] = defaultdict(list)
    credits: dict[str, Decimal] = defaultdict(Decimal)
    late: dict[str, Decimal] = defaultdict(Decimal)
    soon: dict[str, Decimal] = defaultdict(Decimal)
    late_count = 0
    for currency, due, is_credit, amount, number in rows:
        if is_credit:
            credits[currency] += amount
            continue
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
        credits=dict(credits),
    )
