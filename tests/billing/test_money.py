from decimal import Decimal, FloatOperation, Inexact, localcontext
from fractions import Fraction

import pytest

from billing.errors import AmountTooLarge, UnknownCurrency
from billing.money import (
    CURRENCIES,
    EXACT,
    as_shown,
    check_storable,
    is_currency,
    minor_unit,
    round_money,
    round_rate,
)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("2.345", "CAD", "2.35"),
        ("-2.345", "CAD", "-2.35"),  # a tie goes away from zero
        ("2.3449999999999999999999999999999", "CAD", "2.34"),
        ("-0.004", "CAD", "0.00"),  # never negative zero
        ("64285.7142", "JPY", "64286"),
        ("0.5", "JPY", "1"),
        ("1.2345", "KWD", "1.235"),
        ("1.00005", "CLF", "1.0001"),
        ("7", "USD", "7.00"),
    ],
)
def test_rounds_half_up_to_the_minor_unit(amount: str, currency: str, rounded: str) -> None:
    assert str(round_money(Decimal(amount), currency)) == rounded
    assert str(round_money(Fraction(amount), currency)) == rounded


def test_a_fraction_is_rounded_from_its_exact_value() -> None:
    # 3 x 100.06 / 12 is exactly 25.015, though 100.06 / 12 has no finite decimal.
    assert str(round_money(3 * (Fraction("100.06") / 12), "CAD")) == "25.02"


def test_rates_have_four_decimals() -> None:
    assert str(round_rate(Decimal("15.00015"))) == "15.0002"
    assert str(round_rate(Fraction(1, 3))) == "0.3333"


@pytest.mark.parametrize(
    ("code", "unit"),
    [("JPY", 0), ("KRW", 0), ("CAD", 2), ("USD", 2), ("KWD", 3), ("TND", 3), ("UYW", 4)],
)
def test_minor_units_of_iso_4217(code: str, unit: int) -> None:
    assert minor_unit(code) == unit
    assert is_currency(code)


@pytest.mark.parametrize("code", ["cad", "XAU", "ABC", ""])
def test_other_codes_are_no_currencies(code: str) -> None:
    assert not is_currency(code)
    with pytest.raises(UnknownCurrency) as caught:
        round_money(Decimal(1), code)
    assert caught.value.problems[0].field == "currency"
    assert caught.value.problems[0].values == {"given": code}


def test_the_table_knows_the_currencies_of_the_day() -> None:
    assert len(CURRENCIES) > 150
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)


def test_exact_arithmetic_refuses_floats_and_silent_rounding() -> None:
    with localcontext(EXACT):
        with pytest.raises(FloatOperation):
            _ = Decimal("0.15") < 0.2
        with pytest.raises(Inexact):
            _ = Decimal(1) / Decimal(3)


def test_values_for_a_trace_have_ten_decimals_at_most() -> None:
    assert as_shown(Decimal("1.500")) == Decimal("1.500")
    assert str(as_shown(Fraction(1, 3))) == "0.3333333333"
    assert f"{as_shown(Fraction(1000)):f}" == "1000"
    assert str(as_shown(Fraction(0))) == "0"


def test_an_amount_must_fit_the_database() -> None:
    assert check_storable(Decimal("-999999999999999.9999"), "total") < 0
    with pytest.raises(AmountTooLarge) as caught:
        check_storable(Decimal("-1e15"), "total")
    assert caught.value.problems[0].field == "total"
