from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.periods import Period
from billing.recognition import Earned, spread_over_months

QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))


def test_a_fee_for_one_month_is_earned_when_invoiced() -> None:
    january = Period(date(2026, 1, 1), date(2026, 1, 31))
    assert spread_over_months(Decimal("100.00"), january, date(2026, 1, 1), "CAD") == (
        Earned(date(2026, 1, 1), Decimal("100.00")),
    )


def test_a_quarter_billed_in_arrears_is_earned_when_invoiced() -> None:
    assert spread_over_months(Decimal("100.00"), QUARTER, date(2026, 3, 31), "CAD") == (
        Earned(date(2026, 3, 31), Decimal("100.00")),
    )


def test_a_quarter_billed_in_advance_is_earned_month_by_month() -> None:
    # 100 / 3 = 33.33 after January, 66.67 after February, 100.00 after March.
    assert spread_over_months(Decimal("100.00"), QUARTER, date(2026, 1, 1), "CAD") == (
        Earned(date(2026, 1, 31), Decimal("33.33")),
        Earned(date(2026, 2, 28), Decimal("33.34")),
        Earned(date(2026, 3, 31), Decimal("33.33")),
    )


def test_months_before_the_invoice_are_earned_with_it() -> None:
    # January is over on 10 February: its third is earned that day, the rest at the months' ends.
    assert spread_over_months(Decimal("300.00"), QUARTER, date(2026, 2, 10), "CAD") == (
        Earned(date(2026, 2, 10), Decimal("100.00")),
        Earned(date(2026, 2, 28), Decimal("100.00")),
        Earned(date(2026, 3, 31), Decimal("100.00")),
    )


def test_a_started_month_weighs_its_days() -> None:
    # 15 of 30 days in April and all of May: a third and two thirds.
    period = Period(date(2026, 4, 16), date(2026, 5, 31))
    assert spread_over_months(Decimal("90.00"), period, date(2026, 4, 16), "CAD") == (
        Earned(date(2026, 4, 30), Decimal("30.00")),
        Earned(date(2026, 5, 31), Decimal("60.00")),
    )


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 1, 1)),
    st.integers(min_value=0, max_value=800),
    st.integers(min_value=-60, max_value=900),
)
def test_the_parts_add_up_to_the_amount(
    amount: Decimal, start: date, days: int, offset: int
) -> None:
    end = date.fromordinal(start.toordinal() + days)
    invoiced = date.fromordinal(start.toordinal() + offset)
    parts = spread_over_months(amount, Period(start, end), invoiced, "CAD")
    assert sum((part.amount for part in parts), Decimal(0)) == amount
    assert [part.on for part in parts] == sorted({part.on for part in parts})
    assert parts[0].on >= min(invoiced, end)
