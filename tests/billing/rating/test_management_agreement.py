from decimal import Decimal
from typing import Any

import pytest

COSTS = [
    {"description": "Wages", "amount": 18250.33, "category": "labour", "payroll": True},
    {"description": "Uniforms", "amount": 412.1, "category": "supplies"},
]
ONE_RATE = [{"up_to": None, "rate": 0.5}]


def test_each_cost_is_its_own_line_with_markup(rate: Any) -> None:
    lines = rate(
        "management_agreement",
        {"management_fee": {"monthly_fee": 0}, "cost_markup_rate": 0.05},
        {
            "costs": [
                {"description": "Sand", "amount": "10.1", "taxable": ["GST"]},  # 10.605
                {"description": "Sand", "amount": "10.1", "taxable": False},
                {"description": "Supplier's refund", "amount": "-10.1"},  # -10.605
                {"description": "Nothing", "amount": 0},
            ]
        },
    )
    assert [(line.description, str(line.amount), line.taxable) for line in lines] == [
        ("Sand", "10.61", ("GST",)),
        ("Sand", "10.61", False),
        ("Supplier's refund", "-10.61", True),
        ("Management fee", "0.00", True),  # always shown, a cost of nothing is not
    ]
    assert (lines[0].quantity, lines[0].rate) == (Decimal("10.1"), Decimal("1.05"))


def test_a_cost_without_markup_is_one_at_its_amount(rate: Any) -> None:
    lines = rate("management_agreement", {"management_fee": {"monthly_fee": 1}}, {"costs": COSTS})
    assert (lines[0].quantity, lines[0].rate) == (Decimal(1), Decimal("18250.33"))


@pytest.mark.parametrize(
    ("fee", "amount"),
    [
        ({"monthly_fee": 3100}, "1700.00"),  # 17 of 31 days
        ({"revenue_rate": 0.04}, "3200.02"),  # 80000.5 x 0.04; the period as given
        ({"cost_rate": 0.1}, "1866.24"),  # 18662.43 x 0.1, before markup
    ],
)
def test_management_fee(amounts: Any, fee: dict[str, Any], amount: str) -> None:
    lines = amounts(
        "management_agreement",
        {"management_fee": fee, "cost_markup_rate": 0.5},
        {"revenue_amount": "80000.5", "costs": COSTS},
        effective="2025-01-15",
    )
    assert lines[-1] == ("management_fee", amount)


def test_only_a_monthly_management_fee_escalates(amounts: Any) -> None:
    schedule = {"annual_increase": 0.1, "effective_date": "2023-01-01"}
    for fee, amount in [({"monthly_fee": 100}, "121.00"), ({"revenue_rate": 0.1}, "100.00")]:
        assert amounts(
            "management_agreement",
            {"management_fee": fee, "escalation_schedule": schedule},
            {"revenue_amount": 1000},
        ) == [("management_fee", amount)]


def test_refunded_revenue_gives_a_negative_fee(amounts: Any) -> None:
    assert amounts(
        "management_agreement", {"management_fee": {"revenue_rate": 0.05}}, {"revenue_amount": -30}
    ) == [("management_fee", "-1.50")]


@pytest.mark.parametrize(
    ("basis", "amount"),
    [("payroll", "182.50"), ("gross_revenue", "800.00")],  # 18250.33 x 1 %, 80000 x 1 %
)
def test_insurance(amounts: Any, basis: str, amount: str) -> None:
    lines = amounts(
        "management_agreement",
        {"management_fee": {"monthly_fee": 1}, "insurance": {"basis": basis, "rate": 0.01}},
        {"revenue_amount": 80000, "costs": COSTS},
    )
    assert lines[-1] == ("insurance", amount)


def test_no_payroll_no_insurance_line(amounts: Any) -> None:
    lines = amounts(
        "management_agreement",
        {"management_fee": {"monthly_fee": 1}, "insurance": {"basis": "payroll", "rate": 0.01}},
        {"costs": COSTS[1:]},
    )
    assert [code for code, _ in lines] == ["reimbursable_cost", "management_fee"]


def _profit_lines(amounts: Any, revenue: str, **options: Any) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = amounts(
        "management_agreement",
        {
            "management_fee": {"revenue_rate": 0.0333},
            "insurance": {"basis": "gross_revenue", "rate": 0.0111},
            "profit_share": {"threshold": 3100, "tiers": ONE_RATE},
            "escalation_schedule": {"annual_increase": 0.5, "effective_date": "2020-01-01"},
        },
        {"revenue_amount": revenue, "costs": [{"description": "All", "amount": 1000}]},
        **options,
    )
    return lines[3:]


def test_profit_is_after_fee_and_insurance_as_billed(amounts: Any) -> None:
    # fee 10001.33 x 0.0333 = 333.044… -> 333.04; insurance 10001.33 x 0.0111 = 111.014… -> 111.01
    # profit 10001.33 - 1000 - 333.04 - 111.01 = 8557.28; above 3100: 5457.28; half of it
    assert _profit_lines(amounts, "10001.33") == [("profit_share", "2728.64")]


def test_the_threshold_is_monthly_prorated_and_does_not_escalate(amounts: Any) -> None:
    # threshold 3100 x 10/31 = 1000; profit 10000 - 1000 - 333 - 111 = 8556; (8556 - 1000) / 2
    assert _profit_lines(amounts, "10000", effective="2025-01-22") == [("profit_share", "3778.00")]
    # two months: threshold 6200; (8556 - 6200) / 2
    assert _profit_lines(amounts, "10000", days=("2025-01-01", "2025-02-28")) == [
        ("profit_share", "1178.00")
    ]


@pytest.mark.parametrize("revenue", ["4290.49", "0", "-5000"])
def test_no_profit_above_the_threshold_no_line(amounts: Any, revenue: str) -> None:
    # 4290.49 - 1000 - 142.87 - 47.62 = 3100.00: at the threshold, not above
    assert _profit_lines(amounts, revenue) == []


def test_profit_share_by_whole_tier(rate: Any) -> None:
    tiers = [{"up_to": 10000, "rate": 0.25}, {"up_to": None, "rate": 0.4}]
    lines = rate(
        "management_agreement",
        {
            "management_fee": {"monthly_fee": 0},
            "profit_share": {"threshold": 0, "tiers": tiers, "tier_mode": "whole"},
        },
        {"revenue_amount": 20000},
    )
    assert (lines[-1].trace.rule, str(lines[-1].amount)) == ("profit_share_whole", "8000.00")
    assert (lines[-1].quantity, lines[-1].rate) == (Decimal(20000), Decimal("0.4"))
    assert [step.label for step in lines[-1].trace.steps] == [
        "month",
        "profit",
        "profit_above_threshold",
        "tier_whole",
    ]
