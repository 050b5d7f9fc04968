from datetime import date
from decimal import Decimal
from typing import Any

from billing.activity import Activity, Adjustment
from billing.periods import Period
from billing.recomputation import Recomputation
from billing.terms import parse_terms

GUARANTEED = {"revenue_share_rate": 0.1, "minimum_guarantee": 100, "maximum_cap": 100}


def test_charges_and_adjustments_come_last_and_outside_the_bounds(rate: Any) -> None:
    lines = rate(
        "revenue_share",
        GUARANTEED,
        {
            "revenue_amount": 0,
            "additional_charges": [
                {"description": "Equipment rental", "amount": 500},
                {"description": "Goodwill", "amount": "-50.005", "taxable": False},
                {"description": "Nothing", "amount": "0.004"},
            ],
        },
        adjustments=[
            Adjustment("Agreed on site", Decimal("-20"), date(2025, 1, 9), "M. Roy", ("GST",))
        ],
    )
    assert [(line.code, line.description, str(line.amount), line.taxable) for line in lines] == [
        ("revenue_share", "Revenue share", "0.00", True),
        ("minimum_guarantee", "Top-up to the minimum guarantee", "100.00", True),
        ("additional_charge", "Equipment rental", "500.00", True),
        ("additional_charge", "Goodwill", "-50.01", False),
        ("adjustment", "Agreed on site", "-20.00", ("GST",)),
    ]
    assert lines[-1].trace.inputs == {
        "reason": "Agreed on site",
        "amount": Decimal(-20),
        "agreed_on": "2025-01-09",
        "approved_by": "M. Roy",
    }


def test_the_tenants_defaults_apply_where_the_input_does_not_say(rate: Any) -> None:
    lines = rate(
        "fixed_fee",
        {"monthly_fee": 1},
        {
            "additional_charges": [
                {"description": "Told", "amount": 1, "taxable": True},
                {"description": "Not told", "amount": 1},
            ]
        },
        taxability={"additional_charge": ("GST",), "fixed_fee": False},
    )
    assert [line.taxable for line in lines] == [False, True, ("GST",)]


def agreed_for(start: date, end: date) -> Adjustment:
    """310.00 a month less on these days."""
    return Adjustment(
        "Goodwill", Decimal(-310), date(2025, 1, 9), "M. Roy", days=Period(start, end)
    )


def recomputed(adjustment: Adjustment, period: Period) -> Decimal:
    """A fee of 1,000.00 a month with the adjustment, by the second calculation."""
    return Recomputation(
        parse_terms("fixed_fee", {"monthly_fee": 1000}),
        currency="CAD",
        effective_date=date(2020, 1, 1),
        end_date=None,
        period=period,
        activity=Activity(adjustments=(adjustment,)),
    ).subtotal()


def test_an_amount_a_month_is_prorated_by_the_days_agreed(rate: Any) -> None:
    agreed = agreed_for(date(2025, 1, 22), date(2025, 2, 7))
    lines = rate(
        "fixed_fee",
        {"monthly_fee": 1000},
        days=("2025-01-01", "2025-03-31"),
        adjustments=[agreed],
    )
    # -310 x 10/31 = -100.00; -310 x 7/28 = -77.50
    assert (lines[-1].code, lines[-1].amount) == ("adjustment", Decimal("-177.50"))
    assert [step.label for step in lines[-1].trace.steps] == ["month", "month", "sum"]
    assert (lines[-1].quantity, lines[-1].rate) == (None, None)
    quarter = Period(date(2025, 1, 1), date(2025, 3, 31))
    assert recomputed(agreed, quarter) == Decimal("2822.50")


def test_an_amount_a_month_comes_to_nothing_on_other_days(rate: Any) -> None:
    agreed = agreed_for(date(2025, 5, 1), date(2025, 5, 31))
    lines = rate("fixed_fee", {"monthly_fee": 1000}, adjustments=[agreed])
    assert [line.code for line in lines] == ["fixed_fee"]
    january = Period(date(2025, 1, 1), date(2025, 1, 31))
    assert recomputed(agreed, january) == Decimal("1000.00")


def test_the_second_calculation_takes_an_adjustment_once() -> None:
    january = Period(date(2025, 1, 1), date(2025, 1, 31))
    once = Adjustment("Goodwill", Decimal("-20.005"), date(2025, 1, 9), "M. Roy")
    assert recomputed(once, january) == Decimal("979.99")  # 20.005 is rounded half-up to 20.01
