"""What holds for every contract type: active days, missing inputs, required inputs."""

from decimal import Decimal
from typing import Any

import pytest

from billing.activity import Activity
from billing.errors import InvalidActivity, InvalidPeriod, NotActive, UnknownCurrency
from billing.rating import Input, find_missing_inputs, required_inputs
from billing.terms import parse_terms

FEE = {"contract_type": "fixed_fee", "monthly_fee": 1}
SHARE = {"contract_type": "revenue_share", "revenue_share_rate": 0.1}
ELECTRICIANS = {
    "contract_type": "per_labor_hour",
    "hourly_rates": {"standard": 30},
    "job_rates": [{"job_code": "ELEC", "regular": 40}, {"job_code": "BOTH", "regular": 40}],
}
PLUMBERS = {
    **ELECTRICIANS,
    "job_rates": [{"job_code": "PLMB", "regular": 40}, {"job_code": "BOTH", "regular": 40}],
}
OPEN_TIERS = [{"up_to": None, "rate": 0.1}]


def _without_type(configuration: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    rest = {key: value for key, value in configuration.items() if key != "contract_type"}
    return configuration["contract_type"], rest


@pytest.mark.parametrize(
    ("effective", "ends"),
    [("2025-02-01", None), ("2020-01-01", "2024-12-31")],
)
def test_no_active_day_is_an_error(
    rate: Any, problems: Any, effective: str, ends: str | None
) -> None:
    options = {"effective": effective, "ends": ends}
    refused = problems(NotActive, rate, "fixed_fee", {"monthly_fee": 1}, **options)
    assert refused == [("billing_period", "not_active")]


def test_one_active_day_is_enough(amounts: Any) -> None:
    contract = ("fixed_fee", {"monthly_fee": 31})
    assert amounts(*contract, effective="2025-01-31") == [("fixed_fee", "1.00")]
    assert amounts(*contract, ends="2025-01-01") == [("fixed_fee", "1.00")]


@pytest.mark.parametrize(
    ("configuration", "data", "expected"),
    [
        (SHARE, {}, [("billing_data.revenue_amount", "required")]),
        (ELECTRICIANS, {}, [("billing_data.labor_hours", "required")]),
        (
            ELECTRICIANS,
            {"labor_hours": {"regular": 0}, "labor": [{"job_code": "ELEC"}]},
            [("billing_data.labor_hours", "required")],
        ),
        (
            ELECTRICIANS,
            {"labor": [{"job_code": "ELEC", "regular": 1}, {"job_code": "elec"}]},
            [("billing_data.labor[1].job_code", "unknown_job_code")],
        ),
        (
            {"contract_type": "hybrid", "components": [SHARE, ELECTRICIANS, PLUMBERS]},
            {"labor": [{"job_code": "PLMB"}, {"job_code": "BOTH"}, {"job_code": "ELEC"}]},
            [
                ("billing_data.revenue_amount", "required"),
                ("billing_data.labor_hours", "required"),
                ("billing_data.labor[0].job_code", "unknown_job_code"),
                ("billing_data.labor[2].job_code", "unknown_job_code"),
            ],
        ),
    ],
)
def test_all_missing_inputs_are_named_at_once(
    rate: Any,
    problems: Any,
    configuration: dict[str, Any],
    data: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:
    refused = problems(InvalidActivity, rate, *_without_type(configuration), data)
    assert refused == expected


def test_an_unknown_job_code_is_named_by_its_name(rate: Any) -> None:
    with pytest.raises(InvalidActivity, match="WELD has no rate in this contract") as caught:
        rate(*_without_type(ELECTRICIANS), {"labor": [{"job_code": "WELD", "regular": 1}]})
    assert caught.value.problems[0].values == {"job_code": "WELD"}


@pytest.mark.parametrize(
    ("configuration", "inputs"),
    [
        (SHARE, {Input.REVENUE}),
        (ELECTRICIANS, {Input.HOURS}),
        (FEE, set()),
        (
            {"contract_type": "management_agreement", "management_fee": {"monthly_fee": 1}},
            {Input.COSTS},
        ),
        (
            {"contract_type": "management_agreement", "management_fee": {"revenue_rate": 0.1}},
            {Input.COSTS, Input.REVENUE},
        ),
        (
            {
                "contract_type": "management_agreement",
                "management_fee": {"cost_rate": 0.1},
                "insurance": {"basis": "payroll", "rate": 0.1},
            },
            {Input.COSTS},
        ),
        (
            {
                "contract_type": "management_agreement",
                "management_fee": {"cost_rate": 0.1},
                "insurance": {"basis": "gross_revenue", "rate": 0.1},
            },
            {Input.COSTS, Input.REVENUE},
        ),
        (
            {
                "contract_type": "management_agreement",
                "management_fee": {"monthly_fee": 1},
                "profit_share": {"threshold": 0, "tiers": OPEN_TIERS},
            },
            {Input.COSTS, Input.REVENUE},
        ),
        (
            {"contract_type": "hybrid", "components": [FEE, SHARE, PLUMBERS]},
            {Input.REVENUE, Input.HOURS},
        ),
    ],
)
def test_required_inputs(configuration: dict[str, Any], inputs: set[Input]) -> None:
    assert required_inputs(parse_terms(*_without_type(configuration))) == inputs


def test_zero_revenue_is_revenue() -> None:
    terms = parse_terms(*_without_type(SHARE))
    assert find_missing_inputs(terms, Activity(revenue_amount=Decimal(0))) == []


def test_inputs_that_a_contract_does_not_use_are_left_alone(amounts: Any) -> None:
    data = {
        "revenue_amount": 5,
        "labor": [{"job_code": "WELD", "regular": 1}],
        "costs": [{"description": "Sand", "amount": 1}],
    }
    assert amounts("fixed_fee", {"monthly_fee": 1}, data) == [("fixed_fee", "1.00")]


def test_currency_and_length_of_the_period_are_checked(rate: Any) -> None:
    with pytest.raises(UnknownCurrency):
        rate("fixed_fee", {"monthly_fee": 1}, currency="CDN")
    with pytest.raises(InvalidPeriod):
        rate("fixed_fee", {"monthly_fee": 1}, days=("2025-01-01", "9999-12-31"))


def test_a_long_period_with_few_active_days_is_fine(amounts: Any) -> None:
    lines = amounts(
        "fixed_fee", {"monthly_fee": 1}, days=("0001-01-01", "9999-12-31"), ends="2020-01-31"
    )
    assert lines == [("fixed_fee", "1.00")]
