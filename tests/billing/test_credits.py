"""Credit notes in pure arithmetic: in proportion, never more than is left, clear at the last."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.credits import credit_taxes, held_part, spread_credit
from billing.tax import TaxComponent

HST = TaxComponent("HST", Decimal("0.13"), "test")
GST = TaxComponent("GST", Decimal("0.05"), "test")


def cents(*amounts: str) -> list[Decimal]:
    return [Decimal(amount) for amount in amounts]


def test_an_amount_is_spread_in_proportion() -> None:
    # 100.00 of 300.00 is a third: 33.33, then 66.67 - 33.33, then the rest
    assert spread_credit(Decimal("100.00"), cents("100.00", "100.00", "100.00"), "CAD") == tuple(
        cents("33.33", "33.34", "33.33")
    )


def test_a_reduction_takes_part_with_its_own_sign() -> None:
    # 450.00 of 900.00 is a half of each
    spread = spread_credit(Decimal("450.00"), cents("1000.00", "-100.00"), "CAD")
    assert spread == tuple(cents("500.00", "-50.00"))


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=8), st.data())
def test_parts_add_up_and_everything_clears_everything(
    left: list[int], data: st.DataObject
) -> None:
    lines = [Decimal(amount).scaleb(-2) for amount in left]
    amount = Decimal(data.draw(st.integers(1, sum(left)))).scaleb(-2)
    parts = spread_credit(amount, lines, "CAD")
    assert sum(parts) == amount
    assert spread_credit(sum(lines, Decimal(0)), lines, "CAD") == tuple(lines)


def test_holdback_goes_with_its_charges() -> None:
    # 333.33 of 1,000.00, of 100.00 held back: 33.333
    assert held_part(Decimal("333.33"), Decimal(1000), Decimal(-100), "CAD") == Decimal("-33.33")
    assert held_part(Decimal(1000), Decimal(1000), Decimal("-99.99"), "CAD") == Decimal("-99.99")
    assert held_part(Decimal(0), Decimal(0), Decimal(-5), "CAD") == 0


def test_taxes_at_the_rates_of_the_invoice() -> None:
    # 333.33 x 13 % = 43.3329
    taxes = credit_taxes(
        {"HST": Decimal("-333.33")}, [GST, HST], {"HST": (Decimal(1000), Decimal(130))}, "CAD"
    )
    assert taxes == (("HST", Decimal("0.13"), Decimal("-333.33"), Decimal("-43.33")),)


def test_the_last_credit_clears_the_tax_to_the_cent() -> None:
    # 0.12 of tax on 0.90; two thirds went back as 0.08, so the last 0.30 takes 0.04
    left = {"HST": (Decimal("0.30"), Decimal("0.05"))}
    (tax,) = credit_taxes({"HST": Decimal("-0.30")}, [HST], left, "CAD")
    assert tax.amount == Decimal("-0.05")


def test_no_more_tax_than_is_left() -> None:
    # 0.04 x 13 % rounds to 0.01 each time; the invoice of 0.12 had 0.02
    left = {"HST": (Decimal("0.08"), Decimal("0.00"))}
    (tax,) = credit_taxes({"HST": Decimal("-0.04")}, [HST], left, "CAD")
    assert str(tax.amount) in ("0.00", "-0.00", "0")
    (more,) = credit_taxes({"HST": Decimal("-0.04")}, [HST], {}, "CAD")
    assert more.amount == Decimal("-0.01")
