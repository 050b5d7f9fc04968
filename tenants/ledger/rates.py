"""Which exchange rate holds on a day."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tenants.ledger.models import ExchangeRate

REVIEW_KIND = "exchange_rate"  # the review item about a company and currency without a rate
# The bank publishes on its business days; the longest run of other days is shorter than this.
RATE_HOLDS_FOR = timedelta(days=10)
ONE = Decimal(1)


@dataclass(frozen=True)
class BookRate:
    """How amounts of a currency get into the books: in `base_currency`, times `rate`.

    `on` and `source` are empty where nothing had to be converted.
    """

    base_currency: str
    rate: Decimal = ONE
    on: date | None = None
    source: str = ""


def book_rate(currency: str, into: str, on: date) -> BookRate:
    """The latest rate known on that day, at most ten days old; one entered by hand wins.

    Where none is known the amount is kept in its own currency: no invoice waits for a rate,
    and no sum mixes currencies.
    """
    if currency == into:
        return BookRate(into)
    since = on - min(RATE_HOLDS_FOR, on - date.min)  # the calendar has a first day
    known = ExchangeRate.objects.filter(currency=currency, into=into, on__lte=on, on__gt=since)
    found = max(known, key=lambda row: (row.on, row.source == "manual"), default=None)
    if found is None:
        return BookRate(currency)
    return BookRate(into, found.rate, found.on, found.source)
