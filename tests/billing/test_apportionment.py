from datetime import date
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from billing.apportionment import divide_revenue
from billing.money import EXACT, ZERO
from billing.periods import Period

JANUARY = (
    Period(date(2026, 1, 1), date(2026, 1, 10)),
    Period(date(2026, 1, 11), date(2026, 1, 31)),
)
QUARTER = (
    Period(date(2026, 1, 1), date(2026, 2, 14)),
    Period(date(2026, 2, 15), date(2026, 2, 28)),
    Period(date(2026, 3, 1), date(2026, 3, 31)),
)


def test_revenue_by_day_belongs_to_the_part_of_its_day() -> None:
    by_day = {date(2026, 1, day): Decimal(day) for day in range(1, 31)}  # the 31st lacks
    first, second = divide_revenue(by_day, JANUARY, "CAD")
    assert (first.amount, second.amount) == (Decimal(55), Decimal(410))  # 1 + … + 10; 11 + … + 30
    assert first.steps == second.steps == ()


def test_the_sum_of_a_month_is_divided_by_days_whichever_day_carries_it() -> None:
    for day in (1, 10, 11, 31):
        first, second = divide_revenue({date(2026, 1, day): Decimal("1000")}, JANUARY, "CAD")
        # 1,000.00 x 10 / 31 = 322.580...; the rest
        assert (first.amount, second.amount) == (Decimal("322.58"), Decimal("677.42"))
    assert [(step.label, dict(step.values), step.amount) for step in first.steps] == [
        (
            "month_sum_divided",
            {"month": "2026-01", "month_sum": 1000, "part_days": 10, "days": 31},
            Decimal("322.58"),
        )
    ]


def test_a_month_under_one_version_goes_to_it_whole() -> None:
    by_day = {
        date(2026, 1, 31): Decimal("300.00"),
        date(2026, 2, 28): Decimal("100.01"),
        date(2026, 3, 1): Decimal("-7.50"),
    }
    parts = divide_revenue(by_day, QUARTER, "CAD")
    # February half and half: 50.005 is 50.01, what remains is 50.00
    assert [part.amount for part in parts] == [
        Decimal("350.01"),
        Decimal("50.00"),
        Decimal("-7.50"),
    ]
    assert [len(part.steps) for part in parts] == [1, 1, 0]


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=4),
    st.lists(st.integers(2, 31), min_size=1, max_size=4, unique=True),
    st.sampled_from(["CAD", "JPY", "KWD"]),
)
def test_no_cent_is_lost(total: Decimal, starts: list[int], currency: str) -> None:
    days = [1, *sorted(starts), 32]
    parts = [
        Period(date(2026, 1, first), date(2026, 1, after - 1)) for first, after in pairwise(days)
    ]
    divided = divide_revenue({date(2026, 1, 31): total}, parts, currency)
    reached = ZERO
    for part in divided:
        reached = EXACT.add(reached, part.amount)
    assert reached == total
