"""Minimum guarantee and maximum cap: corrections shown as lines of their own."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from billing.escalation import Escalation
from billing.lines import ChargeLine, LineCode, Step, StepLabel, Trace, settle
from billing.rating.context import RatingContext
from billing.rating.monthly import sum_months
from billing.terms import Bounds


def rate_bounds(
    bounds: Bounds, escalation: Escalation | None, reached: Decimal, context: RatingContext
) -> list[ChargeLine]:
    """Return the line that brings ``reached`` down to the cap or up to the guarantee, if any.

    Both are amounts per month, escalated and prorated month by month, their sum rounded once. The
    cap is never below the guarantee, so at most one applies. A negative amount is below any
    guarantee, also one of 0.
    """
    if bounds.maximum_cap is not None:
        cap, steps = _bound_of_period(bounds.maximum_cap, escalation, "maximum_cap", context)
        if reached > cap:
            return [_correction("maximum_cap", "cap_reduction", cap, reached, steps, context)]
    if bounds.minimum_guarantee is not None:
        floor, steps = _bound_of_period(
            bounds.minimum_guarantee, escalation, "minimum_guarantee", context
        )
        if reached < floor:
            return [
                _correction("minimum_guarantee", "guarantee_top_up", floor, reached, steps, context)
            ]
    return []


def _bound_of_period(
    monthly_amount: Decimal,
    escalation: Escalation | None,
    code: LineCode,
    context: RatingContext,
) -> tuple[Decimal, list[Step]]:
    exact, steps = sum_months(monthly_amount, escalation, context)
    return settle(steps, exact, context.currency, code), steps


def _correction(
    code: Literal["maximum_cap", "minimum_guarantee"],
    label: StepLabel,
    bound: Decimal,
    reached: Decimal,
    steps: list[Step],
    context: RatingContext,
) -> ChargeLine:
    amount = bound - reached
    steps.append(Step(label, {"bound": bound, "reached": reached}, amount))
    inputs = {"reached": reached, **context.active_days()}
    return context.line(code, amount, Trace(code, inputs, tuple(steps)))
