"""Management agreement: costs passed on, management fee, insurance and a share of the profit."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from billing.activity import Cost
from billing.lines import ChargeLine, Rule, Step, StepLabel, Trace, Value, settle
from billing.rating.context import RatingContext
from billing.rating.fees import rate_monthly_fee, rate_share_fee
from billing.rating.monthly import sum_months
from billing.rating.scales import share_of
from billing.terms import (
    CostFee,
    Insurance,
    InsuranceBasis,
    ManagementAgreement,
    MonthlyFee,
    ProfitShare,
    RevenueFee,
    TierMode,
)

ONE = Decimal(1)


def rate_management_agreement(
    terms: ManagementAgreement, context: RatingContext
) -> list[ChargeLine]:
    """Return a line per cost, then the management fee, insurance and profit share.

    The profit is what remains after the fee and the insurance as billed, that is, rounded.
    """
    lines = [_rate_cost(cost, terms.cost_markup_rate, context) for cost in context.activity.costs]
    fee = _rate_management_fee(terms, context)
    lines.append(fee)
    insurance_amount = Decimal(0)
    if terms.insurance is not None:
        insurance = _rate_insurance(terms.insurance, context)
        insurance_amount = insurance.amount
        lines.append(insurance)
    if terms.profit_share is not None:
        lines += _rate_profit_share(terms.profit_share, fee.amount, insurance_amount, context)
    return lines


def _rate_cost(cost: Cost, markup_rate: Decimal, context: RatingContext) -> ChargeLine:
    factor = ONE + markup_rate
    exact = cost.amount * factor
    values: dict[str, Value] = {"cost": cost.amount, "markup_rate": markup_rate}
    steps = [Step("cost_marked_up", values, exact)]
    amount = settle(steps, exact, context.currency, "reimbursable_cost")
    inputs: dict[str, Value] = {
        "description": cost.description,
        "category": cost.category,
        **values,
    }
    return context.line(
        "reimbursable_cost",
        amount,
        Trace("cost", inputs, tuple(steps)),
        quantity=cost.amount if markup_rate else ONE,
        rate=factor if markup_rate else cost.amount,
        subject=cost.description,
        description=cost.description,
        taxable=cost.taxable,
    )


def _rate_management_fee(terms: ManagementAgreement, context: RatingContext) -> ChargeLine:
    fee = terms.management_fee
    match fee:
        case MonthlyFee():
            return rate_monthly_fee("management_fee", fee, terms.escalation, context)
        case RevenueFee():
            revenue = context.activity.known_revenue()
            return rate_share_fee(revenue, fee.rate, "revenue", context)
        case CostFee():
            return rate_share_fee(context.activity.raw_costs, fee.rate, "costs", context)
        case _:
            assert_never(fee)


def _rate_insurance(insurance: Insurance, context: RatingContext) -> ChargeLine:
    label: StepLabel
    rule: Rule
    if insurance.basis is InsuranceBasis.PAYROLL:
        base = context.activity.payroll_costs
        label, rule = "share_of_payroll", "insurance_payroll"
    else:
        base = context.activity.known_revenue()
        label, rule = "share_of_revenue", "insurance_gross_revenue"
    exact = base * insurance.rate
    values = {"base": base, "rate": insurance.rate}
    steps = [Step(label, values, exact)]
    amount = settle(steps, exact, context.currency, "insurance")
    trace = Trace(rule, values, tuple(steps))
    return context.line("insurance", amount, trace, quantity=base, rate=insurance.rate)


def _rate_profit_share(
    terms: ProfitShare, fee: Decimal, insurance: Decimal, context: RatingContext
) -> list[ChargeLine]:
    """The part of the profit above the threshold goes through the tiers; nothing when none.

    The threshold is an amount per month, prorated like a fee but never escalated; tier limits
    apply to the period as given.
    """
    revenue, costs = context.activity.known_revenue(), context.activity.raw_costs
    profit = revenue - costs - fee - insurance
    exact_threshold, steps = sum_months(terms.threshold, None, context)
    threshold = settle(steps, exact_threshold, context.currency, "profit_share")
    excess = profit - threshold
    if excess <= 0:
        return []
    inputs: dict[str, Value] = {
        "revenue_amount": revenue,
        "costs": costs,
        "management_fee": fee,
        "insurance": insurance,
    }
    steps.append(Step("profit", inputs, profit))
    above: dict[str, Value] = {"profit": profit, "threshold": threshold}
    steps.append(Step("profit_above_threshold", above, excess))
    share = share_of(terms.scale, excess)
    steps += share.steps
    amount = settle(steps, share.exact, context.currency, "profit_share")
    is_whole = terms.scale.mode is TierMode.WHOLE
    rule: Rule = "profit_share_whole" if is_whole else "profit_share_marginal"
    quantity = None if share.rate is None else excess
    trace = Trace(rule, inputs, tuple(steps))
    return [context.line("profit_share", amount, trace, quantity=quantity, rate=share.rate)]
