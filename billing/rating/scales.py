"""Shares of an amount: at one rate, slice by slice, or at the rate of the tier reached."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from billing.lines import Step
from billing.money import ZERO
from billing.terms import FlatRate, Scale, Tier, TieredRate, TierMode


class Share(NamedTuple):
    """The exact share; ``rate`` where one rate applies to the whole base."""

    exact: Decimal
    rate: Decimal | None
    steps: list[Step]


def share_of(scale: Scale, base: Decimal) -> Share:
    """Return the share of ``base``, not rounded.

    A flat rate of a negative base is negative; tiers begin at 0, so nothing of it falls in one.
    """
    if isinstance(scale, FlatRate):
        exact = base * scale.rate
        step = Step("flat_share", {"base": base, "rate": scale.rate}, exact)
        return Share(exact, scale.rate, [step])
    if base <= ZERO:
        return Share(ZERO, None, [Step("nothing_to_share", {"base": base}, ZERO)])
    if scale.mode is TierMode.WHOLE:
        return _whole_share(scale, base)
    return _marginal_share(scale, base)


def _whole_share(scale: TieredRate, base: Decimal) -> Share:
    """The rate of the tier that ``base`` falls in, ``up_to`` included, applies to all of it."""
    tier = next(tier for tier in scale.tiers if _falls_in(tier, base))
    exact = base * tier.rate
    values = {"base": base, "up_to": tier.up_to, "rate": tier.rate}
    return Share(exact, tier.rate, [Step("tier_whole", values, exact)])


def _falls_in(tier: Tier, base: Decimal) -> bool:
    return tier.up_to is None or base <= tier.up_to


def _marginal_share(scale: TieredRate, base: Decimal) -> Share:
    """Each slice of ``base`` at its own rate, summed."""
    steps = []
    total = lower = ZERO
    for tier in scale.tiers:
        if lower == base:
            break
        upper = base if tier.up_to is None else min(base, tier.up_to)
        amount = (upper - lower) * tier.rate
        values = {"above": lower, "up_to": tier.up_to, "slice": upper - lower, "rate": tier.rate}
        steps.append(Step("tier_slice", values, amount))
        total += amount
        lower = upper
    if len(steps) > 1:
        steps.append(Step("sum", {"count": len(steps)}, total))
    return Share(total, None, steps)
