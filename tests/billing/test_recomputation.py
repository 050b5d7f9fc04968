from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.activity import Activity, Cost
from billing.periods import Period, month_period
from billing.recomputation import Limits, Recomputation
from billing.terms import HourClass, parse_terms


def _recompute(contract_type: str, configuration: dict[str, Any], **options: Any) -> Recomputation:
    return Recomputation(
        parse_terms(contract_type, configuration),
        **{
            "currency": "CAD",
            "effective_date": date(2020, 1, 1),
            "end_date": None,
            "period": month_period(2025, 1),
            "activity": Activity(),
            **options,
        },
    )


def test_days_are_counted_up_to_the_last_day_there_is() -> None:
    schedule = {"annual_increase": 1, "effective_date": "9998-12-31"}
    december = _recompute(
        "fixed_fee",
        {"monthly_fee": 31, "escalation_schedule": schedule},
        period=month_period(9999, 12),
        effective_date=date(9999, 12, 31),
    )
    assert december.subtotal() == 2  # the last day is the first anniversary
    later = _recompute(
        "fixed_fee",
        {"monthly_fee": 31, "escalation_schedule": {**schedule, "effective_date": "9999-12-31"}},
        period=month_period(9999, 12),
        end_date=date(9999, 12, 1),
    )
    assert later.subtotal() == 1


def test_anniversaries_of_29_february() -> None:
    schedule = {"annual_increase": 0.1, "effective_date": "2024-02-29"}
    quarter = Period(date(2025, 1, 1), date(2025, 3, 31))
    fee = {"monthly_fee": 100, "escalation_schedule": schedule}
    assert _recompute("fixed_fee", fee, period=quarter).subtotal() == 310


def test_limits_of_components_and_contract() -> None:
    hybrid = _recompute(
        "hybrid",
        {
            "components": [
                {"contract_type": "fixed_fee", "monthly_fee": 1},
                {"contract_type": "revenue_share", "revenue_share_rate": 0.1, "maximum_cap": 310},
            ],
            "minimum_guarantee": 62,
        },
        effective_date=date(2025, 1, 22),
        currency="JPY",
    )
    assert hybrid.limits() == (
        Limits(1, None, Decimal(100)),
        Limits(None, Decimal(20), None),
    )
    assert _recompute("fixed_fee", {"monthly_fee": 1}).limits() == ()


@pytest.mark.parametrize(
    ("job_code", "hour_class", "rate"),
    [
        ("", HourClass.REGULAR, "33.0000"),
        ("", HourClass.OVERTIME, "49.5000"),
        ("ELEC", HourClass.DOUBLE_TIME, "88.0000"),
        ("ELEC", HourClass.HOLIDAY, "99.0000"),
    ],
)
def test_hourly_rates(job_code: str, hour_class: HourClass, rate: str) -> None:
    configuration = {
        "hourly_rates": {"standard": 30},
        "job_rates": [
            {"job_code": "PLMB", "regular": 1},
            {"job_code": "ELEC", "regular": 40, "holiday": 90},
        ],
        "escalation_schedule": {"annual_increase": 0.1, "effective_date": "2024-01-01"},
    }
    terms = parse_terms("per_labor_hour", configuration)
    found = _recompute("per_labor_hour", configuration).hourly_rate(terms, job_code, hour_class)
    assert str(found) == rate


def test_negative_amounts_round_away_from_zero() -> None:
    share = _recompute(
        "revenue_share",
        {"revenue_share_rate": "0.15"},
        activity=Activity(revenue_amount=Decimal("-1000.10")),
    )
    assert str(share.subtotal()) == "-150.02"


@pytest.mark.parametrize(
    ("basis", "subtotal"),
    # costs 300; fee 10 % of 300 = 30; insurance 1 % of 200 payroll or of 1000 revenue;
    # half of what remains of 1000 above 100: (1000 - 300 - 30 - 2 - 100) / 2 = 284
    # or (1000 - 300 - 30 - 10 - 100) / 2 = 280
    [("payroll", "616.00"), ("gross_revenue", "620.00")],
)
def test_management_agreement(basis: str, subtotal: str) -> None:
    agreement = _recompute(
        "management_agreement",
        {
            "management_fee": {"cost_rate": 0.1},
            "insurance": {"basis": basis, "rate": 0.01},
            "profit_share": {"threshold": 100, "tiers": [{"up_to": None, "rate": 0.5}]},
        },
        activity=Activity(
            revenue_amount=Decimal(1000),
            costs=(Cost("Wages", Decimal(200), payroll=True), Cost("Sand", Decimal(100))),
        ),
    )
    assert str(agreement.subtotal()) == subtotal
