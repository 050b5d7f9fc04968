"""Credit notes: how much of an invoice's lines and taxes they take back (domain rules 5 and 6).

All amounts are in the invoice's currency. What is left of a line is its amount with all earlier
corrections; it has the sign of the line (a reduction to the maximum is below zero).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from billing.money import EXACT, ZERO, round_money
from billing.tax import TaxAmount, TaxComponent
from billing.totals import sum_amounts


def spread_credit(amount: Decimal, left: Sequence[Decimal], currency: str) -> tuple[Decimal, ...]:
    """Return what of each line a credit of ``amount`` (before tax) takes, in proportion.

    ``amount`` is more than zero and not more than the sum of ``left``. The running sum is
    rounded, so the parts add up to the amount, and a credit of everything clears every line.
    """
    whole = Fraction(sum_amounts(left, currency))
    share = Fraction(amount) / whole
    parts, reached, taken = [], Fraction(0), ZERO
    for line in left:
        reached += Fraction(line) * share
        due = round_money(reached, currency)
        parts.append(EXACT.subtract(due, taken))
        taken = due
    return tuple(parts)


def held_part(
    credited: Decimal, charges_left: Decimal, held_left: Decimal, currency: str
) -> Decimal:
    """Return what of a holdback line goes with charges that are credited.

    ``credited`` of ``charges_left`` are taken back, so the same share of ``held_left`` (below
    zero) is; all of it with the last of the charges.
    """
    if not charges_left:
        return ZERO
    return round_money(Fraction(held_left) * Fraction(credited) / Fraction(charges_left), currency)


def credit_taxes(
    bases: Mapping[str, Decimal],
    components: Sequence[TaxComponent],
    left: Mapping[str, tuple[Decimal, Decimal]],
    currency: str,
) -> tuple[TaxAmount, ...]:
    """Return the taxes of a credit note: negative, at the rates of the invoice it corrects.

    ``bases`` are the (negative) sums of the credited lines by component, ``left`` what is left
    of base and tax on the invoice. Each tax is rounded half-up once; it never takes back more
    than is left, and the credit that clears a base clears its tax to the cent.
    """
    taxes = []
    for component in components:
        base = bases.get(component.name, ZERO)
        if not base:
            continue
        base_left, tax_left = left.get(component.name, (ZERO, ZERO))
        amount = round_money(EXACT.multiply(base, component.rate), currency)
        clears = not EXACT.add(base_left, base)
        if clears or (base < 0 < base_left and amount < -tax_left):
            amount = EXACT.minus(tax_left)
        taxes.append(TaxAmount(component.name, component.rate, base, amount))
    return tuple(taxes)
