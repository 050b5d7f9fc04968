"""Credit notes: how much of an invoice's lines and taxes they take back (domain rules 5 and 6).

All amounts are in the invoice's currency. What is left of a line is its amount with all earlier
corrections; it has the sign of the line (a reduction to the maximum is below zero).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from billing.money import EXACT, ZERO, round_money
from billing.tax import TaxAmount
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
    charged: Sequence[TaxAmount],
    left: Mapping[str, tuple[Decimal, Decimal]],
    currency: str,
) -> tuple[TaxAmount, ...]:
    """Return the taxes of a credit note, at the rates of the invoice it corrects.

    ``bases`` are the (negative) sums of the credited lines by component, ``charged`` the taxes
    of the invoice, ``left`` what is left of base and tax with its earlier credit notes. The tax
    on everything credited so far is rounded half-up once, and this note gives what of it the
    earlier ones did not: so the first gives back exactly the tax of its lines, also where other
    lines cancel them, and the note that clears the base clears the tax to the cent.
    """
    taxes = []
    for tax in charged:
        base = bases.get(tax.name, ZERO)
        if not base:
            continue
        base_left, tax_left = left.get(tax.name, (tax.base, tax.amount))
        credited = EXACT.subtract(EXACT.subtract(tax.base, base_left), base)
        due = tax.amount
        if credited != tax.base:
            due = round_money(EXACT.multiply(credited, tax.rate), currency)
        given = EXACT.subtract(tax.amount, tax_left)
        amount = round_money(EXACT.subtract(given, due), currency)
        taxes.append(TaxAmount(tax.name, tax.rate, base, amount))
    return tuple(taxes)
