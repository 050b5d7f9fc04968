from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.activity import parse_activity
from billing.lines import LineCode
from billing.periods import Period, month_period
from billing.rating import rate_contract
from billing.recomputation import Limits, Recomputation
from billing.tax import TaxAmount, components_for
from billing.terms import parse_terms
from billing.totals import Totals, total_invoice
from billing.validation import (
    RuleResult,
    Severity,
    check_contract_active,
    check_days_covered,
    check_due_date,
    check_guarantee_and_cap,
    check_lines_add_up,
    check_recomputation,
    check_required_inputs,
    check_revenue_variance,
    check_tax_registrations,
    check_total_not_negative,
    check_total_not_zero,
    validate_calculation,
)

HYBRID = parse_terms(
    "hybrid",
    {
        "components": [
            {
                "contract_type": "revenue_share",
                "revenue_share_rate": 0.1,
                "minimum_guarantee": 1000,
                "performance_bonus": {"threshold": 0, "amount": 50},
            },
            {"contract_type": "revenue_share", "tiers": [{"up_to": None, "rate": 0.1}]},
            {
                "contract_type": "per_labor_hour",
                "hourly_rates": {"standard": 30},
                "job_rates": [{"job_code": "ELEC", "regular": 40}],
            },
        ],
        "maximum_cap": 1500,
    },
)
ACTIVITY = parse_activity(
    {
        "revenue_amount": 2000,
        "labor_hours": {"regular": 10},
        "labor": [{"job_code": "ELEC", "overtime": 10}],
        "additional_charges": [{"description": "Lift", "amount": 25}],
    }
)
INPUTS: dict[str, Any] = {
    "currency": "CAD",
    "effective_date": date(2024, 1, 1),
    "end_date": None,
    "period": month_period(2025, 1),
    "activity": ACTIVITY,
}
LINES = rate_contract(HYBRID, **INPUTS)
RECOMPUTATION = Recomputation(HYBRID, **INPUTS)


def _failed(results: tuple[RuleResult, ...]) -> list[tuple[str, str]]:
    return [(result.name, result.explanation) for result in results if not result.passed]


def _validate(lines: Any) -> tuple[RuleResult, ...]:
    totals = total_invoice(lines, components_for("ON", date(2025, 1, 31)), "CAD")
    return validate_calculation(HYBRID, lines, totals, RECOMPUTATION, "CAD")


def _changed(code: LineCode, component: int | None, **changes: Any) -> Any:
    return tuple(
        line._replace(**changes) if (line.code, line.component) == (code, component) else line
        for line in LINES
    )


def test_a_right_calculation_passes_every_rule() -> None:
    results = _validate(LINES)
    assert _failed(results) == []
    assert [result.name for result in results] == [
        "lines_add_up",
        "calculation_agrees",
        "guarantee_and_cap",
        "guarantee_and_cap",
        "guarantee_and_cap",
        "rates_equal_contract",
        "rates_equal_contract",
        "rates_equal_contract",
        "total_not_negative",
    ]


@pytest.mark.parametrize(
    ("lines", "failed"),
    [
        # a cent too much on the bonus, which no bound covers
        (
            _changed("performance_bonus", 0, amount=Decimal("50.01")),
            [("calculation_agrees", "calculation_differs")],
        ),
        # the component's guarantee is missed and the contract's cap is not reached
        (
            _changed("minimum_guarantee", 0, amount=Decimal("799.99")),
            [
                ("calculation_agrees", "calculation_differs"),
                ("guarantee_and_cap", "outside_guarantee_or_cap"),
            ],
        ),
        (
            _changed("maximum_cap", None, amount=Decimal("-599.99")),
            [
                ("calculation_agrees", "calculation_differs"),
                ("guarantee_and_cap", "outside_guarantee_or_cap"),
            ],
        ),
        (
            _changed("labor_overtime", 2, rate=Decimal("61")),
            [("rates_equal_contract", "rate_differs_from_contract")],
        ),
        (
            _changed("revenue_share", 0, rate=Decimal("0.2")),
            [("rates_equal_contract", "rate_differs_from_contract")],
        ),
        (
            _changed("additional_charge", None, amount=Decimal(-5000)),
            [
                ("calculation_agrees", "calculation_differs"),
                ("total_not_negative", "total_negative"),
            ],
        ),
    ],
)
def test_a_tampered_line_is_caught(lines: Any, failed: list[tuple[str, str]]) -> None:
    assert _failed(_validate(lines)) == failed


def test_simple_contracts_are_validated_as_well() -> None:
    terms = parse_terms("fixed_fee", {"monthly_fee": 31})
    lines = rate_contract(terms, **INPUTS)
    totals = total_invoice(lines, (), "CAD")
    results = validate_calculation(terms, lines, totals, Recomputation(terms, **INPUTS), "CAD")
    assert _failed(results) == []
    assert len(results) == 3


@pytest.mark.parametrize(
    "totals",
    [
        Totals(Decimal("1600.01"), (), Decimal("1600.01")),
        Totals(Decimal("1575.00"), (), Decimal("1575.01")),
        Totals(
            Decimal("1575.00"),
            (TaxAmount("GST", Decimal("0.05"), Decimal("1575.00"), Decimal("78.75")),),
            Decimal("1575.00"),
        ),
    ],
)
def test_totals_that_do_not_add_up(totals: Totals) -> None:
    result = check_lines_add_up(LINES, totals, "CAD")
    assert (result.passed, result.severity) == (False, Severity.CRITICAL)
    assert result.explanation == "lines_do_not_add_up"


def test_a_difference_of_a_cent_is_a_difference() -> None:
    result = check_recomputation(Decimal("1.00"), Decimal("1.01"))
    assert not result.passed
    assert result.values == {"subtotal": Decimal("1.00"), "recomputed": Decimal("1.01")}


def test_bounds_may_be_absent() -> None:
    (result,) = check_guarantee_and_cap(LINES, [Limits(0, None, None)])
    assert result.passed
    assert result.values["reached"] == Decimal("1000.00")


@pytest.mark.parametrize(
    ("effective", "ends", "passed"),
    [
        (date(2025, 1, 31), None, True),
        (date(2025, 2, 1), None, False),
        (date(2024, 1, 1), date(2024, 12, 31), False),
    ],
)
def test_contract_active(effective: date, ends: date | None, passed: bool) -> None:
    result = check_contract_active(effective, ends, month_period(2025, 1))
    assert result.passed is passed
    assert result.values["to_date"] == (ends.isoformat() if ends else None)


def test_required_inputs() -> None:
    assert check_required_inputs(HYBRID, ACTIVITY)[0].passed
    missing = check_required_inputs(HYBRID, parse_activity({"labor": [{"job_code": "WELD"}]}))
    assert [(result.fields, result.explanation, dict(result.values)) for result in missing] == [
        (("billing_data.revenue_amount",), "required", {}),
        (("billing_data.labor_hours",), "required", {}),
        (("billing_data.labor[0].job_code",), "unknown_job_code", {"job_code": "WELD"}),
    ]
    assert not any(result.passed for result in missing)


def test_every_day_of_the_period_is_covered() -> None:
    january = month_period(2025, 1)
    first, second = (
        Period(date(2024, 12, 1), date(2025, 1, 10)),
        Period(date(2025, 1, 12), date(2025, 1, 30)),
    )
    assert check_days_covered(january, january).passed
    reported = {*first, *second}
    result = check_days_covered(january, reported)
    assert not result.passed
    assert (result.severity, result.explanation) == (Severity.ERROR, "days_missing")
    assert result.values == {
        "missing_days": 2,
        "days": 31,
        "from_date": "2025-01-11",
        "to_date": "2025-01-31",
    }


@pytest.mark.parametrize("reported", [0, 3, 15, 16, 30])
def test_a_day_without_its_report_is_an_error_however_many_there_are(reported: int) -> None:
    january = month_period(2025, 1)
    result = check_days_covered(january, {date(2025, 1, day + 1) for day in range(reported)})
    assert not result.passed
    assert (result.severity, result.explanation) == (Severity.ERROR, "days_missing")
    assert result.values["missing_days"] == 31 - reported


def test_one_report_a_month_is_the_sum_of_its_days() -> None:
    quarter = Period(date(2025, 1, 1), date(2025, 3, 31))
    sums = {date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31)}
    result = check_days_covered(quarter, sums)
    assert (result.passed, result.explanation) == (True, "reported_in_sums")
    assert result.values == {"missing_days": 87, "days": 90}
    assert not check_days_covered(quarter, sums - {date(2025, 2, 28)}).passed
    assert not check_days_covered(quarter, sums | {date(2025, 3, 30)}).passed


@pytest.mark.parametrize(
    ("due", "passed"),
    [
        (date(2025, 1, 30), False),
        (date(2025, 1, 31), True),
        (date(2025, 3, 2), True),  # 30 days after 31 January
        (date(2025, 3, 3), False),
    ],
)
def test_due_date(due: date, passed: bool) -> None:
    result = check_due_date(date(2025, 1, 31), due, 30)
    assert result.passed is passed
    assert result.values == {"due_date": due.isoformat(), "latest_date": "2025-03-02"}


@pytest.mark.parametrize(("total", "passed"), [("0", False), ("0.01", True), ("-0.01", True)])
def test_a_total_of_nothing_asks_for_a_look(total: str, passed: bool) -> None:
    result = check_total_not_zero(Decimal(total))
    assert (result.passed, result.severity) == (passed, Severity.WARNING)


@pytest.mark.parametrize(
    ("revenue", "trailing", "passed", "explanation"),
    [
        ("125", ["100", "100"], True, "revenue_as_usual"),
        ("75", ["100"], True, "revenue_as_usual"),
        ("125.01", ["100", "100"], False, "revenue_unusual"),
        ("74.99", ["100"], False, "revenue_unusual"),
        # the seventh period back does not count: the mean stays 100
        ("120", ["100"] * 6 + ["100000"], True, "revenue_as_usual"),
        ("1", [], True, "no_revenue_history"),
        ("0", ["0", "0"], True, "revenue_as_usual"),
        ("1", ["0", "0"], False, "revenue_unusual"),
    ],
)
def test_revenue_variance(
    revenue: str, trailing: list[str], passed: bool, explanation: str
) -> None:
    result = check_revenue_variance(Decimal(revenue), [Decimal(value) for value in trailing])
    assert (result.passed, result.explanation) == (passed, explanation)
    assert result.severity is Severity.WARNING


def test_revenue_variance_states_the_mean_and_the_difference() -> None:
    result = check_revenue_variance(Decimal(150), [Decimal(100)], Decimal("0.5"))
    assert result.passed
    assert result.values["mean"] == 100
    assert result.values["variance"] == Decimal("0.5")


def _tax(name: str) -> TaxAmount:
    return TaxAmount(name, Decimal("0.05"), Decimal(100), Decimal(5))


def test_tax_registrations() -> None:
    assert check_tax_registrations([_tax("HST")], {"GST"}).passed  # one number for both
    assert check_tax_registrations([], ()).passed
    result = check_tax_registrations([_tax("GST"), _tax("QST")], ())
    assert result.fields == ("tax_registrations.GST", "tax_registrations.QST")
    assert result.values == {"description": "GST, QST"}


def test_total_of_zero_is_not_negative() -> None:
    assert check_total_not_negative(Decimal("0.00")).passed
    assert not check_total_not_negative(Decimal("-0.01")).passed
