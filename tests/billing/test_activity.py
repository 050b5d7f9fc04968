from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.activity import Activity, Charge, Cost, Hours, parse_activity
from billing.errors import InvalidActivity
from billing.periods import Period
from billing.rating.inputs import find_missing_inputs
from billing.terms import HourClass, parse_terms


def test_everything_is_optional() -> None:
    activity = parse_activity({})
    assert activity == Activity()
    assert activity.revenue_amount is None
    assert activity.total_hours == 0


def test_all_inputs() -> None:
    activity = parse_activity(
        {
            "revenue_amount": "50000.55",
            "labor_hours": {"regular": 8, "double_time": "1.25"},
            "labor": [{"job_code": "ELEC2", "overtime": 2.5, "holiday": 1}],
            "costs": [
                {"description": "Wages", "amount": 100, "category": "labour", "payroll": True},
                {"description": "Permit", "amount": -5, "taxable": False},
            ],
            "additional_charges": [
                {"description": "Lift", "amount": 7, "taxable": ["GST", "PST"]},
                {"description": "Credit", "amount": -7, "taxable": True},
            ],
        }
    )
    assert activity.revenue_amount == Decimal("50000.55")
    assert activity.labor_hours == Hours(regular=Decimal(8), double_time=Decimal("1.25"))
    assert activity.labor == (Hours(overtime=Decimal("2.5"), holiday=Decimal(1), job_code="ELEC2"),)
    assert activity.costs == (
        Cost("Wages", Decimal(100), "labour", True),
        Cost("Permit", Decimal(-5), taxable=False),
    )
    assert activity.additional_charges == (
        Charge("Lift", Decimal(7), ("GST", "PST")),
        Charge("Credit", Decimal(-7), True),
    )
    assert activity.total_hours == Decimal("12.75")
    assert activity.raw_costs == Decimal(95)
    assert activity.payroll_costs == Decimal(100)
    assert [hour_class for hour_class, _ in activity.labor_hours.by_class()] == list(HourClass)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"revenue_amount": True}, [("billing_data.revenue_amount", "not_a_number")]),
        ({"revenue": 5}, [("billing_data.revenue", "unknown_field")]),
        ({"adjustments": []}, [("billing_data.adjustments", "unknown_field")]),
        ({"labor_hours": 5}, [("billing_data.labor_hours", "not_an_object")]),
        ({"labor_hours": {"regular": -1}}, [("billing_data.labor_hours.regular", "too_small")]),
        (
            {"labor_hours": {"job_code": "X"}},
            [("billing_data.labor_hours.job_code", "unknown_field")],
        ),
        ({"labor": [{"regular": 1}]}, [("billing_data.labor[0].job_code", "required")]),
        (
            {"labor": [{"job_code": " ", "worked_on": "2025-01-02"}]},
            [("billing_data.labor[0].job_code", "blank")],
        ),
        (
            {"labor": [{"job_code": "A"}, {"job_code": "B", "triple": 1}]},
            [("billing_data.labor[1].triple", "unknown_field")],
        ),
        ({"costs": {}}, [("billing_data.costs", "not_a_list")]),
        (
            {"costs": [{"amount": "x", "payroll": 1, "tax": 0}]},
            [
                ("billing_data.costs[0].description", "required"),
                ("billing_data.costs[0].amount", "not_a_number"),
                ("billing_data.costs[0].payroll", "not_a_boolean"),
                ("billing_data.costs[0].tax", "unknown_field"),
            ],
        ),
        (
            {"additional_charges": [{"description": "a"}]},
            [("billing_data.additional_charges[0].amount", "required")],
        ),
        (
            {"additional_charges": [{"description": "a", "amount": 1, "taxable": "GST"}]},
            [("billing_data.additional_charges[0].taxable", "not_taxability")],
        ),
        (
            {"additional_charges": [{"description": "a", "amount": 1, "taxable": ["GST", 5, ""]}]},
            [
                ("billing_data.additional_charges[0].taxable[1]", "not_a_tax_name"),
                ("billing_data.additional_charges[0].taxable[2]", "not_a_tax_name"),
            ],
        ),
        (
            {"additional_charges": [{"description": "a", "amount": 1, "taxable": ["T"] * 11}]},
            [("billing_data.additional_charges[0].taxable", "too_many")],
        ),
    ],
)
def test_every_problem_is_named(
    problems: Any, data: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert problems(InvalidActivity, parse_activity, data) == expected


def test_missing_revenue_is_named(problems: Any) -> None:
    assert problems(InvalidActivity, Activity().known_revenue) == [
        ("billing_data.revenue_amount", "required")
    ]
    assert Activity(revenue_amount=Decimal(0)).known_revenue() == 0


def test_the_error_reads_as_a_sentence() -> None:
    with pytest.raises(InvalidActivity, match=r"billing_data\.revenue_amount: must be a number"):
        parse_activity({"revenue_amount": "a lot"})


def test_days_of_hours_and_costs() -> None:
    activity = parse_activity(
        {
            "labor_hours": {"regular": 1},
            "labor": [
                {"job_code": "A", "regular": 2, "worked_on": "2025-01-10"},
                {"job_code": "B", "regular": 3},
            ],
            "costs": [
                {"description": "Sand", "amount": 4, "incurred_on": date(2025, 1, 11)},
                {"description": "Salt", "amount": 5},
            ],
        }
    )
    assert activity.undated() == [
        "billing_data.labor_hours",
        "billing_data.labor[1].worked_on",
        "billing_data.costs[1].incurred_on",
    ]
    early = Period(date(2025, 1, 1), date(2025, 1, 10))
    assert activity.dated_outside(early) == ["billing_data.costs[0].incurred_on"]
    part = activity.part(early)
    assert (part.is_part, [row.job_code for row in part.labor], part.costs) == (True, ["A"], ())
    assert parse_activity({}).undated() == []


def test_dated_hours_need_no_job_code() -> None:
    row = parse_activity({"labor": [{"regular": 2, "worked_on": "2025-01-10"}]}).labor[0]
    assert (row.job_code, row.worked_on, row.total) == (None, date(2025, 1, 10), 2)
    assert not find_missing_inputs(
        parse_terms("per_labor_hour", {"hourly_rates": {"standard": "50"}}),
        Activity(labor=(row,)),
    )
