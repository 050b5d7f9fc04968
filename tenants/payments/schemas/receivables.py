"""What the API takes and answers about ageing and expected cash."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from billing.ageing import Bucket
from shared.kernel.api.pagination import Paging
from shared.kernel.api.schemas import Filters, Money, Number, Schema
from tenants.payments.selectors.ageing import ROWS_MAX, AgeingRow, GroupBy
from tenants.payments.selectors.expected import ExpectedCash


class AgeingFilters(Filters):
    """Which ageing. `cursor` is `next` of the page before."""

    by: GroupBy = GroupBy.CUSTOMER
    on: date | None = None
    q: Annotated[str, Field(max_length=100)] = ""
    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(pattern="^[0-9]{1,6}$")] | None = None

    @property
    def first(self) -> int:
        """The place of the first row."""
        return min(int(self.cursor or 0), ROWS_MAX)


class AgeingRowOut(Schema):
    """What one owes in a currency, by days past the due date; `total` holds the credits."""

    code: str
    name: str
    currency: str
    current: Money
    days_1_30: Money
    days_31_60: Money
    days_61_90: Money
    over_90: Money
    credits: Money
    total: Money
    unapplied: Money

    @staticmethod
    def of(row: AgeingRow) -> "AgeingRowOut":
        """The answer about a row."""
        return AgeingRowOut(
            code=row.code,
            name=row.name,
            currency=row.currency,
            current=row.buckets[Bucket.CURRENT],
            days_1_30=row.buckets[Bucket.DAYS_1_30],
            days_31_60=row.buckets[Bucket.DAYS_31_60],
            days_61_90=row.buckets[Bucket.DAYS_61_90],
            over_90=row.buckets[Bucket.OVER_90],
            credits=row.credits,
            total=row.total,
            unapplied=row.unapplied,
        )


class AgeingOut(Schema):
    """The ageing of a day; `totals` are over everybody, one a currency."""

    on: date
    by: str
    totals: list[AgeingRowOut]
    items: list[AgeingRowOut]
    next: str | None


class ItemFilters(Paging):
    """Whose open documents, and of which bucket."""

    by: GroupBy = GroupBy.CUSTOMER
    code: Annotated[str, Field(max_length=20)]
    on: date | None = None
    bucket: Bucket | None = None


class OpenItemOut(Schema):
    """A document with something open at the end of the day."""

    invoice_id: str
    number: str | None
    customer_id: str
    site_id: str
    invoice_date: date
    due_date: date
    currency: str
    total: Money
    open: Money

    @staticmethod
    def of(row: Any) -> "OpenItemOut":
        """The answer about a document."""
        return OpenItemOut(
            invoice_id=row.invoice_id,
            number=row.number,
            customer_id=row.customer.customer_id,
            site_id=row.site.site_id,
            invoice_date=row.invoice_date,
            due_date=row.due_date,
            currency=row.currency,
            total=row.total,
            open=row.open,
        )


class WeekOut(Schema):
    """What is expected from a Monday on; null is everything later."""

    start: date | None
    amount: Money


class CurrencyWeeksOut(Schema):
    """The weeks of one currency."""

    currency: str
    weeks: list[WeekOut]


class RateUsedOut(Schema):
    """A rate in a sum, its day and its source."""

    currency: str
    rate: Number
    on: date
    source: str
    original: Money
    amount: Money


class SumOut(Schema):
    """A sum in the books' currency and the rates it is made with."""

    currency: str
    amount: Money
    rates: list[RateUsedOut]


class HabitOut(Schema):
    """How late a customer pays, seen on so many invoices, and what it owes."""

    customer_id: str
    name: str
    days_late: int
    seen: int
    currency: str
    open: Money
    expected_on: date


class ExpectedCashOut(Schema):
    """Expected cash; `total` is null where a rate is missing."""

    on: date
    currencies: list[CurrencyWeeksOut]
    total: SumOut | None
    missing_rates: list[str]
    customers: list[HabitOut]

    @staticmethod
    def of(found: ExpectedCash) -> "ExpectedCashOut":
        """The answer about expected cash."""
        total = None
        if found.total is not None:
            rates = [
                RateUsedOut(
                    currency=part.currency,
                    rate=part.rate.rate,
                    on=part.rate.on,
                    source=part.rate.source,
                    original=part.original,
                    amount=part.amount,
                )
                for part in found.total.parts
                if part.rate
            ]
            total = SumOut(currency=found.total.currency, amount=found.total.amount, rates=rates)
        return ExpectedCashOut(
            on=found.on,
            currencies=[
                CurrencyWeeksOut(
                    currency=code,
                    weeks=[WeekOut(start=one.start, amount=one.amount) for one in weeks],
                )
                for code, weeks in found.weeks.items()
            ],
            total=total,
            missing_rates=list(found.missing_rates),
            customers=[HabitOut.model_validate(one) for one in found.habits],
        )
