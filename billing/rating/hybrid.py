"""Hybrid: components one after the other on the same inputs, then contract-level bounds."""

from __future__ import annotations

from collections.abc import Callable

from billing.lines import OUTSIDE_BOUNDS, ChargeLine
from billing.money import ZERO
from billing.rating.bounds import rate_bounds
from billing.rating.context import RatingContext
from billing.terms import Hybrid, SimpleTerms


def rate_hybrid(
    terms: Hybrid,
    context: RatingContext,
    rate_component: Callable[[SimpleTerms, RatingContext], list[ChargeLine]],
) -> list[ChargeLine]:
    """Return each component's lines with its index, then the contract's own cap or guarantee.

    The bounds look at the sum of all component lines except the bonuses; components inherit
    nothing, and the hybrid's escalation is of its own bounds only.
    """
    lines = [
        line
        for index, component in enumerate(terms.components)
        for line in rate_component(component, context._replace(component=index))
    ]
    reached = sum((line.amount for line in lines if line.code not in OUTSIDE_BOUNDS), ZERO)
    return [*lines, *rate_bounds(terms.bounds, terms.escalation, reached, context)]
