"""Revenue share: the share, then cap or guarantee, then the bonus outside both."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from billing.lines import ChargeLine, Rule, Step, Trace, settle
from billing.rating.bounds import rate_bounds
from billing.rating.context import RatingContext
from billing.rating.scales import share_of
from billing.terms import FlatBonus, FlatRate, RateBonus, RevenueShare, Scale, TierMode


def rate_revenue_share(terms: RevenueShare, context: RatingContext) -> list[ChargeLine]:
    """Return ``revenue_share``, then ``maximum_cap`` or ``minimum_guarantee``, then the bonus.

    Tier limits, bonus threshold and bonus amount apply to the period as given. Raises
    InvalidActivity when the revenue is missing.
    """
    revenue = context.activity.known_revenue()
    share = _rate_share(terms.scale, revenue, context)
    return [
        share,
        *rate_bounds(terms.bounds, terms.escalation, share.amount, context),
        *_rate_bonus(terms.performance_bonus, revenue, context),
    ]


def _rate_share(scale: Scale, revenue: Decimal, context: RatingContext) -> ChargeLine:
    share = share_of(scale, revenue)
    amount = settle(share.steps, share.exact, context.currency, "revenue_share")
    trace = Trace(_rule_of(scale), {"revenue_amount": revenue}, tuple(share.steps))
    quantity = None if share.rate is None else revenue
    return context.line("revenue_share", amount, trace, quantity=quantity, rate=share.rate)


def _rule_of(scale: Scale) -> Rule:
    if isinstance(scale, FlatRate):
        return "share_flat"
    return "share_whole" if scale.mode is TierMode.WHOLE else "share_marginal"


def _rate_bonus(
    bonus: RateBonus | FlatBonus | None, revenue: Decimal, context: RatingContext
) -> list[ChargeLine]:
    """The bonus is due only when the revenue is above, not at, the threshold."""
    if bonus is None or revenue <= bonus.threshold:
        return []
    inputs = {"revenue_amount": revenue, "threshold": bonus.threshold}
    match bonus:
        case RateBonus():
            excess = revenue - bonus.threshold
            exact = excess * bonus.rate
            steps = [Step("bonus_on_excess", {**inputs, "rate": bonus.rate}, exact)]
            amount = settle(steps, exact, context.currency, "performance_bonus")
            trace = Trace("bonus_rate", inputs, tuple(steps))
            line = context.line(
                "performance_bonus", amount, trace, quantity=excess, rate=bonus.rate
            )
        case FlatBonus():
            steps = [Step("bonus_flat", inputs, bonus.amount)]
            amount = settle(steps, bonus.amount, context.currency, "performance_bonus")
            line = context.line(
                "performance_bonus", amount, Trace("bonus_flat", inputs, tuple(steps))
            )
        case _:
            assert_never(bonus)
    return [line]
