from decimal import Decimal
from typing import Any

import pytest

from billing.errors import AmountTooLarge

STANDARD = {"hourly_rates": {"standard": 30}}
JOBS = [
    {"job_code": "ELEC2", "regular": 48.5},
    {"job_code": "PLMB1", "regular": 41.25, "overtime": 60, "holiday": 80},
]


def test_rows_keep_their_order_and_classes_theirs(rate: Any) -> None:
    lines = rate(
        "per_labor_hour",
        {**STANDARD, "job_rates": JOBS},
        {
            "labor": [
                {"job_code": "PLMB1", "holiday": 1, "double_time": 1, "overtime": 1, "regular": 1},
                {"job_code": "ELEC2", "overtime": 2},
                {"job_code": "PLMB1", "regular": 0.5},  # not merged with the first row
            ],
            "labor_hours": {"holiday": 1, "regular": 2},
        },
    )
    assert [(line.code, line.subject, str(line.rate), str(line.amount)) for line in lines] == [
        ("labor_regular", "", "30", "60.00"),
        ("labor_holiday", "", "60.0000", "60.00"),
        ("labor_regular", "PLMB1", "41.25", "41.25"),
        ("labor_overtime", "PLMB1", "60", "60.00"),
        ("labor_double_time", "PLMB1", "82.5000", "82.50"),
        ("labor_holiday", "PLMB1", "80", "80.00"),
        ("labor_overtime", "ELEC2", "72.7500", "145.50"),
        ("labor_regular", "PLMB1", "41.25", "20.63"),  # 20.625
    ]


@pytest.mark.parametrize(
    ("configuration", "data", "rate_shown", "amount"),
    [
        # 10.0001 x 1.5 = 15.00015, rounded to 15.0002; x 100 = 1500.02
        ({"hourly_rates": {"standard": "10.0001"}}, {"overtime": 100}, "15.0002", "1500.02"),
        # 27.35 x 1.03 = 28.1705
        ({"hourly_rates": {"standard": "27.35"}}, {"regular": 1}, "28.1705", "28.17"),
        # 27.35 x 1.03 = 28.1705, then x 1.5 = 42.25575, rounded to 42.2558
        ({"hourly_rates": {"standard": "27.35"}}, {"overtime": 10}, "42.2558", "422.56"),
    ],
)
def test_rates_escalate_then_multiply_each_rounded_to_four_decimals(
    rate: Any, configuration: dict[str, Any], data: dict[str, Any], rate_shown: str, amount: str
) -> None:
    schedule = {"annual_increase": 0.03, "effective_date": "2024-01-15"}
    (line,) = rate(
        "per_labor_hour",
        {**configuration, "escalation_schedule": schedule}
        if "27.35" in str(configuration)
        else configuration,
        {"labor_hours": data},
        days=("2025-02-01", "2025-02-28"),
    )
    assert (str(line.rate), str(line.amount)) == (rate_shown, amount)


def test_given_job_rates_escalate_too(rate: Any) -> None:
    lines = rate(
        "per_labor_hour",
        {
            **STANDARD,
            "job_rates": JOBS,
            "escalation_schedule": {"annual_increase": 0.1, "effective_date": "2023-01-01"},
        },
        {"labor": [{"job_code": "PLMB1", "regular": 1, "overtime": 1, "double_time": 1}]},
    )
    # two years: x 1.21; 41.25 -> 49.9125, 60 -> 72.6, double time 49.9125 x 2
    assert [str(line.rate) for line in lines] == ["49.9125", "72.6000", "99.8250"]
    assert [step.label for step in lines[2].trace.steps] == [
        "rate_escalated",
        "rate_multiplied",
        "hours_at_rate",
        "rounded",
    ]


def test_the_factor_is_of_the_first_active_day(rate: Any) -> None:
    contract = (
        "per_labor_hour",
        {
            **STANDARD,
            "escalation_schedule": {"annual_increase": 0.1, "effective_date": "2024-01-10"},
        },
        {"labor_hours": {"regular": 1}},
    )
    # billed from 1 January: the anniversary of 10 January is later
    assert str(rate(*contract)[0].rate) == "30.0000"
    # the contract begins on the anniversary
    assert str(rate(*contract, effective="2025-01-10")[0].rate) == "33.0000"


def test_hours_worth_nothing_are_not_shown(amounts: Any) -> None:
    # 0.0001 x 30 = 0.003
    assert amounts("per_labor_hour", STANDARD, {"labor_hours": {"regular": "0.0001"}}) == []


@pytest.mark.parametrize(
    ("hours", "bonus"),
    [
        # 0.5 x (100 - 90.5) x 30 = 142.50
        ({"labor_hours": {"regular": 80, "overtime": "10.5"}}, "142.50"),
        # rows with job codes count, the standard rate values the saving: 0.5 x 40 x 30
        (
            {"labor_hours": {"regular": 20}, "labor": [{"job_code": "ELEC2", "holiday": 40}]},
            "600.00",
        ),
        ({"labor_hours": {"regular": 100}}, None),
        ({"labor_hours": {"regular": 120}}, None),
    ],
)
def test_efficiency_bonus(amounts: Any, hours: dict[str, Any], bonus: str | None) -> None:
    lines = amounts(
        "per_labor_hour",
        {
            **STANDARD,
            "job_rates": JOBS,
            "efficiency_bonus": {"budgeted_hours": 100, "savings_share": 0.5},
        },
        hours,
        effective="2025-01-31",  # budgeted hours are not prorated
    )
    bonuses = [amount for code, amount in lines if code == "efficiency_bonus"]
    assert bonuses == ([bonus] if bonus else [])


def test_efficiency_bonus_uses_the_escalated_rate_and_rounds_once(rate: Any) -> None:
    lines = rate(
        "per_labor_hour",
        {
            "hourly_rates": {"standard": "27.35"},
            "efficiency_bonus": {"budgeted_hours": 10, "savings_share": "0.333333"},
            "escalation_schedule": {"annual_increase": 0.03, "effective_date": "2024-01-01"},
        },
        {"labor_hours": {"regular": 9}},
    )
    # 28.1705 x 1 x 0.333333 = 9.390157…
    assert str(lines[-1].amount) == "9.39"
    assert [step.label for step in lines[-1].trace.steps] == [
        "rate_escalated",
        "hours_saved",
        "hours_saved_share",
        "rounded",
    ]


def test_line_names_job_and_class(rate: Any) -> None:
    (line,) = rate(
        "per_labor_hour",
        {**STANDARD, "job_rates": JOBS},
        {"labor": [{"job_code": "ELEC2", "double_time": 3}]},
    )
    assert line.description == "Double-time hours"
    assert line.quantity == Decimal(3)
    assert line.trace.inputs == {
        "hours": Decimal(3),
        "hour_class": "double_time",
        "job_code": "ELEC2",
    }


def test_a_rate_beyond_what_is_stored_is_refused(rate: Any, problems: Any) -> None:
    configuration = {
        "hourly_rates": {"standard": "900000000"},
        "escalation_schedule": {"annual_increase": 1, "effective_date": "1990-01-01"},
    }
    refused = problems(
        AmountTooLarge, rate, "per_labor_hour", configuration, {"labor_hours": {"regular": 1}}
    )
    assert refused == [("hourly_rates", "amount_too_large")]
