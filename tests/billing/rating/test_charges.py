from datetime import date
from decimal import Decimal
from typing import Any

from billing.activity import Adjustment

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
