from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.errors import InvalidTerms
from billing.escalation import Escalation
from billing.terms import (
    AnnualFee,
    Bounds,
    CostFee,
    EfficiencyBonus,
    FixedFee,
    FlatBonus,
    FlatRate,
    HourClass,
    Hybrid,
    Insurance,
    InsuranceBasis,
    JobRates,
    LabourHours,
    ManagementAgreement,
    MonthlyFee,
    Multipliers,
    ProfitShare,
    RateBonus,
    RevenueFee,
    RevenueShare,
    Terms,
    Tier,
    TieredRate,
    TierMode,
    parse_terms,
)

D = Decimal
ROOT = "billing_configuration"
ESCALATION = {"annual_increase": 0.03, "effective_date": "2025-01-01"}
OPEN_TIER = {"up_to": None, "rate": 0.2}


@pytest.mark.parametrize(
    ("contract_type", "configuration", "terms"),
    [
        ("revenue_share", {"revenue_share_rate": 0.15}, RevenueShare(FlatRate(D("0.15")))),
        (
            "revenue_share",
            {
                "tiers": [{"up_to": 100, "rate": 0}, {"rate": "1"}],
                "tier_mode": "whole",
                "minimum_guarantee": 0,
                "maximum_cap": 0,
                "performance_bonus": {"threshold": 5, "rate": 0.02},
                "escalation_schedule": ESCALATION,
            },
            RevenueShare(
                TieredRate((Tier(D(100), D(0)), Tier(None, D(1))), TierMode.WHOLE),
                Bounds(D(0), D(0)),
                RateBonus(D(5), D("0.02")),
                Escalation(D("0.03"), date(2025, 1, 1)),
            ),
        ),
        (
            "revenue_share",
            {"revenue_share_rate": 0.99, "performance_bonus": {"threshold": 5, "amount": 7}},
            RevenueShare(FlatRate(D("0.99")), performance_bonus=FlatBonus(D(5), D(7))),
        ),
        (
            "per_labor_hour",
            {
                "hourly_rates": {"standard": 25, "overtime_multiplier": 1.75},
                "job_rates": [{"job_code": " ELEC2 ", "regular": 48.5, "holiday": 80}],
                "efficiency_bonus": {"budgeted_hours": 200, "savings_share": 0.4},
            },
            LabourHours(
                D(25),
                Multipliers(overtime=D("1.75")),
                (JobRates("ELEC2", D("48.5"), holiday=D(80)),),
                EfficiencyBonus(D(200), D("0.4")),
            ),
        ),
        ("fixed_fee", {"monthly_fee": "4200.00"}, FixedFee(MonthlyFee(D("4200.00")))),
        ("fixed_fee", {"annual_fee": 0}, FixedFee(AnnualFee(D(0)))),
        (
            "management_agreement",
            {
                "management_fee": {"revenue_rate": 0.04},
                "cost_markup_rate": 0.05,
                "insurance": {"basis": "gross_revenue", "rate": 0.01},
                "profit_share": {"threshold": 5000, "tiers": [OPEN_TIER]},
            },
            ManagementAgreement(
                RevenueFee(D("0.04")),
                D("0.05"),
                Insurance(InsuranceBasis.GROSS_REVENUE, D("0.01")),
                ProfitShare(D(5000), TieredRate((Tier(None, D("0.2")),))),
            ),
        ),
        (
            "management_agreement",
            {"management_fee": {"monthly_fee": 3000}},
            ManagementAgreement(MonthlyFee(D(3000))),
        ),
        (
            "management_agreement",
            {"management_fee": {"cost_rate": 0.1}},
            ManagementAgreement(CostFee(D("0.1"))),
        ),
        (
            "hybrid",
            {
                "components": [
                    {"contract_type": "fixed_fee", "monthly_fee": 1500},
                    {"contract_type": "revenue_share", "revenue_share_rate": 0.05},
                ],
                "minimum_guarantee": 4000,
                "escalation_schedule": ESCALATION,
            },
            Hybrid(
                (FixedFee(MonthlyFee(D(1500))), RevenueShare(FlatRate(D("0.05")))),
                Bounds(D(4000)),
                Escalation(D("0.03"), date(2025, 1, 1)),
            ),
        ),
    ],
)
def test_terms_are_read(contract_type: str, configuration: dict[str, Any], terms: Terms) -> None:
    assert parse_terms(contract_type, configuration) == terms


def test_default_multipliers() -> None:
    multipliers = Multipliers()
    assert [str(multipliers.of(hour_class)) for hour_class in HourClass] == [
        "1",
        "1.5",
        "2.0",
        "2.0",
    ]


@pytest.mark.parametrize("contract_type", ["revenue", "", "HYBRID", None, ["hybrid"]])
def test_an_unknown_type_is_named(problems: Any, contract_type: Any) -> None:
    assert problems(InvalidTerms, parse_terms, contract_type, {}) == [
        ("contract_type", "unknown_choice")
    ]


def test_a_configuration_must_be_an_object(problems: Any) -> None:
    assert problems(InvalidTerms, parse_terms, "fixed_fee", []) == [(ROOT, "not_an_object")]


SHARE_CASES = [
    ({}, [("revenue_share_rate", "required")]),
    ({"revenue_share_rate": 0.15, "tiers": [OPEN_TIER]}, [("tiers", "only_one_of")]),
    ({"revenue_share_rate": 0.15, "tier_mode": "whole"}, [("tier_mode", "needs_tiers")]),
    ({"revenue_share_rate": 0.009}, [("revenue_share_rate", "too_small")]),
    ({"revenue_share_rate": 1}, [("revenue_share_rate", "too_large")]),
    ({"revenue_share_rate": True}, [("revenue_share_rate", "not_a_number")]),
    (
        {"revenue_share_rate": 0.15, "rate": 1, "note": "x"},
        [("rate", "unknown_field"), ("note", "unknown_field")],
    ),
    ({"tiers": []}, [("tiers", "empty_list")]),
    ({"tiers": [OPEN_TIER] * 51}, [("tiers", "too_many")]),
    ({"tiers": [{"up_to": 5, "rate": 0.1}]}, [("tiers[0].up_to", "last_tier_open")]),
    (
        {"tiers": [{"up_to": None, "rate": 0.1}, OPEN_TIER]},
        [("tiers[0].up_to", "required")],
    ),
    (
        {"tiers": [{"up_to": 5, "rate": 0.1}, {"up_to": 5, "rate": 0.1}, OPEN_TIER]},
        [("tiers[1].up_to", "not_ascending")],
    ),
    (
        {"tiers": [{"up_to": 0, "rate": 1.5}, {"up_to": "x"}, {"rate": 0.1, "to": 5}]},
        [
            ("tiers[0].up_to", "too_small"),
            ("tiers[0].rate", "too_large"),
            ("tiers[1].up_to", "not_a_number"),
            ("tiers[1].rate", "required"),
            ("tiers[2].to", "unknown_field"),
        ],
    ),
    ({"tiers": [OPEN_TIER], "tier_mode": "both"}, [("tier_mode", "unknown_choice")]),
    (
        {"revenue_share_rate": 0.15, "minimum_guarantee": 5, "maximum_cap": 4},
        [("maximum_cap", "below_guarantee")],
    ),
    (
        {"revenue_share_rate": 0.15, "minimum_guarantee": -1, "maximum_cap": 10**15},
        [("minimum_guarantee", "too_small"), ("maximum_cap", "too_large")],
    ),
    (
        {"revenue_share_rate": 0.15, "performance_bonus": {"rate": 0.1, "amount": 5, "if": 1}},
        [
            ("performance_bonus.threshold", "required"),
            ("performance_bonus.amount", "only_one_of"),
            ("performance_bonus.if", "unknown_field"),
        ],
    ),
    (
        {"revenue_share_rate": 0.15, "performance_bonus": {"threshold": 5}},
        [("performance_bonus.rate", "required")],
    ),
    (
        {"revenue_share_rate": 0.15, "escalation_schedule": {"rate": 0.03}},
        [
            ("escalation_schedule.annual_increase", "required"),
            ("escalation_schedule.effective_date", "required"),
            ("escalation_schedule.rate", "unknown_field"),
        ],
    ),
    (
        {
            "revenue_share_rate": 0.15,
            "escalation_schedule": {"annual_increase": 3, "effective_date": "1 Jan"},
        },
        [
            ("escalation_schedule.annual_increase", "too_large"),
            ("escalation_schedule.effective_date", "not_a_date"),
        ],
    ),
]
LABOUR_CASES = [
    ({}, [("hourly_rates", "required")]),
    ({"hourly_rates": {"standard": 0}}, [("hourly_rates.standard", "too_small")]),
    ({"hourly_rates": {}}, [("hourly_rates.standard", "required")]),
    (
        {
            "hourly_rates": {
                "standard": "25.00001",
                "overtime_multiplier": 0.9,
                "holiday_multiplier": 0,
                "double_time_multiplier": "two",
                "weekend_multiplier": 2,
            }
        },
        [
            ("hourly_rates.standard", "too_many_decimals"),
            ("hourly_rates.overtime_multiplier", "too_small"),
            ("hourly_rates.double_time_multiplier", "not_a_number"),
            ("hourly_rates.holiday_multiplier", "too_small"),
            ("hourly_rates.weekend_multiplier", "unknown_field"),
        ],
    ),
    (
        {
            "hourly_rates": {"standard": 25},
            "job_rates": [
                {"job_code": "A", "regular": 1},
                {"job_code": "A", "regular": 1},
                {"job_code": "", "regular": 0, "weekend": 5},
                {"overtime": -5},
            ],
        },
        [
            ("job_rates[1].job_code", "duplicate"),
            ("job_rates[2].job_code", "blank"),
            ("job_rates[2].regular", "too_small"),
            ("job_rates[2].weekend", "unknown_field"),
            ("job_rates[3].job_code", "required"),
            ("job_rates[3].regular", "required"),
            ("job_rates[3].overtime", "too_small"),
        ],
    ),
    (
        {"hourly_rates": {"standard": 25}, "efficiency_bonus": {"savings_share": 2, "x": 1}},
        [
            ("efficiency_bonus.budgeted_hours", "required"),
            ("efficiency_bonus.savings_share", "too_large"),
            ("efficiency_bonus.x", "unknown_field"),
        ],
    ),
]
FEE_CASES = [
    ({}, [("monthly_fee", "required")]),
    ({"monthly_fee": 1, "annual_fee": 1}, [("annual_fee", "only_one_of")]),
    ({"annual_fee": -1}, [("annual_fee", "too_small")]),
    ({"monthly_fee": 1, "minimum_guarantee": 1}, [("minimum_guarantee", "unknown_field")]),
]
MANAGEMENT_CASES = [
    ({}, [("management_fee", "required")]),
    ({"management_fee": {}}, [("management_fee.monthly_fee", "required")]),
    (
        {"management_fee": {"monthly_fee": 1, "cost_rate": 0.1, "x": 1}},
        [("management_fee.cost_rate", "only_one_of"), ("management_fee.x", "unknown_field")],
    ),
    (
        {"management_fee": {"cost_rate": 15}, "cost_markup_rate": 5},
        [("management_fee.cost_rate", "too_large"), ("cost_markup_rate", "too_large")],
    ),
    (
        {"management_fee": {"monthly_fee": 1}, "insurance": {"basis": "wages", "x": 1}},
        [
            ("insurance.basis", "unknown_choice"),
            ("insurance.rate", "required"),
            ("insurance.x", "unknown_field"),
        ],
    ),
    (
        {"management_fee": {"monthly_fee": 1}, "profit_share": {"x": 1}},
        [
            ("profit_share.threshold", "required"),
            ("profit_share.tiers", "required"),
            ("profit_share.x", "unknown_field"),
        ],
    ),
]
HYBRID_CASES = [
    ({}, [("components", "required")]),
    ({"components": []}, [("components", "empty_list")]),
    (
        {
            "components": [
                {"contract_type": "hybrid", "components": []},
                {"contract_type": "barter", "goods": 1},
                {"monthly_fee": 1},
                {"contract_type": "fixed_fee", "monthly_fee": -1, "fee": 1},
                5,
            ],
            "maximum_cap": "x",
            "contract_type": "hybrid",
        },
        [
            ("components[4]", "not_an_object"),
            ("components[0].contract_type", "nested_hybrid"),
            ("components[1].contract_type", "unknown_choice"),
            ("components[2].contract_type", "required"),
            ("components[3].monthly_fee", "too_small"),
            ("components[3].fee", "unknown_field"),
            ("maximum_cap", "not_a_number"),
            ("contract_type", "unknown_field"),
        ],
    ),
]
REFUSED = [
    (contract_type, configuration, expected)
    for contract_type, cases in {
        "revenue_share": SHARE_CASES,
        "per_labor_hour": LABOUR_CASES,
        "fixed_fee": FEE_CASES,
        "management_agreement": MANAGEMENT_CASES,
        "hybrid": HYBRID_CASES,
    }.items()
    for configuration, expected in cases
]


@pytest.mark.parametrize(("contract_type", "configuration", "expected"), REFUSED)
def test_every_problem_is_named_at_once(
    problems: Any,
    contract_type: str,
    configuration: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:
    assert problems(InvalidTerms, parse_terms, contract_type, configuration) == [
        (f"{ROOT}.{field}", code) for field, code in expected
    ]
