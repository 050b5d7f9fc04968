"""When customers really pay: each one's own habit, and the cash that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from billing.money import EXACT, ZERO

INVOICES_REMEMBERED = 12
WEEKS_AHEAD = 13


class Expected(NamedTuple):
    """An open amount and the day it is expected."""

    on: date
    amount: Decimal


class Week(NamedTuple):
    """What is expected in the seven days from ``start`` (a Monday); None: later than all weeks."""

    start: date | None
    amount: Decimal


def median_days_late(days: Sequence[int]) -> int:
    """Return the median, of two middle ones their mean, half a day upwards; 0 of none.

    Days are counted from the due date, negative where the customer paid before it.
    """
    if not days:
        return 0
    ordered = sorted(days)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle] + 1) // 2


def expected_day(due: date, days_late: int, today: date) -> date:
    """Return the due date moved by the habit, never before today."""
    return max(due + timedelta(days=days_late), today)


def week_start(day: date) -> date:
    """Return the Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def by_week(amounts: Iterable[Expected], today: date, weeks: int = WEEKS_AHEAD) -> list[Week]:
    """Return the sums of one currency by week from the present one, then what comes later."""
    first = week_start(today)
    starts = [first + timedelta(weeks=number) for number in range(weeks)]
    sums: dict[date | None, Decimal] = dict.fromkeys([*starts, None], ZERO)
    for one in amounts:
        start = max(week_start(one.on), first)
        key = start if start in sums else None
        sums[key] = EXACT.add(sums[key], one.amount)
    return [Week(start, amount) for start, amount in sums.items()]
