"""Rules that a contract invoice is checked against before approval (domain rule 7).

Each rule answers with a result: its name, severity, the fields it looked at, whether it passed,
and the key and values of a sentence that explains it to a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from billing.activity import Activity
from billing.lines import OUTSIDE_BOUNDS, ChargeLine, Value
from billing.money import as_shown
from billing.periods import Period
from billing.rating import find_missing_inputs
from billing.recomputation import Limits, Recomputation
from billing.tax import GST, HST, TaxAmount
from billing.terms import FlatRate, HourClass, Hybrid, LabourHours, RevenueShare, Terms
from billing.totals import Totals, sum_amounts

DEFAULT_VARIANCE_LIMIT = Decimal("0.25")
TRAILING_PERIODS = 6
MAX_DAYS_NAMED = 31
_OUTSIDE_EVERY_BOUND = OUTSIDE_BOUNDS | {"additional_charge", "adjustment"}
_HOUR_CLASS_BY_CODE = {f"labor_{hour_class.value}": hour_class for hour_class in HourClass}


class Severity(StrEnum):
    """Critical and error block approval; a warning asks for a look."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"


class RuleResult(NamedTuple):
    """What one rule found. ``explanation`` is a stable key; ``values`` fill its sentence."""

    name: str
    severity: Severity
    fields: tuple[str, ...]
    passed: bool
    explanation: str
    values: Mapping[str, Value]


def check_lines_add_up(lines: Iterable[ChargeLine], totals: Totals, currency: str) -> RuleResult:
    """Subtotal = sum of the lines; total = subtotal + taxes. To the cent."""
    subtotal = sum_amounts((line.amount for line in lines), currency)
    total = sum_amounts((totals.subtotal, *(tax.amount for tax in totals.taxes)), currency)
    passed = subtotal == totals.subtotal and total == totals.total
    return RuleResult(
        "lines_add_up",
        Severity.CRITICAL,
        ("lines", "subtotal", "taxes", "total"),
        passed,
        "lines_add_up" if passed else "lines_do_not_add_up",
        {"lines": subtotal, "subtotal": totals.subtotal, "sum": total, "total": totals.total},
    )


def check_recomputation(subtotal: Decimal, recomputed: Decimal) -> RuleResult:
    """The subtotal equals the independent second calculation to the cent."""
    passed = subtotal == recomputed
    return RuleResult(
        "calculation_agrees",
        Severity.CRITICAL,
        ("lines", "subtotal"),
        passed,
        "calculation_agrees" if passed else "calculation_differs",
        {"subtotal": subtotal, "recomputed": recomputed},
    )


def check_guarantee_and_cap(
    lines: Collection[ChargeLine], limits: Iterable[Limits]
) -> list[RuleResult]:
    """What lies under a guarantee or cap is within it; one result per component that has one."""
    results = []
    for limit in limits:
        bounded = [
            line.amount
            for line in lines
            if line.code not in _OUTSIDE_EVERY_BOUND and limit.component in (None, line.component)
        ]
        reached = sum(bounded, Decimal(0))
        guarantee, cap = limit.minimum_guarantee, limit.maximum_cap
        passed = (guarantee is None or reached >= guarantee) and (cap is None or reached <= cap)
        values: dict[str, Value] = {
            "reached": reached,
            "minimum_guarantee": guarantee,
            "maximum_cap": cap,
            "component": limit.component,
        }
        results.append(
            RuleResult(
                "guarantee_and_cap",
                Severity.CRITICAL,
                ("minimum_guarantee", "maximum_cap", "lines"),
                passed,
                "within_guarantee_and_cap" if passed else "outside_guarantee_or_cap",
                values,
            )
        )
    return results


def check_contract_active(
    effective_date: date, end_date: date | None, period: Period
) -> RuleResult:
    """The contract has an active day in the period."""
    passed = period.overlap(effective_date, end_date) is not None
    return RuleResult(
        "contract_active",
        Severity.CRITICAL,
        ("effective_date", "end_date", "billing_period"),
        passed,
        "contract_active" if passed else "contract_not_active",
        {
            "from_date": effective_date.isoformat(),
            "to_date": None if end_date is None else end_date.isoformat(),
        },
    )


def check_required_inputs(terms: Terms, activity: Activity) -> list[RuleResult]:
    """Every input that the contract needs is there; one result per missing field."""
    problems = find_missing_inputs(terms, activity)
    if not problems:
        return [
            RuleResult(
                "required_data", Severity.ERROR, ("billing_data",), True, "required_data", {}
            )
        ]
    return [
        RuleResult(
            "required_data",
            Severity.ERROR,
            (problem.field,),
            False,
            problem.code,
            dict(problem.values),
        )
        for problem in problems
    ]


def is_reported_in_sums(period: Period, reported: Container[date]) -> bool:
    """Tell whether each calendar month of the period has one report: the sum of its days."""
    reports = Counter((day.year, day.month) for day in period if day in reported)
    return len(reports) == len(period.months()) and set(reports.values()) == {1}


def check_days_covered(period: Period, reported: Container[date]) -> RuleResult:
    """Every day of the (active) period has its report; a day without one is an error.

    Except where a single report a month holds the sum of its days: that passes, and says so.
    """
    missing = [day for day in period if day not in reported]
    in_sums = bool(missing) and is_reported_in_sums(period, reported)
    values: dict[str, Value] = {"missing_days": len(missing), "days": period.days}
    if missing and not in_sums:
        values["from_date"] = missing[0].isoformat()
        values["to_date"] = missing[-1].isoformat()
    explanation = "days_missing" if missing else "every_day_covered"
    return RuleResult(
        "every_day_covered",
        Severity.ERROR,
        ("billing_data.revenue_amount", "billing_period"),
        in_sums or not missing,
        "reported_in_sums" if in_sums else explanation,
        values,
    )


def check_rates(
    terms: Terms, lines: Iterable[ChargeLine], recomputation: Recomputation
) -> list[RuleResult]:
    """The rate on each hours line and each flat share equals the contract's on that date."""
    parts = terms.components if isinstance(terms, Hybrid) else (terms,)
    results = []
    for line in lines:
        part = parts[line.component or 0]
        expected: Decimal | None = None
        if isinstance(part, LabourHours) and line.code in _HOUR_CLASS_BY_CODE:
            hour_class = _HOUR_CLASS_BY_CODE[line.code]
            expected = recomputation.hourly_rate(part, line.subject, hour_class)
        elif isinstance(part, RevenueShare) and line.code == "revenue_share":
            expected = part.scale.rate if isinstance(part.scale, FlatRate) else None
        if expected is not None:
            results.append(_rate_result(line, expected))
    return results


def _rate_result(line: ChargeLine, expected: Decimal) -> RuleResult:
    passed = line.rate == expected
    return RuleResult(
        "rates_equal_contract",
        Severity.CRITICAL,
        ("lines.rate",),
        passed,
        "rate_equals_contract" if passed else "rate_differs_from_contract",
        {
            "code": line.code,
            "job_code": line.subject or None,
            "rate": line.rate,
            "expected": expected,
            "component": line.component,
        },
    )


def check_total_not_negative(total: Decimal) -> RuleResult:
    """An invoice is not below zero; what the customer is owed is a credit note."""
    passed = total >= 0
    return RuleResult(
        "total_not_negative",
        Severity.ERROR,
        ("total",),
        passed,
        "total_not_negative" if passed else "total_negative",
        {"total": total},
    )


def check_revenue_variance(
    revenue: Decimal, trailing: Sequence[Decimal], limit: Decimal = DEFAULT_VARIANCE_LIMIT
) -> RuleResult:
    """Revenue is within ``limit`` (a fraction) of the mean of the latest 6 periods.

    ``trailing`` is newest first. Without history there is nothing to compare with: it passes.
    """
    latest = trailing[:TRAILING_PERIODS]
    values: dict[str, Value] = {"revenue": revenue, "limit": limit, "periods": len(latest)}
    passed, explanation = True, "no_revenue_history"
    if latest:
        mean = Fraction(sum(latest, Decimal(0))) / len(latest)
        difference = Fraction(revenue) - mean
        passed = abs(difference) <= Fraction(limit) * abs(mean)
        explanation = "revenue_as_usual" if passed else "revenue_unusual"
        values["mean"] = as_shown(mean)
        values["variance"] = as_shown(difference / abs(mean)) if mean else None
    return RuleResult(
        "revenue_variance",
        Severity.WARNING,
        ("billing_data.revenue_amount",),
        passed,
        explanation,
        values,
    )


def check_due_date(invoice_date: date, due_date: date, net_days: int) -> RuleResult:
    """The due date is not before the invoice date and not later than net ``net_days``."""
    latest = invoice_date + timedelta(days=net_days)
    passed = invoice_date <= due_date <= latest
    return RuleResult(
        "due_date",
        Severity.ERROR,
        ("due_date",),
        passed,
        "due_date_as_agreed" if passed else "due_date_not_as_agreed",
        {"due_date": due_date.isoformat(), "latest_date": latest.isoformat()},
    )


def check_total_not_zero(total: Decimal) -> RuleResult:
    """An invoice of 0.00 is rarely meant: ask for a look."""
    passed = total != 0
    return RuleResult(
        "total_not_zero",
        Severity.WARNING,
        ("total",),
        passed,
        "total_not_zero" if passed else "total_zero",
        {"total": total},
    )


def check_tax_registrations(taxes: Iterable[TaxAmount], registered: Collection[str]) -> RuleResult:
    """The supplier has a registration number for each tax it charges; GST and HST share one."""
    known = set(registered)
    if known & {GST, HST}:
        known |= {GST, HST}
    missing = sorted({tax.name for tax in taxes} - known)
    return RuleResult(
        "tax_registration_present",
        Severity.ERROR,
        tuple(f"tax_registrations.{name}" for name in missing) or ("tax_registrations",),
        not missing,
        "tax_registration_missing" if missing else "tax_registration_present",
        {"description": ", ".join(missing)},
    )


def validate_calculation(
    terms: Terms,
    lines: Collection[ChargeLine],
    totals: Totals,
    recomputation: Recomputation,
    currency: str,
) -> tuple[RuleResult, ...]:
    """Return every rule that looks at the calculation alone, in order of severity.

    The other rules need what only the caller knows: history, records, registrations, dates.
    """
    return (
        check_lines_add_up(lines, totals, currency),
        check_recomputation(totals.subtotal, recomputation.subtotal()),
        *check_guarantee_and_cap(lines, recomputation.limits()),
        *check_rates(terms, lines, recomputation),
        check_total_not_negative(totals.total),
    )
