from typing import Any

FEE = {"contract_type": "fixed_fee", "monthly_fee": 1500}
SHARE = {"contract_type": "revenue_share", "revenue_share_rate": 0.1}
LABOUR = {
    "contract_type": "per_labor_hour",
    "hourly_rates": {"standard": 50},
    "efficiency_bonus": {"budgeted_hours": 20, "savings_share": 0.5},
}
INCREASE = {"annual_increase": 0.1, "effective_date": "2024-01-01"}


def test_lines_carry_the_index_of_their_component(rate: Any) -> None:
    lines = rate(
        "hybrid",
        {
            "components": [SHARE, {**SHARE, "minimum_guarantee": 5000}, FEE],
            "minimum_guarantee": 10000,
        },
        {
            "revenue_amount": 20000,
            "additional_charges": [{"description": "Lift", "amount": 9}],
        },
    )
    assert [(line.component, line.code, str(line.amount)) for line in lines] == [
        (0, "revenue_share", "2000.00"),
        (1, "revenue_share", "2000.00"),
        (1, "minimum_guarantee", "3000.00"),
        (2, "fixed_fee", "1500.00"),
        # 8500 reached, the component's own top-up included; no index on the contract's line
        (None, "minimum_guarantee", "1500.00"),
        (None, "additional_charge", "9.00"),
    ]


def test_bonuses_are_outside_the_contract_bounds(amounts: Any) -> None:
    share = {**SHARE, "performance_bonus": {"threshold": 0, "amount": 700}}
    lines = amounts(
        "hybrid",
        {"components": [share, LABOUR], "maximum_cap": 2000},
        {"revenue_amount": 20000, "labor_hours": {"regular": 10}},
    )
    # 2000 + 500 reached, cut to 2000; 700 and 0.5 x 10 x 50 stay
    assert lines == [
        ("revenue_share", "2000.00"),
        ("performance_bonus", "700.00"),
        ("labor_regular", "500.00"),
        ("efficiency_bonus", "250.00"),
        ("maximum_cap", "-500.00"),
    ]


def test_escalation_is_not_inherited_in_either_direction(amounts: Any) -> None:
    lines = amounts(
        "hybrid",
        {
            "components": [FEE, {**FEE, "escalation_schedule": INCREASE}],
            "minimum_guarantee": 4000,
            "escalation_schedule": {"annual_increase": 0.2, "effective_date": "2024-01-01"},
        },
    )
    # 1500; 1500 x 1.1; guarantee 4000 x 1.2 = 4800
    assert lines == [
        ("fixed_fee", "1500.00"),
        ("fixed_fee", "1650.00"),
        ("minimum_guarantee", "1650.00"),
    ]


def test_costs_count_towards_the_contract_bounds(amounts: Any) -> None:
    agreement = {"contract_type": "management_agreement", "management_fee": {"cost_rate": 0.1}}
    lines = amounts(
        "hybrid",
        {"components": [agreement, agreement], "maximum_cap": 1000},
        {"costs": [{"description": "Sand", "amount": 600}]},
    )
    # the same inputs for each component: 660 + 660
    assert lines[-1] == ("maximum_cap", "-320.00")
    assert len(lines) == 5
