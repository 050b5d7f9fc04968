from decimal import Decimal

import pytest

from billing.numbers import (
    AMOUNT,
    AMOUNT_FROM_ZERO,
    FRACTION,
    MULTIPLIER,
    RATE_PER_HOUR,
    SHARE_RATE,
    NumberRule,
    Refusal,
    read_number,
)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (50000, "50000"),
        (0.1, "0.1"),  # exactly, not the binary neighbour
        (1e3, "1000.0"),
        ("50000.55", "50000.55"),
        ("+5", "5"),
        ("-0.00", "0"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0"), "0"),
        (Decimal("0E-999999"), "0"),
        (Decimal("1.50000000"), "1.5000"),  # excess zeros are no decimals
        (Decimal("999999999999999.9999"), "999999999999999.9999"),
    ],
)
def test_numbers_are_read_exactly(value: object, read: str) -> None:
    number = read_number(value, AMOUNT)
    assert isinstance(number, Decimal)
    assert str(number) == read


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (True, "not_a_number"),
        (None, "not_a_number"),
        (float("nan"), "not_a_number"),
        (float("inf"), "not_a_number"),
        (Decimal("NaN"), "not_a_number"),
        (Decimal("sNaN"), "not_a_number"),
        (Decimal("-Infinity"), "not_a_number"),
        ("NaN", "not_a_number"),
        ("1e3", "not_a_number"),
        ("1_000", "not_a_number"),
        (" 1", "not_a_number"),
        ("١٢", "not_a_number"),
        ("1" * 60, "not_a_number"),
        ([], "not_a_number"),
        ({}, "not_a_number"),
        (10**15, "too_large"),
        (-(10**15), "too_large"),
        (10**400, "too_large"),
        (1e300, "too_large"),
        (Decimal("1E+999999999999"), "too_large"),
        (Decimal("1E-999999999999"), "too_many_decimals"),
        ("0.00001", "too_many_decimals"),
        (0.1 + 0.2, "too_many_decimals"),
    ],
)
def test_other_values_are_refused(value: object, code: str) -> None:
    refusal = read_number(value, AMOUNT)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


@pytest.mark.parametrize(
    ("rule", "accepted", "refused", "code"),
    [
        (AMOUNT_FROM_ZERO, "0", "-0.01", "too_small"),
        (RATE_PER_HOUR, "0.0001", "0", "too_small"),
        (SHARE_RATE, "0.01", "0.009999", "too_small"),
        (SHARE_RATE, "0.99", "0.990001", "too_large"),
        (FRACTION, "0", "-0.000001", "too_small"),
        (FRACTION, "1", "15", "too_large"),  # 15 % is 0.15
        (FRACTION, "0.123456", "0.1234567", "too_many_decimals"),
        (MULTIPLIER, "1", "0.999999", "too_small"),
    ],
)
def test_bounds(rule: NumberRule, accepted: str, refused: str, code: str) -> None:
    assert read_number(accepted, rule) == Decimal(accepted)
    refusal = read_number(refused, rule)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
