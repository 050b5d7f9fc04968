"""Holdback: what a customer keeps back of each invoice, by taxability (domain rules 5 and 9).

A holdback is outside the tax base until it is paid or its period ends. It stands as lines of its
own that take part in the totals as every line does, so the base shrinks by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from billing.activity import Taxable
from billing.lines import DESCRIPTIONS, ChargeLine, Step, Trace, settle
from billing.money import EXACT, ZERO

HOLDBACK, HOLDBACK_RELEASE = "holdback", "holdback_release"
HOLDBACK_CODES = frozenset({HOLDBACK, HOLDBACK_RELEASE})
"""Lines that move money between two receivables: they are no revenue."""


def holdback_lines(
    lines: Iterable[ChargeLine], rate: Decimal, currency: str, source: str = ""
) -> tuple[ChargeLine, ...]:
    """Return a ``holdback`` line for each taxability of the lines, in order of appearance.

    Its amount is -(``rate`` x the sum of those lines), rounded half-up once; ``rate`` is a
    fraction before tax, and ``source`` what lays it down, for the trace. Lines of 0.00 are left
    out. Raises UnknownCurrency, AmountTooLarge.
    """
    bases: dict[Taxable, Decimal] = {}
    for line in lines:
        bases[line.taxable] = EXACT.add(bases.get(line.taxable, ZERO), line.amount)
    held = (_held(base, rate, taxable, currency, source) for taxable, base in bases.items())
    return tuple(line for line in held if line.amount)


def held_amount(lines: Iterable[ChargeLine]) -> Decimal:
    """Return what the lines keep back, positive; negative for what they give back."""
    total = ZERO
    for line in lines:
        if line.code in HOLDBACK_CODES:
            total = EXACT.subtract(total, line.amount)
    return total


def _held(base: Decimal, rate: Decimal, taxable: Taxable, currency: str, source: str) -> ChargeLine:
    exact = EXACT.multiply(base, rate).copy_negate()
    values = {"base": base, "rate": rate}
    steps = [Step("holdback_share", values, exact)]
    amount = settle(steps, exact, currency, "holdback")
    trace = Trace("holdback", values, tuple(steps))
    return ChargeLine(
        code="holdback",
        description=DESCRIPTIONS["holdback"],
        quantity=None,
        rate=None,
        amount=amount,
        taxable=taxable,
        component=None,
        trace=trace.with_input("source", source) if source else trace,
    )
