"""Additional charges and negotiated adjustments, outside every guarantee and cap."""

from __future__ import annotations

from decimal import Decimal

from billing.activity import Adjustment, Charge
from billing.lines import ChargeLine, Step, Trace, Value, settle
from billing.rating.context import RatingContext

ONE = Decimal(1)


def rate_charges(context: RatingContext) -> list[ChargeLine]:
    """Return one line per additional charge (negative is a credit), then per adjustment."""
    charges = [_rate_charge(charge, context) for charge in context.activity.additional_charges]
    adjustments = [_rate_adjustment(item, context) for item in context.activity.adjustments]
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


def _rate_adjustment(adjustment: Adjustment, context: RatingContext) -> ChargeLine:
    steps = [Step("charge", {"amount": adjustment.amount}, adjustment.amount)]
    amount = settle(steps, adjustment.amount, context.currency, "adjustment")
    inputs: dict[str, Value] = {
        "reason": adjustment.reason,
        "amount": adjustment.amount,
        "agreed_on": adjustment.agreed_on.isoformat(),
        "approved_by": adjustment.approved_by,
    }
    return context.line(
        "adjustment",
        amount,
        Trace("adjustment", inputs, tuple(steps)),
        quantity=ONE,
        rate=adjustment.amount,
        subject=adjustment.reason,
        description=adjustment.reason,
        taxable=adjustment.taxable,
    )
