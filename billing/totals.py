"""Totals of an invoice: sums of rounded lines, plus taxes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import NamedTuple

from billing.lines import ChargeLine
from billing.money import EXACT, check_storable, round_money
from billing.tax import TaxAmount, TaxComponent, compute_taxes


class Totals(NamedTuple):
    """``total`` = ``subtotal`` + the amounts of ``taxes``."""

    subtotal: Decimal
    taxes: tuple[TaxAmount, ...]
    total: Decimal

    @property
    def tax_total(self) -> Decimal:
        """All components together."""
        return EXACT.subtract(self.total, self.subtotal)


def sum_amounts(amounts: Iterable[Decimal], currency: str) -> Decimal:
    """Return the exact sum, in the currency's minor unit also when there is nothing to add."""
    total = round_money(Decimal(0), currency)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def total_invoice(
    lines: Collection[ChargeLine],
    components: Iterable[TaxComponent],
    currency: str,
    exemptions: Collection[str] = (),
) -> Totals:
    """Return subtotal, taxes and total of rounded lines; nothing but the taxes is rounded here.

    ``exemptions`` are names of components the customer is exempt from. Raises UnknownCurrency
    and AmountTooLarge.
    """
    subtotal = sum_amounts((line.amount for line in lines), currency)
    check_storable(subtotal, "subtotal")
    taxes = compute_taxes(lines, components, currency, exemptions)
    total = sum_amounts((subtotal, *(tax.amount for tax in taxes)), currency)
    return Totals(subtotal, taxes, check_storable(total, "total"))
