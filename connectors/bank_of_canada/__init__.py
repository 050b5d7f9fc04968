"""Daily exchange rates of the Bank of Canada, through its Valet service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

BASE_URL = "https://www.bankofcanada.ca/valet"
CANADIAN = "CAD"


@dataclass(frozen=True)
class DailyRate:
    """One unit of `currency` is `rate` units of `into` on a day."""

    currency: str
    into: str
    on: date
    rate: Decimal
