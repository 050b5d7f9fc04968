"""Fees that depend on time alone: per month, or a twelfth of a year per month."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Literal

from billing.escalation import Escalation
from billing.lines import ChargeLine, Step, Trace, Value, settle
from billing.money import as_shown
from billing.rating.context import RatingContext
from billing.rating.monthly import sum_months
from billing.terms import AnnualFee, FixedFee, MonthlyFee

MONTHS_PER_YEAR = 12


def rate_fixed_fee(terms: FixedFee, context: RatingContext) -> list[ChargeLine]:
    """Return the line ``fixed_fee``, shown also when it is 0.00."""
    if isinstance(terms.fee, MonthlyFee):
        return [rate_monthly_fee("fixed_fee", terms.fee, terms.escalation, context)]
    return [_rate_annual_fee(terms.fee, terms.escalation, context)]


def rate_monthly_fee(
    code: Literal["fixed_fee", "management_fee"],
    fee: MonthlyFee,
    escalation: Escalation | None,
    context: RatingContext,
) -> ChargeLine:
    """Return the fee of the active days, month by month, rounded once."""
    exact, steps = sum_months(fee.amount, escalation, context)
    amount = settle(steps, exact, context.currency, code)
    inputs: dict[str, Value] = {"monthly_fee": fee.amount, **context.active_days()}
    return context.line(code, amount, Trace("fee_monthly", inputs, tuple(steps)))


def _rate_annual_fee(
    fee: AnnualFee, escalation: Escalation | None, context: RatingContext
) -> ChargeLine:
    """A twelfth per month; the twelfth stays an exact fraction."""
    per_month = Fraction(fee.amount) / MONTHS_PER_YEAR
    exact, month_steps = sum_months(per_month, escalation, context)
    first = Step("annual_to_monthly", {"annual_fee": fee.amount}, as_shown(per_month))
    steps = [first, *month_steps]
    amount = settle(steps, exact, context.currency, "fixed_fee")
    inputs: dict[str, Value] = {"annual_fee": fee.amount, **context.active_days()}
    return context.line("fixed_fee", amount, Trace("fee_annual", inputs, tuple(steps)))


def rate_share_fee(
    base: Decimal, rate: Decimal, basis: Literal["revenue", "costs"], context: RatingContext
) -> ChargeLine:
    """Return the line ``management_fee`` as a fraction of the revenue or of the raw costs."""
    exact = base * rate
    label: Literal["share_of_revenue", "share_of_costs"] = (
        "share_of_revenue" if basis == "revenue" else "share_of_costs"
    )
    steps = [Step(label, {"base": base, "rate": rate}, exact)]
    amount = settle(steps, exact, context.currency, "management_fee")
    rule: Literal["fee_revenue", "fee_cost"] = "fee_revenue" if basis == "revenue" else "fee_cost"
    trace = Trace(rule, {"base": base, "rate": rate}, tuple(steps))
    return context.line("management_fee", amount, trace, quantity=base, rate=rate)
