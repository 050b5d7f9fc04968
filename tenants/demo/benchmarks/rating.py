"""Contracts rated per second and core by `billing`, traces included; no database."""

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from billing.activity import Activity, parse_activity
from billing.periods import Period
from billing.rating import rate_contract
from billing.terms import Terms, parse_terms
from tenants.demo.benchmarks import machine, median_rate

CONTRACTS = 20_000
JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))
FLAT = parse_terms("revenue_share", {"revenue_share_rate": "0.15"})
HYBRID = parse_terms(
    "hybrid",
    {
        "components": [
            {"contract_type": "fixed_fee", "monthly_fee": "1500.00"},
            {"contract_type": "revenue_share", "revenue_share_rate": "0.05"},
            {
                "contract_type": "per_labor_hour",
                "hourly_rates": {"standard": "25"},
                "job_rates": [
                    {"job_code": code, "regular": rate}
                    for code, rate in (("A", "40"), ("B", "50"), ("C", "60"))
                ],
            },
        ],
        "minimum_guarantee": "40000.00",
    },
)


def measure(repeats: int) -> dict[str, Any]:
    """Processor time of this process for rating CONTRACTS contracts; medians of the repeats."""
    hybrid_activity = parse_activity(
        {
            "revenue_amount": 50000,
            "labor_hours": {"regular": 160},
            "labor": [{"job_code": code, "regular": 40, "overtime": 4} for code in ("A", "B", "C")],
        }
    )
    hybrid = _rate_all(HYBRID, hybrid_activity)
    return {
        "flat_share_per_second_per_core": _rate(repeats, _flat),
        "hybrid_per_second_per_core": _rate(repeats, hybrid),
        "hybrid_lines": hybrid(1),
        "contracts": CONTRACTS,
        "repeats": repeats,
        "statistic": "median, processor time, traces included, terms parsed beforehand",
        "machine": machine(),
    }


def _flat(count: int) -> int:
    lines = 0
    for number in range(count):
        activity = Activity(revenue_amount=Decimal(50000 + number))
        lines += len(_rate_once(FLAT, activity))
    return lines


def _rate_all(terms: Terms, activity: Activity) -> Callable[[int], int]:
    def run(count: int) -> int:
        return sum(len(_rate_once(terms, activity)) for _ in range(count))

    return run


def _rate_once(terms: Terms, activity: Activity) -> Any:
    return rate_contract(
        terms,
        currency="CAD",
        effective_date=date(2024, 1, 1),
        end_date=None,
        period=JANUARY,
        activity=activity,
    )


def _rate(repeats: int, run: Callable[[int], int]) -> float:
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        run(CONTRACTS)
        seconds.append(time.process_time() - started)
    return median_rate(CONTRACTS, seconds)
