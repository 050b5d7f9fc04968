"""Monthly amounts: evaluated month by month, prorated by days, summed exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from billing.escalation import Escalation, compound, full_years
from billing.lines import Step, Value
from billing.money import as_shown
from billing.periods import MonthSlice
from billing.rating.context import RatingContext


def sum_months(
    monthly_amount: Decimal | Fraction, escalation: Escalation | None, context: RatingContext
) -> tuple[Fraction, list[Step]]:
    """Return the exact sum of amount x factor x active days / days in month, and its steps.

    Each calendar month uses the escalation factor of the contract's first active day in it
    (domain rule 3). Nothing is rounded here: a 31st of a fee has no finite decimal.
    """
    base = Fraction(monthly_amount)
    shown = as_shown(base)
    steps = []
    total = Fraction(0)
    for month in context.months:
        amount, step = _month_amount(base, shown, escalation, month)
        total = total + amount if total else amount
        steps.append(step)
    if len(steps) > 1:
        steps.append(Step("sum", {"count": len(steps)}, as_shown(total)))
    return total, steps


def _month_amount(
    base: Fraction, shown: Decimal, escalation: Escalation | None, month: MonthSlice
) -> tuple[Fraction, Step]:
    amount = base
    values: dict[str, Value] = {
        "month": month.label,
        "monthly_amount": shown,
        "active_days": month.active_days,
        "days_in_month": month.days_in_month,
    }
    if escalation is not None:
        years = full_years(escalation.effective_date, month.first_day)
        factor = compound(escalation.annual_increase, years)
        values["annual_increase"] = escalation.annual_increase
        values["years"] = years
        values["factor"] = as_shown(factor)
        amount = amount * factor
    if month.active_days < month.days_in_month:
        amount = amount * Fraction(month.active_days, month.days_in_month)
    return amount, Step("month", values, shown if amount is base else as_shown(amount))
