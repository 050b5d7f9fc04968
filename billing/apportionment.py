"""Revenue of a period whose terms change: what falls to the days of each version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from billing.lines import Rule, Step, Value
from billing.money import EXACT, ZERO, round_money
from billing.periods import Period, month_period
from billing.validation import is_reported_in_sums

REVENUE_RULES: frozenset[Rule] = frozenset(
    (
        "share_flat",
        "share_marginal",
        "share_whole",
        "bonus_rate",
        "bonus_flat",
        "fee_revenue",
        "insurance_gross_revenue",
        "profit_share_marginal",
        "profit_share_whole",
    )
)
"""Rules whose amounts rest on the revenue: their traces tell how it was divided."""


class PartRevenue(NamedTuple):
    """The revenue of one part; a step for each month of which it has a share only."""

    amount: Decimal
    steps: tuple[Step, ...] = ()


def divide_revenue(
    by_day: Mapping[date, Decimal], parts: Sequence[Period], currency: str
) -> tuple[PartRevenue, ...]:
    """Return the revenue of each of ``parts``, which follow one another without a gap.

    Revenue reported by day belongs to the part of its day; a day without a report has none.
    Where each month has a single report, that is the sum of its days (``is_reported_in_sums``),
    whichever day carries it: each part has of it its days / the month's billed days, as a monthly
    amount has (domain rule 3). The running sum is rounded half-up, so the last part has what
    remains and no cent is lost.
    """
    whole = Period(parts[0].start_date, parts[-1].end_date)
    if not is_reported_in_sums(whole, by_day):
        return tuple(_of_own_days(by_day, part) for part in parts)
    amounts, steps = [ZERO for _part in parts], [list[Step]() for _part in parts]
    for month in whole.months():
        calendar = month_period(month.year, month.month)
        billed = whole.overlap(calendar.start_date, calendar.end_date)
        assert billed is not None  # the period touches it
        total = sum((by_day[day] for day in billed if day in by_day), ZERO)
        reached, given = 0, ZERO
        for index, part in enumerate(parts):
            own = part.overlap(billed.start_date, billed.end_date)
            if own is None:
                continue
            reached += own.days
            share = _share(total, reached, billed.days, currency)
            amount, given = EXACT.subtract(share, given), share
            amounts[index] = EXACT.add(amounts[index], amount)
            if own.days < billed.days:
                values: dict[str, Value] = {
                    "month": month.label,
                    "month_sum": total,
                    "part_days": own.days,
                    "days": billed.days,
                }
                steps[index].append(Step("month_sum_divided", values, amount))
    return tuple(PartRevenue(*one) for one in zip(amounts, map(tuple, steps), strict=True))


def _share(total: Decimal, days: int, of_days: int, currency: str) -> Decimal:
    """All of the total at the end, with any digits beyond the cent that it was reported with."""
    if days == of_days:
        return total
    return round_money(Fraction(total) * days / of_days, currency)


def _of_own_days(by_day: Mapping[date, Decimal], part: Period) -> PartRevenue:
    return PartRevenue(sum((by_day[day] for day in part if day in by_day), ZERO))
