"""Sums over several currencies: each states the rates it used, their dates and sources."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from billing.errors import FieldProblem, MissingExchangeRate
from billing.money import EXACT, ZERO, round_money
from billing.totals import sum_amounts


class ExchangeRate(NamedTuple):
    """One unit of ``currency`` is ``rate`` units of ``into``, on a day, by a source."""

    currency: str
    into: str
    rate: Decimal
    on: date
    source: str


class Converted(NamedTuple):
    """The sum in one currency and what it came to; ``rate`` None where none was needed."""

    currency: str
    original: Decimal
    amount: Decimal
    rate: ExchangeRate | None


class CurrencySum(NamedTuple):
    """A total in ``currency`` and the conversions it is made of."""

    currency: str
    amount: Decimal
    parts: tuple[Converted, ...]


def convert(amount: Decimal, rate: ExchangeRate) -> Decimal:
    """Return ``amount`` in ``rate.into``, rounded half-up once to its minor unit."""
    return round_money(EXACT.multiply(amount, rate.rate), rate.into)


def sum_in_currency(
    currency: str,
    amounts: Iterable[tuple[Decimal, str]],
    rates: Iterable[ExchangeRate],
) -> CurrencySum:
    """Return the total of ``(amount, currency)`` pairs in ``currency``.

    The amounts of one currency are added first and their sum is converted and rounded once.
    Raises MissingExchangeRate naming every currency without a rate.
    """
    sums: dict[str, Decimal] = {}
    for amount, original in amounts:
        sums[original] = EXACT.add(sums.get(original, ZERO), amount)
    known = {rate.currency: rate for rate in rates if rate.into == currency}
    missing = sorted(set(sums) - set(known) - {currency})
    if missing:
        raise MissingExchangeRate(
            [
                FieldProblem(
                    "currency",
                    "missing_exchange_rate",
                    f"has no rate from {code} to {currency}",
                    {"currency": code, "into": currency},
                )
                for code in missing
            ]
        )
    parts = tuple(_convert_sum(code, sums[code], currency, known) for code in sorted(sums))
    return CurrencySum(currency, sum_amounts((part.amount for part in parts), currency), parts)


def _convert_sum(
    code: str, total: Decimal, currency: str, known: dict[str, ExchangeRate]
) -> Converted:
    if code == currency:
        return Converted(code, total, total, None)
    return Converted(code, total, convert(total, known[code]), known[code])
