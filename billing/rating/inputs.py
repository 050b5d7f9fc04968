"""Which inputs a contract needs, and what an activity lacks of them."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from billing.activity import ROOT, Activity, missing_revenue
from billing.errors import FieldProblem
from billing.terms import (
    CostFee,
    FixedFee,
    Hybrid,
    InsuranceBasis,
    LabourHours,
    ManagementAgreement,
    MonthlyFee,
    RevenueFee,
    RevenueShare,
    SimpleTerms,
    Terms,
)


class Input(StrEnum):
    """Kinds of activity that a contract may need."""

    REVENUE = "revenue"
    HOURS = "hours"
    COSTS = "costs"


def required_inputs(terms: Terms) -> frozenset[Input]:
    """Return what the calculation reads. Revenue and hours must be there; no costs is an answer."""
    match terms:
        case RevenueShare():
            return frozenset({Input.REVENUE})
        case LabourHours():
            return frozenset({Input.HOURS})
        case FixedFee():
            return frozenset()
        case ManagementAgreement():
            needs_revenue = _management_needs_revenue(terms)
            return frozenset({Input.COSTS, Input.REVENUE} if needs_revenue else {Input.COSTS})
        case Hybrid():
            return frozenset().union(*(required_inputs(part) for part in terms.components))
        case _:
            assert_never(terms)


def _management_needs_revenue(terms: ManagementAgreement) -> bool:
    fee = terms.management_fee
    match fee:
        case RevenueFee():
            return True
        case MonthlyFee() | CostFee():
            on_revenue = InsuranceBasis.GROSS_REVENUE
            insures_revenue = terms.insurance is not None and terms.insurance.basis is on_revenue
            return insures_revenue or terms.profit_share is not None
        case _:
            assert_never(fee)


def find_missing_inputs(terms: Terms, activity: Activity) -> list[FieldProblem]:
    """Return what keeps ``activity`` from being rated under ``terms``, by field; empty when ready.

    No revenue where it is needed, no hours at all for labour (missing data, not a saving), and
    job codes without a rate. Zero revenue is revenue.
    """
    required = required_inputs(terms)
    problems = []
    if Input.REVENUE in required and activity.revenue_amount is None:
        problems.append(missing_revenue())
    if Input.HOURS in required:
        if not activity.total_hours and not activity.is_part:
            problems.append(
                FieldProblem(f"{ROOT}.labor_hours", "required", "no hours at all: missing data")
            )
        components = terms.components if isinstance(terms, Hybrid) else (terms,)
        problems += _find_unknown_jobs(components, activity)
    return problems


def _find_unknown_jobs(
    components: tuple[SimpleTerms, ...], activity: Activity
) -> list[FieldProblem]:
    """A row must have a rate in every labour component: all of them rate the same rows."""
    known_jobs = [
        {rates.job_code for rates in terms.job_rates}
        for terms in components
        if isinstance(terms, LabourHours)
    ]
    shared_jobs = set.intersection(*known_jobs)
    return [
        FieldProblem(
            f"{ROOT}.labor[{index}].job_code",
            "unknown_job_code",
            f"{row.job_code} has no rate in this contract",
            {"job_code": str(row.job_code)},
        )
        for index, row in enumerate(activity.labor)
        if row.job_code is not None and row.job_code not in shared_jobs
    ]
