from decimal import Decimal
from typing import Any

import pytest

from billing.errors import AmountTooLarge

MARCH_INCREASE = {"annual_increase": 0.1, "effective_date": "2024-02-29"}


@pytest.mark.parametrize(
    ("configuration", "options", "fee"),
    [
        ({"monthly_fee": 4200}, {}, "4200.00"),
        ({"monthly_fee": 0}, {}, "0.00"),  # always shown
        ({"monthly_fee": 4200}, {"effective": "2025-01-31"}, "135.48"),  # 4200 / 31
        ({"monthly_fee": 4200}, {"effective": "2025-01-10", "ends": "2025-01-12"}, "406.45"),
        # 100.0025 x (15/31 + 1 + 16/31) = 200.005 exactly, although neither part is finite
        (
            {"monthly_fee": "100.0025"},
            {"days": ("2025-01-17", "2025-03-16")},
            "200.01",
        ),
        # 3 x 100.06 / 12 = 25.015 exactly, although 100.06 / 12 is not finite
        ({"annual_fee": "100.06"}, {"days": ("2025-01-01", "2025-03-31")}, "25.02"),
        ({"annual_fee": 50000}, {"days": ("2025-01-01", "2025-12-31")}, "50000.00"),
        # 366 days: 1/12 + 1/12 x 29/29 …: a leap year is worth the same
        ({"annual_fee": 50000}, {"days": ("2024-01-01", "2024-12-31")}, "50000.00"),
    ],
)
def test_fee_of_the_active_days(
    amounts: Any, configuration: dict[str, Any], options: dict[str, Any], fee: str
) -> None:
    assert amounts("fixed_fee", configuration, **options) == [("fixed_fee", fee)]


@pytest.mark.parametrize(
    ("days", "effective", "fee"),
    [
        (("2025-02-01", "2025-02-28"), "2025-02-28", "35.71"),  # 1000 / 28, not yet increased
        (("2025-03-01", "2025-03-31"), "2020-01-01", "1100.00"),  # 1 March in a common year
        (("2028-02-01", "2028-02-29"), "2020-01-01", "1331.00"),  # 1.1^3 on 1 February
        (("2028-02-01", "2028-02-29"), "2028-02-29", "50.49"),  # 1464.1 / 29 on the day itself
    ],
)
def test_escalation_from_29_february(
    amounts: Any, days: tuple[str, str], effective: str, fee: str
) -> None:
    lines = amounts(
        "fixed_fee",
        {"monthly_fee": 1000, "escalation_schedule": MARCH_INCREASE},
        days=days,
        effective=effective,
    )
    assert lines == [("fixed_fee", fee)]


def test_a_month_uses_the_factor_of_its_first_active_day(amounts: Any) -> None:
    schedule = {"annual_increase": 0.1, "effective_date": "2024-01-15"}
    configuration = {"monthly_fee": 3100, "escalation_schedule": schedule}
    # whole January: 1 January is before the anniversary
    assert amounts("fixed_fee", configuration) == [("fixed_fee", "3100.00")]
    # active from the 15th: 3100 x 1.1 x 17/31
    assert amounts("fixed_fee", configuration, effective="2025-01-15") == [("fixed_fee", "1870.00")]


def test_annual_fee_escalates_unrounded(amounts: Any) -> None:
    lines = amounts(
        "fixed_fee",
        {
            "annual_fee": 50000,
            "escalation_schedule": {"annual_increase": "0.033333", "effective_date": "2015-01-01"},
        },
    )
    # 50000 / 12 x 1.033333^10 = 5783.389…
    exact = Decimal(50000) / 12 * Decimal("1.033333") ** 10
    assert lines == [("fixed_fee", str(exact.quantize(Decimal("0.01"))))]


def test_trace_of_an_annual_fee(rate: Any) -> None:
    (line,) = rate(
        "fixed_fee",
        {
            "annual_fee": 1000,
            "escalation_schedule": {"annual_increase": 0.5, "effective_date": "2024-02-01"},
        },
        days=("2025-01-01", "2025-02-28"),
    )
    assert line.trace.rule == "fee_annual"
    assert [step.label for step in line.trace.steps] == [
        "annual_to_monthly",
        "month",
        "month",
        "sum",
        "rounded",
    ]
    assert line.trace.steps[2].values == {
        "month": "2025-02",
        "monthly_amount": Decimal("83.3333333333"),
        "active_days": 28,
        "days_in_month": 28,
        "annual_increase": Decimal("0.5"),
        "years": 1,
        "factor": Decimal("1.5"),
    }
    # 83.33… + 125 = 208.33…
    assert str(line.amount) == "208.33"
    assert line.trace.inputs["from_date"] == "2025-01-01"


def test_yen_and_dinar(amounts: Any) -> None:
    half_april = {"days": ("2025-04-01", "2025-04-30"), "ends": "2025-04-15"}
    assert amounts("fixed_fee", {"monthly_fee": 1001}, currency="JPY", **half_april) == [
        ("fixed_fee", "501")  # 500.5
    ]
    assert amounts("fixed_fee", {"monthly_fee": "0.003"}, currency="KWD", **half_april) == [
        ("fixed_fee", "0.002")  # 0.0015
    ]


def test_a_fee_beyond_what_is_stored_is_refused(rate: Any, problems: Any) -> None:
    refused = problems(
        AmountTooLarge,
        rate,
        "fixed_fee",
        {"monthly_fee": "999999999999999"},
        days=("2025-01-01", "2025-02-28"),
    )
    assert refused == [("fixed_fee", "amount_too_large")]
