from datetime import date, timedelta

import pytest

from billing.errors import InvalidPeriod
from billing.periods import (
    Frequency,
    Period,
    calendar_period,
    is_aligned,
    month_period,
    next_period,
    previous_period,
    uncovered,
)


def test_both_ends_count() -> None:
    period = Period(date(2025, 1, 1), date(2025, 1, 31))
    assert period.days == 31
    assert date(2025, 1, 1) in period
    assert date(2025, 1, 31) in period
    assert date(2025, 2, 1) not in period
    assert [day.day for day in Period(date(2025, 1, 30), date(2025, 1, 31))] == [30, 31]


def test_a_period_cannot_end_before_it_starts() -> None:
    with pytest.raises(InvalidPeriod) as caught:
        Period(date(2025, 1, 2), date(2025, 1, 1))
    assert caught.value.problems[0].field == "billing_period.end_date"


@pytest.mark.parametrize(
    ("effective", "ends", "active"),
    [
        (date(2024, 1, 1), None, (1, 31)),
        (date(2025, 1, 17), None, (17, 31)),
        (date(2024, 1, 1), date(2025, 1, 11), (1, 11)),
        (date(2025, 1, 31), date(2025, 1, 31), (31, 31)),  # both are active days
        (date(2025, 2, 1), None, None),
        (date(2024, 1, 1), date(2024, 12, 31), None),
    ],
)
def test_overlap_is_the_active_days(
    effective: date, ends: date | None, active: tuple[int, int] | None
) -> None:
    overlap = month_period(2025, 1).overlap(effective, ends)
    assert (overlap and (overlap.start_date.day, overlap.end_date.day)) == active


def test_months_of_a_period_over_a_year_end() -> None:
    months = Period(date(2027, 12, 20), date(2028, 2, 11)).months()
    assert [(month.label, month.active_days, month.days_in_month) for month in months] == [
        ("2027-12", 12, 31),
        ("2028-01", 31, 31),
        ("2028-02", 11, 29),
    ]
    assert [month.first_day for month in months] == [
        date(2027, 12, 20),
        date(2028, 1, 1),
        date(2028, 2, 1),
    ]


def test_days_inside_one_month() -> None:
    (month,) = Period(date(2025, 4, 10), date(2025, 4, 12)).months()
    assert (month.active_days, month.days_in_month) == (3, 30)


def test_nothing_longer_than_ten_years_is_billed_at_once() -> None:
    assert len(Period(date(2020, 1, 1), date(2029, 12, 31)).months()) == 120
    with pytest.raises(InvalidPeriod) as caught:
        Period(date(2020, 1, 1), date(2030, 1, 1)).months()
    assert caught.value.problems[0].code == "period_too_long"


@pytest.mark.parametrize(
    ("frequency", "on", "start", "end"),
    [
        (Frequency.MONTHLY, date(2024, 2, 10), date(2024, 2, 1), date(2024, 2, 29)),
        (Frequency.QUARTERLY, date(2025, 6, 30), date(2025, 4, 1), date(2025, 6, 30)),
        (Frequency.QUARTERLY, date(2025, 12, 1), date(2025, 10, 1), date(2025, 12, 31)),
        (Frequency.ANNUAL, date(2025, 6, 30), date(2025, 1, 1), date(2025, 12, 31)),
    ],
)
def test_periods_are_aligned_to_the_calendar(
    frequency: Frequency, on: date, start: date, end: date
) -> None:
    period = calendar_period(frequency, on)
    assert period == Period(start, end)
    assert is_aligned(frequency, period)
    assert is_aligned(frequency, Period(on, end))
    assert not is_aligned(frequency, Period(on, end + timedelta(days=1)))


def test_what_no_period_covers_is_told_by_stretches() -> None:
    september = month_period(2026, 9)

    def days(first: int, last: int, month: int = 9) -> Period:
        return Period(date(2026, month, first), date(2026, month, last))

    assert uncovered(september, []) == (september,)
    assert uncovered(september, [days(10, 12)]) == (days(1, 9), days(13, 30))
    assert uncovered(september, [days(13, 30), days(1, 10)]) == (days(11, 12),)
    assert uncovered(september, [days(1, 12), days(5, 8), days(1, 9, 8)]) == (days(13, 30),)
    assert uncovered(september, [Period(date(2026, 8, 15), date(2026, 10, 2))]) == ()


@pytest.mark.parametrize("frequency", list(Frequency))
def test_next_and_previous_are_each_others_inverse(frequency: Frequency) -> None:
    period = calendar_period(frequency, date(2025, 12, 15))
    following = next_period(frequency, period)
    assert following.start_date == date(2026, 1, 1)
    assert previous_period(frequency, following) == period
