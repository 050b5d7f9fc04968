"""Billing periods: whole days, both ends included, aligned to the calendar by frequency."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from billing.errors import FieldProblem, InvalidPeriod

MAX_MONTHS = 120
"""The longest period billed at once; a year is the longest frequency, the rest is slack."""


class Frequency(StrEnum):
    """How often a contract is billed."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    ANNUAL = "annual"

    @property
    def months(self) -> int:
        """Months in one period of this frequency."""
        return _MONTHS_PER_PERIOD[self]


_MONTHS_PER_PERIOD = {Frequency.MONTHLY: 1, Frequency.QUARTERLY: 3, Frequency.ANNUAL: 12}


class MonthSlice(NamedTuple):
    """The days of one calendar month that fall into a period."""

    year: int
    month: int
    first_day: date
    active_days: int
    days_in_month: int

    @property
    def label(self) -> str:
        """The month as ``YYYY-MM``."""
        return f"{self.year:04}-{self.month:02}"


@dataclass(frozen=True, slots=True)
class Period:
    """``[start_date, end_date]``, both inclusive; raises InvalidPeriod when the end comes first."""

    start_date: date
    end_date: date

    def __post_init__(self) -> None:
        if self.end_date < self.start_date:
            problem = FieldProblem("billing_period.end_date", "before_start", "is before the start")
            raise InvalidPeriod([problem])

    @property
    def days(self) -> int:
        """Number of days, both ends counted."""
        return (self.end_date - self.start_date).days + 1

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.start_date <= day <= self.end_date

    def __iter__(self) -> Iterator[date]:
        return (self.start_date + timedelta(days=offset) for offset in range(self.days))

    def overlap(self, effective_date: date, end_date: date | None) -> Period | None:
        """Return the days on which a contract is active inside this period, None when none.

        ``effective_date`` and ``end_date`` are both active days; no ``end_date`` means open.
        """
        start = max(self.start_date, effective_date)
        end = self.end_date if end_date is None else min(self.end_date, end_date)
        return Period(start, end) if start <= end else None

    def months(self) -> tuple[MonthSlice, ...]:
        """Return each calendar month touched, in order; raise InvalidPeriod above MAX_MONTHS."""
        year, month = self.start_date.year, self.start_date.month
        count = (self.end_date.year - year) * 12 + self.end_date.month - month + 1
        if count > MAX_MONTHS:
            problem = FieldProblem(
                "billing_period.end_date",
                "period_too_long",
                f"is more than {MAX_MONTHS} months after the start",
                {"limit": str(MAX_MONTHS)},
            )
            raise InvalidPeriod([problem])
        slices = []
        first_day = self.start_date
        for _ in range(count):
            days_in_month = monthrange(year, month)[1]
            is_last = year == self.end_date.year and month == self.end_date.month
            last = self.end_date.day if is_last else days_in_month
            active_days = last - first_day.day + 1
            slices.append(MonthSlice(year, month, first_day, active_days, days_in_month))
            if not is_last:
                year, month = (year + 1, 1) if month == 12 else (year, month + 1)
                first_day = date(year, month, 1)
        return tuple(slices)


def month_period(year: int, month: int) -> Period:
    """Return the whole calendar month."""
    return Period(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


def calendar_period(frequency: Frequency, on_date: date) -> Period:
    """Return the calendar month, quarter or year that contains ``on_date``."""
    first_month = (on_date.month - 1) // frequency.months * frequency.months + 1
    last_month = first_month + frequency.months - 1
    return Period(
        date(on_date.year, first_month, 1), month_period(on_date.year, last_month).end_date
    )


def next_period(frequency: Frequency, period: Period) -> Period:
    """Return the calendar period of ``frequency`` that follows the end of ``period``."""
    return calendar_period(frequency, period.end_date + timedelta(days=1))


def previous_period(frequency: Frequency, period: Period) -> Period:
    """Return the calendar period of ``frequency`` that precedes the start of ``period``."""
    return calendar_period(frequency, period.start_date - timedelta(days=1))


def is_aligned(frequency: Frequency, period: Period) -> bool:
    """Tell whether ``period`` is one calendar period of ``frequency`` or lies inside a single one.

    A part is what a contract that begins or ends, changed terms or an invoice of other days leave.
    """
    return period.end_date <= calendar_period(frequency, period.start_date).end_date


def uncovered(period: Period, covered: Iterable[Period]) -> tuple[Period, ...]:
    """Return the stretches of ``period`` that no period of ``covered`` reaches, in order."""
    found: list[Period] = []
    free = period.start_date
    for one in sorted(covered, key=lambda other: other.start_date):
        part = one.overlap(period.start_date, period.end_date)
        if part is None:
            continue
        if part.start_date > free:
            found.append(Period(free, part.start_date - timedelta(days=1)))
        if part.end_date == period.end_date:
            return tuple(found)
        free = max(free, part.end_date + timedelta(days=1))
    return (*found, Period(free, period.end_date))
