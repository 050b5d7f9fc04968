"""Holdback lines: one a taxability, rounded once, outside the tax base."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.holdback import held_amount, holdback_lines
from billing.lines import Trace
from billing.tax import components_for
from billing.totals import total_invoice

TEN = Decimal("0.10")


@pytest.fixture
def lines(rate: Any) -> Any:
    """A fee of 1,000.00 that is taxed, a permit of 99.95 that is not."""
    return rate(
        "fixed_fee",
        {"monthly_fee": "1000"},
        {"additional_charges": [{"description": "Permit", "amount": "99.95", "taxable": False}]},
    )


def test_each_taxability_is_held_back_by_itself(lines: Any) -> None:
    # 1,000.00 x 10 % = 100.00; 99.95 x 10 % = 9.995, rounded half-up to 10.00
    held = holdback_lines(lines, TEN, "CAD")
    assert [(line.code, line.taxable, str(line.amount)) for line in held] == [
        ("holdback", True, "-100.00"),
        ("holdback", False, "-10.00"),
    ]
    assert held_amount((*lines, *held)) == Decimal("110.00")


def test_the_tax_base_is_smaller_by_what_is_held_back(lines: Any) -> None:
    # (1,000.00 - 100.00) x 13 % = 117.00; 1,099.95 - 110.00 + 117.00 = 1,106.95
    all_lines = (*lines, *holdback_lines(lines, TEN, "CAD"))
    totals = total_invoice(all_lines, components_for("ON", _january()), "CAD")
    assert [(tax.base, tax.amount) for tax in totals.taxes] == [(900, 117)]
    assert str(totals.total) == "1106.95"


def test_the_trace_tells_the_share_and_the_rounding(lines: Any) -> None:
    taxed, untaxed = holdback_lines(lines, TEN, "CAD")
    assert [step.label for step in taxed.trace.steps] == ["holdback_share"]
    assert [(step.label, step.amount) for step in untaxed.trace.steps] == [
        ("holdback_share", Decimal("-9.9950")),
        ("rounded", Decimal("-10.00")),
    ]
    assert untaxed.trace.inputs == {"base": Decimal("99.95"), "rate": TEN}
    by_law = holdback_lines(lines, TEN, "CAD", "Construction Act, s. 22")[1]
    assert by_law.trace.inputs["source"] == "Construction Act, s. 22"
    assert Trace.from_json(by_law.trace.as_json()) == by_law.trace


def test_nothing_is_held_back_of_nothing(rate: Any) -> None:
    assert holdback_lines(rate("fixed_fee", {"monthly_fee": "0.04"}), TEN, "CAD") == ()
    assert held_amount(()) == 0


def _january() -> date:
    return date(2025, 1, 31)
