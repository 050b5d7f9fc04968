"""When the revenue of a fee is earned: over the months that it covers."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from billing.money import EXACT, ZERO, round_money
from billing.periods import Period


class Earned(NamedTuple):
    """What of an amount becomes revenue on a day."""

    on: date
    amount: Decimal


def spread_over_months(
    amount: Decimal, period: Period, invoice_date: date, currency: str
) -> tuple[Earned, ...]:
    """Return when ``amount`` is earned; the parts add up to it.

    A fee for days of one calendar month is earned when it is invoiced. One that covers several
    is earned month by month, each weighing active days / days in the month as its proration
    does (domain rule 3), on the month's last day in the period, or on the invoice date where
    that is later. The running sum is rounded half-up, so no cent is lost between two months.
    """
    months = period.months()
    if len(months) == 1 or invoice_date >= period.end_date:
        return (Earned(invoice_date, amount),)
    weights = [Fraction(month.active_days, month.days_in_month) for month in months]
    whole, reached, earned_before = sum(weights, Fraction(0)), Fraction(0), ZERO
    parts: dict[date, Decimal] = {}
    for month, weight in zip(months, weights, strict=True):
        reached += weight
        earned = round_money(Fraction(amount) * reached / whole, currency)
        last_day = month.first_day + timedelta(days=month.active_days - 1)
        on = max(last_day, invoice_date)
        parts[on] = EXACT.add(parts.get(on, ZERO), EXACT.subtract(earned, earned_before))
        earned_before = earned
    return tuple(Earned(on, part) for on, part in parts.items())
