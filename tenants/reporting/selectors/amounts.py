"""Sums that keep their currency: different ones are never added up. Source: `domain.md` 2."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

HOME_CURRENCY = "CAD"


@dataclass(frozen=True)
class Tally:
    """A number of documents and what they come to, by currency."""

    count: int = 0
    amounts: Mapping[str, Decimal] = field(default_factory=dict)


def main_currency(currencies: set[str]) -> str:
    """The currency that is shown first: Canadian dollars where there are any."""
    if not currencies or HOME_CURRENCY in currencies:
        return HOME_CURRENCY
    return min(currencies)
