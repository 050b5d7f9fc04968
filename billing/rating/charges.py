"""Additional charges and negotiated adjustments, outside every guarantee and cap."""

from __future__ import annotations

from decimal import Decimal

from billing.activity import Adjustment, Charge
from billing.lines import ChargeLine, Step, Trace, Value, settle
from billing.periods import Period
from billing.rating.context import RatingContext
from billing.rating.monthly import sum_months

ONE = Decimal(1)


def rate_charges(context: RatingContext) -> list[ChargeLine]:
    """Return one line per additional charge (negative is a credit), then per adjustment."""
    charges = [_rate_charge(charge, context) for charge in context.activity.additional_charges]
    adjustments = [
        _rate_once(item, context) if item.days is None else _rate_months(item, item.days, context)
        for item in context.activity.adjustments
    ]
    return charges + adjustments


def _rate_charge(charge: Charge, context: RatingContext) -> ChargeLine:
    steps = [Step("charge", {"amount": charge.amount}, charge.amount)]
    amount = settle(steps, charge.amount, context.currency, "additional_charge")
    inputs: dict[str, Value] = {"description": charge.description, "amount": charge.amount}
    return context.line(
        "additional_charge",
        amount,
        Trace("additional_charge", inputs, tuple(steps)),
        quantity=ONE,
        rate=charge.amount,
        subject=charge.description,
        description=charge.description,
        taxable=charge.taxable,
    )


def _rate_once(adjustment: Adjustment, context: RatingContext) -> ChargeLine:
    steps = [Step("charge", {"amount": adjustment.amount}, adjustment.amount)]
    amount = settle(steps, adjustment.amount, context.currency, "adjustment")
    return context.line(
        "adjustment",
        amount,
        Trace("adjustment", _agreement(adjustment), tuple(steps)),
        quantity=ONE,
        rate=adjustment.amount,
        subject=adjustment.reason,
        description=adjustment.reason,
        taxable=adjustment.taxable,
    )


def _rate_months(adjustment: Adjustment, days: Period, context: RatingContext) -> ChargeLine:
    """An amount a month on the active days it is agreed for; 0.00 where there are none."""
    agreed = context.active.overlap(days.start_date, days.end_date)
    months = agreed.months() if agreed else ()
    exact, steps = sum_months(adjustment.amount, None, context._replace(months=months))
    amount = settle(steps, exact, context.currency, "adjustment")
    return context.line(
        "adjustment",
        amount,
        Trace("adjustment", _agreement(adjustment), tuple(steps)),
        subject=adjustment.reason,
        description=adjustment.reason,
        taxable=adjustment.taxable,
    )


def _agreement(adjustment: Adjustment) -> dict[str, Value]:
    return {
        "reason": adjustment.reason,
        "amount": adjustment.amount,
        "agreed_on": adjustment.agreed_on.isoformat(),
        "approved_by": adjustment.approved_by,
    }
