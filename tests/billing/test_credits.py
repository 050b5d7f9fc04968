"""Credit notes in pure arithmetic: in proportion, never more than is left, clear at the last."""

from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.credits import credit_taxes, held_part, spread_credit
from billing.money import round_money
from billing.tax import TaxAmount


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
    # 333.33 x 13 % = 43.3329; the invoice has no GST
    (tax,) = credit_taxes({"HST": Decimal("-333.33"), "GST": Decimal(-1)}, hst("1000"), {}, "CAD")
    assert tax == ("HST", Decimal("0.13"), Decimal("-333.33"), Decimal("-43.33"))
    assert credit_taxes({}, hst("1000"), {}, "CAD") == ()


def test_the_last_credit_clears_the_tax_to_the_cent() -> None:
    # 0.117 of tax on 0.90 is 0.12; 0.60 went back with 0.08, so the last 0.30 takes 0.04
    left = {"HST": (Decimal("0.30"), Decimal("0.04"))}
    (tax,) = credit_taxes({"HST": Decimal("-0.30")}, hst("0.90"), left, "CAD")
    assert tax.amount == Decimal("-0.04")
    # an invoice whose tax was rounded otherwise is cleared too
    odd = [TaxAmount("HST", Decimal("0.13"), Decimal("0.90"), Decimal("0.13"))]
    left = {"HST": (Decimal("0.30"), Decimal("0.05"))}
    (tax,) = credit_taxes({"HST": Decimal("-0.30")}, odd, left, "CAD")
    assert tax.amount == Decimal("-0.05")


def test_cents_of_rounding_do_not_add_up() -> None:
    # 0.0052, 0.0104, 0.0156 of 0.12: 0.01, 0.01 and 0.02 together, so 0.01, nothing and 0.01
    assert credit_one_by_one(cents("0.04", "0.04", "0.04")) == cents("-0.01", "0.00", "-0.01")


def test_a_line_that_another_cancels_gives_back_its_tax() -> None:
    # 1,000.00 x 13 % = 130.00, though the invoice bears none
    assert credit_one_by_one(cents("1000.00", "-1000.00")) == cents("-130.00", "130.00")
    # 0.01 x 13 % is nothing: 130.00 back, then 130.00 of the 999.99
    assert credit_one_by_one(cents("1000.00", "-999.99")) == cents("-130.00", "130.00")


@given(st.lists(st.integers(-(10**7), 10**7).filter(bool), min_size=1, max_size=6), st.randoms())
@settings(max_examples=50, deadline=None)
def test_crediting_line_by_line_ends_at_the_taxes_of_the_invoice(
    amounts: list[int], order: Random
) -> None:
    lines = [Decimal(amount).scaleb(-2) for amount in amounts]
    order.shuffle(lines)
    (charged,) = hst(str(sum(lines)))
    given_back = credit_one_by_one(lines)
    assert sum(given_back) == -charged.amount
    # the first is exactly the line's own tax, each other one within a cent of it
    own = [round_money(line * charged.rate, "CAD") for line in lines]
    assert given_back[0] == -own[0]
    assert all(abs(a + b) <= Decimal("0.01") for a, b in zip(given_back, own, strict=True))


def hst(base: str) -> list[TaxAmount]:
    rate = Decimal("0.13")
    return [TaxAmount("HST", rate, Decimal(base), round_money(Decimal(base) * rate, "CAD"))]


def credit_one_by_one(lines: list[Decimal]) -> list[Decimal]:
    """The tax of each credit note, where every line gets a note of its own."""
    (charged,) = hst(str(sum(lines)))
    base_left, tax_left = charged.base, charged.amount
    found = []
    for line in lines:
        left = {"HST": (base_left, tax_left)}
        (tax,) = credit_taxes({"HST": -line}, [charged], left, "CAD")
        base_left, tax_left = base_left + tax.base, tax_left + tax.amount
        found.append(tax.amount)
    assert (base_left, tax_left) == (0, 0)
    return found
