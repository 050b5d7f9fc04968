"""Rates a contract: terms, active days and activity in, charge lines with traces out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import localcontext
from types import MappingProxyType
from typing import assert_never

from billing.activity import Activity, Taxable
from billing.errors import FieldProblem, InvalidActivity, NotActive
from billing.lines import ALWAYS_SHOWN, ChargeLine
from billing.money import EXACT
from billing.periods import Period
from billing.rating.charges import rate_charges
from billing.rating.context import RatingContext
from billing.rating.fees import rate_fixed_fee
from billing.rating.hybrid import rate_hybrid
from billing.rating.inputs import Input, find_missing_inputs, required_inputs
from billing.rating.labour_hours import rate_labour_hours
from billing.rating.management_agreement import rate_management_agreement
from billing.rating.revenue_share import rate_revenue_share
from billing.terms import (
    FixedFee,
    Hybrid,
    LabourHours,
    ManagementAgreement,
    RevenueShare,
    Terms,
)

__all__ = ["Input", "find_missing_inputs", "rate_contract", "required_inputs"]

_ALL_TAXABLE: Mapping[str, Taxable] = MappingProxyType({})


def rate_contract(
    terms: Terms,
    *,
    currency: str,
    effective_date: date,
    end_date: date | None,
    period: Period,
    activity: Activity,
    taxability: Mapping[str, Taxable] = _ALL_TAXABLE,
) -> tuple[ChargeLine, ...]:
    """Return the charge lines of one contract for the days it is active in ``period``.

    Every line is rounded half-up to the currency's minor unit; the lines' sum is the subtotal.
    Lines of 0.00 are left out, except share and fees. ``taxability`` holds the tenant's defaults
    per line code; where neither it nor the input says, every component applies.

    Raises NotActive, InvalidActivity (all missing inputs at once), InvalidPeriod,
    UnknownCurrency, AmountTooLarge. Source: domain rules 3 and 4.
    """
    active = period.overlap(effective_date, end_date)
    if active is None:
        raise NotActive([_not_active(effective_date, end_date)])
    problems = find_missing_inputs(terms, activity)
    if problems:
        raise InvalidActivity(problems)
    with localcontext(EXACT):
        context = RatingContext(currency, active, active.months(), activity, taxability)
        lines = [*_rate_terms(terms, context), *rate_charges(context)]
    return tuple(line for line in lines if line.amount or line.code in ALWAYS_SHOWN)


def _rate_terms(terms: Terms, context: RatingContext) -> list[ChargeLine]:
    match terms:
        case RevenueShare():
            return rate_revenue_share(terms, context)
        case LabourHours():
            return rate_labour_hours(terms, context)
        case FixedFee():
            return rate_fixed_fee(terms, context)
        case ManagementAgreement():
            return rate_management_agreement(terms, context)
        case Hybrid():
            return rate_hybrid(terms, context, _rate_terms)
        case _:
            assert_never(terms)


def _not_active(effective_date: date, end_date: date | None) -> FieldProblem:
    until = "…" if end_date is None else end_date.isoformat()
    return FieldProblem(
        "billing_period",
        "not_active",
        f"has no day on which the contract is active ({effective_date} to {until})",
        {"effective_date": effective_date.isoformat(), "end_date": until},
    )
