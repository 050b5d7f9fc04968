"""Paying habits and expected cash."""

from datetime import date
from decimal import Decimal

import pytest

from billing.ageing import Bucket, bucket_of, due_dates_of
from billing.habits import Expected, Week, by_week, expected_day, median_days_late

FRIDAY = date(2025, 2, 14)


@pytest.mark.parametrize(
    ("days", "median"),
    [
        ([], 0),
        ([5], 5),
        ([1, 30, 3], 3),
        ([1, 4], 3),  # 2.5, upwards
        ([-4, -1], -2),  # -2.5, upwards
        ([-3, 0, 0, 90], 0),
    ],
)
def test_the_median_ignores_the_odd_one(days: list[int], median: int) -> None:
    assert median_days_late(days) == median


def test_what_should_have_come_is_expected_today() -> None:
    assert expected_day(date(2025, 2, 20), 9, FRIDAY) == date(2025, 3, 1)
    assert expected_day(date(2025, 1, 1), 9, FRIDAY) == FRIDAY
    assert expected_day(date(2025, 2, 20), -3, FRIDAY) == date(2025, 2, 17)


def test_sums_by_week_from_monday() -> None:
    amounts = [
        Expected(FRIDAY, Decimal("10.10")),
        Expected(date(2025, 2, 16), Decimal("0.20")),  # Sunday of the same week
        Expected(date(2025, 2, 17), Decimal(5)),
        Expected(date(2025, 2, 24), Decimal(7)),
    ]
    assert by_week(amounts, FRIDAY, weeks=2) == [
        Week(date(2025, 2, 10), Decimal("10.30")),
        Week(date(2025, 2, 17), Decimal(5)),
        Week(None, Decimal(7)),
    ]


@pytest.mark.parametrize("bucket", list(Bucket))
def test_the_due_dates_of_a_bucket_are_those_that_fall_into_it(bucket: Bucket) -> None:
    assert set(due_dates_of(bucket, date.min)) <= {date.min, None}  # whoever asks for that day
    earliest, latest = due_dates_of(bucket, FRIDAY)
    for due in (earliest, latest):
        assert due is None or bucket_of(due, FRIDAY) == bucket
    assert (earliest is None) == (bucket == Bucket.OVER_90)
    assert (latest is None) == (bucket == Bucket.CURRENT)
