from datetime import date
from decimal import Decimal

import pytest

from connectors.billing_system.mapping import (
    configuration_of,
    customer_of,
    from_billing,
    to_billing,
    values_of,
)

SITE = {
    "site_id": "SITE123456",
    "site_name": "Downtown Medical Center",
    "billing_address": {"street1": "1 Main", "city": "Toronto", "state": "ON", "zip": "M5H 1A1"},
    "territory_id": "TER0042",
}
CONTRACT = {
    "contract_id": "CON12345678",
    "site_id": "SITE123456",
    "contract_type": "revenue_share",
    "billing_frequency": "monthly",
    "effective_date": date(2026, 1, 1),
    "end_date": None,
    "billing_configuration": {"revenue_share_rate": Decimal("0.15")},
}


def fields_of(problems):
    return {problem.field: problem.code for problem in problems}


def test_a_site_becomes_a_customer():
    customer, problems = customer_of(SITE)
    assert problems == []
    assert values_of(customer) == {
        "customer_id": "SITE123456",
        "customer_name": "Downtown Medical Center",
        "billing_address": SITE["billing_address"],
        "territory_code": "TER0042",
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"site_id": "SITE12345"}, {"site_id": "pattern"}),
        ({"site_id": None}, {"site_id": "required"}),
        ({"site_name": ""}, {"site_name": "required"}),
        ({"site_name": "x" * 256}, {"site_name": "too_long"}),
        ({"billing_address": {"street1": "1 Main"}}, {"billing_address": "incomplete"}),
        ({"billing_address": None}, {"billing_address": "required"}),
        ({"territory_id": None}, {"territory_id": "required"}),
        ({"territory_id": "TER42"}, {"territory_id": "pattern"}),
        ({"territory_id": "TER0042\n"}, {"territory_id": "pattern"}),
        (
            {"site_id": "x", "territory_id": "y"},
            {"site_id": "pattern", "territory_id": "pattern"},
        ),
    ],
)
def test_what_the_sites_table_refuses(change, expected):
    customer, problems = customer_of({**SITE, **change})
    assert customer is None
    assert fields_of(problems) == expected


def test_a_contract_becomes_a_configuration():
    configuration, problems = configuration_of(CONTRACT)
    assert problems == []
    assert values_of(configuration) == {
        "contract_number": "CON12345678",
        "customer_id": "SITE123456",
        "billing_method": "revenue_share",
        "invoice_frequency": "monthly",
        "billing_start_date": date(2026, 1, 1),
        "billing_end_date": None,
        "configuration": {"revenue_percentage": Decimal("0.15")},
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"contract_id": "CON1"}, {"contract_id": "pattern"}),
        ({"contract_type": "barter"}, {"contract_type": "choice"}),
        ({"billing_frequency": "weekly"}, {"billing_frequency": "choice"}),
        ({"effective_date": None}, {"effective_date": "required"}),
        ({"effective_date": "2026-01-01"}, {"effective_date": "date"}),
        (
            {"billing_configuration": {}},
            {"billing_configuration.revenue_share_rate": "required"},
        ),
    ],
)
def test_what_the_contracts_table_refuses(change, expected):
    configuration, problems = configuration_of({**CONTRACT, **change})
    assert configuration is None
    assert fields_of(problems) == expected


REVENUE_SHARE = {
    "revenue_share_rate": Decimal("0.15"),
    "minimum_guarantee": Decimal("5000.00"),
    "maximum_cap": Decimal("9000.00"),
    "escalation_schedule": {"annual_increase": Decimal("0.03"), "effective_date": "2025-01-01"},
    "performance_bonus": {"threshold": 100, "amount": 5},
}
LABOUR = {
    "hourly_rates": {
        "standard": Decimal("25.00"),
        "overtime_multiplier": Decimal("1.5"),
        "holiday_multiplier": Decimal("2.0"),
        "double_time_multiplier": Decimal("2.5"),
    },
    "job_rates": [{"job_code": "VALET", "regular": Decimal("30")}],
    "efficiency_bonus": {"budgeted_hours": 100, "savings_share": Decimal("0.5")},
}


def test_a_revenue_share_in_the_other_sides_names():
    values, problems = to_billing("revenue_share", REVENUE_SHARE)
    assert problems == []
    assert values == {
        "revenue_percentage": Decimal("0.15"),
        "minimum_amount": Decimal("5000.00"),
        "maximum_amount": Decimal("9000.00"),
        "escalation_rules": REVENUE_SHARE["escalation_schedule"],
        "performance_bonus": REVENUE_SHARE["performance_bonus"],
    }


def test_labour_hours_in_the_other_sides_names():
    values, problems = to_billing("per_labor_hour", LABOUR)
    assert problems == []
    assert values == {
        "base_hourly_rate": Decimal("25.00"),
        "overtime_multiplier": Decimal("1.5"),
        "holiday_multiplier": Decimal("2.0"),
        "double_time_multiplier": Decimal("2.5"),
        "rate_schedule": LABOUR["job_rates"],
        "efficiency_bonus": LABOUR["efficiency_bonus"],
    }


def test_multipliers_that_a_contract_leaves_out_are_the_usual_ones():
    values, problems = to_billing("per_labor_hour", {"hourly_rates": {"standard": 20}})
    assert problems == []
    assert values["overtime_multiplier"] == Decimal("1.5")
    assert values["holiday_multiplier"] == Decimal("2.0")
    assert values["rate_schedule"] == []


@pytest.mark.parametrize(
    ("contract_type", "ours"),
    [
        ("revenue_share", REVENUE_SHARE),
        ("revenue_share", {"tiers": [{"up_to": None, "rate": "0.1"}], "tier_mode": "whole"}),
        ("per_labor_hour", LABOUR),
        ("fixed_fee", {"monthly_fee": Decimal("1000.00")}),
        ("management_agreement", {"management_fee": {"monthly_fee": 5}, "cost_markup_rate": 0}),
        ("hybrid", {"components": [{"contract_type": "fixed_fee", "monthly_fee": 1}]}),
    ],
)
def test_there_and_back_is_the_same(contract_type, ours):
    theirs, problems = to_billing(contract_type, ours)
    assert problems == []
    assert from_billing(contract_type, theirs) == ours


@pytest.mark.parametrize(
    ("contract_type", "ours", "expected"),
    [
        ("revenue_share", {"revenue_share_rate": "0.005"}, {"revenue_share_rate": "range"}),
        ("revenue_share", {"revenue_share_rate": "1"}, {"revenue_share_rate": "range"}),
        ("revenue_share", {"revenue_share_rate": "NaN"}, {"revenue_share_rate": "range"}),
        ("revenue_share", {"revenue_share_rate": True}, {"revenue_share_rate": "range"}),
        (
            "revenue_share",
            {"revenue_share_rate": "0.2", "minimum_guarantee": -1},
            {"minimum_guarantee": "range"},
        ),
        (
            "revenue_share",
            {"revenue_share_rate": "0.2", "minimum_guarantee": 9, "maximum_cap": 8},
            {"maximum_cap": "range"},
        ),
        (
            "revenue_share",
            {"revenue_share_rate": "0.2", "escalation_schedule": {"annual_increase": "0.1"}},
            {"escalation_schedule": "invalid"},
        ),
        ("per_labor_hour", {}, {"hourly_rates.standard": "required"}),
        (
            "per_labor_hour",
            {
                "hourly_rates": {
                    "standard": 0,
                    "overtime_multiplier": "0.9",
                    "holiday_multiplier": "0.99",
                }
            },
            {
                "hourly_rates.standard": "range",
                "hourly_rates.overtime_multiplier": "range",
                "hourly_rates.holiday_multiplier": "range",
            },
        ),
        (
            "per_labor_hour",
            {"hourly_rates": {"standard": 9}, "job_rates": [{"job_code": "A", "regular": 0}]},
            {"job_rates": "invalid"},
        ),
        (
            "per_labor_hour",
            {
                "hourly_rates": {"standard": 9},
                "job_rates": [{"job_code": "A", "regular": 1}, {"job_code": "A", "regular": 2}],
            },
            {"job_rates": "invalid"},
        ),
    ],
)
def test_what_the_configuration_tables_refuse(contract_type, ours, expected):
    _values, problems = to_billing(contract_type, ours)
    assert fields_of(problems) == {
        f"billing_configuration.{field}": code for field, code in expected.items()
    }
