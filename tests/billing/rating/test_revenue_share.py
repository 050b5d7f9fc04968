from decimal import Decimal
from typing import Any

import pytest

TIERS = [
    {"up_to": 50000, "rate": 0.1},
    {"up_to": 100000, "rate": 0.15},
    {"up_to": None, "rate": 0.2},
]
INCREASE = {"annual_increase": 0.1, "effective_date": "2024-02-01"}


@pytest.mark.parametrize(
    ("configuration", "revenue", "share"),
    [
        ({"revenue_share_rate": 0.15}, "50000.30", "7500.05"),  # 7500.045
        ({"revenue_share_rate": 0.15}, "-1000.10", "-150.02"),  # -150.015, away from zero
        ({"revenue_share_rate": 0.01}, "0.01", "0.00"),  # always shown
        ({"revenue_share_rate": 0.01}, "-0.01", "0.00"),  # not -0.00
        ({"tiers": TIERS}, "50000", "5000.00"),
        ({"tiers": TIERS}, "50000.10", "5000.02"),  # 5000 + 0.10 x 0.15 = 5000.015
        ({"tiers": TIERS}, "100000", "12500.00"),  # 5000 + 50000 x 0.15
        ({"tiers": TIERS}, "100001", "12500.20"),
        ({"tiers": TIERS}, "-5", "0.00"),
        ({"tiers": TIERS, "tier_mode": "whole"}, "50000", "5000.00"),
        ({"tiers": TIERS, "tier_mode": "whole"}, "50000.0001", "7500.00"),
        ({"tiers": TIERS, "tier_mode": "whole"}, "100000", "15000.00"),
        ({"tiers": TIERS, "tier_mode": "whole"}, "100000.01", "20000.00"),
        ({"tiers": TIERS, "tier_mode": "whole"}, "-70000", "0.00"),
        ({"tiers": TIERS, "tier_mode": "whole"}, "0", "0.00"),
    ],
)
def test_share(amounts: Any, configuration: dict[str, Any], revenue: str, share: str) -> None:
    lines = amounts("revenue_share", configuration, {"revenue_amount": revenue})
    assert lines == [("revenue_share", share)]


@pytest.mark.parametrize(
    ("bounds", "revenue", "correction"),
    [
        ({"minimum_guarantee": 7500}, 50000, None),  # reached exactly
        ({"maximum_cap": 7500}, 50000, None),
        ({"minimum_guarantee": 7500.01}, 50000, ("minimum_guarantee", "0.01")),
        ({"maximum_cap": 7499.99}, 50000, ("maximum_cap", "-0.01")),
        ({"maximum_cap": 0}, 50000, ("maximum_cap", "-7500.00")),
        ({"minimum_guarantee": 5000, "maximum_cap": 5000}, 0, ("minimum_guarantee", "5000.00")),
        # A guarantee of 0 is a guarantee: refunds do not make the share negative.
        ({"minimum_guarantee": 0}, -1000, ("minimum_guarantee", "150.00")),
        ({}, -1000, None),
    ],
)
def test_guarantee_and_cap(
    amounts: Any, bounds: dict[str, Any], revenue: int, correction: tuple[str, str] | None
) -> None:
    lines = amounts(
        "revenue_share", {"revenue_share_rate": 0.15, **bounds}, {"revenue_amount": revenue}
    )
    assert lines[1:] == ([correction] if correction else [])


def test_cap_is_prorated_and_escalates_month_by_month(amounts: Any) -> None:
    lines = amounts(
        "revenue_share",
        {"revenue_share_rate": 0.15, "maximum_cap": 1000, "escalation_schedule": INCREASE},
        {"revenue_amount": 50000},
        days=("2025-01-01", "2025-03-31"),
        effective="2025-01-17",
    )
    # January: 1000 x 15/31 = 483.870967…, before the anniversary of 1 February
    # February and March: 1000 x 1.1 each; 2683.870967… is rounded once to 2683.87
    assert lines == [("revenue_share", "7500.00"), ("maximum_cap", "-4816.13")]


def test_guarantee_stops_on_the_last_active_day(amounts: Any) -> None:
    lines = amounts(
        "revenue_share",
        {"revenue_share_rate": 0.15, "minimum_guarantee": 3000},
        {"revenue_amount": 1000},
        days=("2025-02-01", "2025-02-28"),
        ends="2025-02-07",
    )
    # 3000 x 7/28 = 750.00, of which 150.00 is reached
    assert lines == [("revenue_share", "150.00"), ("minimum_guarantee", "600.00")]


@pytest.mark.parametrize(
    ("bonus", "revenue", "amount"),
    [
        ({"threshold": 40000, "rate": 0.02}, "40000", None),  # at, not above
        ({"threshold": 40000, "rate": 0.02}, "40000.25", "0.01"),  # 0.005
        ({"threshold": 40000, "rate": 0.02}, "40000.01", None),  # 0.0002: 0.00 is not shown
        ({"threshold": 40000, "amount": 750}, "40000", None),
        ({"threshold": 40000, "amount": "750.005"}, "40000.01", "750.01"),
        ({"threshold": 0, "amount": 5}, "-1", None),
        ({"threshold": 0, "amount": 0}, "1", None),
    ],
)
def test_bonus(amounts: Any, bonus: dict[str, Any], revenue: str, amount: str | None) -> None:
    lines = amounts(
        "revenue_share",
        {"revenue_share_rate": 0.15, "performance_bonus": bonus, "maximum_cap": 1},
        {"revenue_amount": revenue},
        effective="2025-01-31",  # neither threshold nor amount is prorated
    )
    bonuses = [line for line in lines if line[0] == "performance_bonus"]
    assert bonuses == ([("performance_bonus", amount)] if amount else [])


def test_the_trace_explains_each_slice(rate: Any) -> None:
    (line,) = rate("revenue_share", {"tiers": TIERS}, {"revenue_amount": "120000.01"})
    assert line.trace.rule == "share_marginal"
    assert line.trace.inputs == {"revenue_amount": Decimal("120000.01")}
    assert [(step.label, str(step.amount)) for step in line.trace.steps] == [
        ("tier_slice", "5000.0"),
        ("tier_slice", "7500.00"),
        ("tier_slice", "4000.002"),
        ("sum", "16500.002"),
        ("rounded", "16500.00"),
    ]
    assert line.trace.steps[2].values == {
        "above": Decimal(100000),
        "up_to": None,
        "slice": Decimal("20000.01"),
        "rate": Decimal("0.2"),
    }
    assert (line.quantity, line.rate) == (None, None)


@pytest.mark.parametrize(
    ("configuration", "rule", "rate_shown"),
    [
        ({"revenue_share_rate": 0.15}, "share_flat", "0.15"),
        ({"tiers": TIERS, "tier_mode": "whole"}, "share_whole", "0.2"),
    ],
)
def test_one_rate_on_everything_is_shown_as_quantity_and_rate(
    rate: Any, configuration: dict[str, Any], rule: str, rate_shown: str
) -> None:
    (line,) = rate("revenue_share", configuration, {"revenue_amount": 200000})
    assert line.trace.rule == rule
    assert (line.quantity, line.rate) == (Decimal(200000), Decimal(rate_shown))
    assert line.description == "Revenue share"
    assert line.component is None
