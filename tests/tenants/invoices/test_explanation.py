"""Every amount and every check has its sentence, in both languages."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils.translation import override

from billing.activity import parse_activity
from billing.holdback import holdback_lines
from billing.lines import LINE_CODES, RULES, STEP_LABELS, Step, Trace
from billing.periods import Period
from billing.rating import rate_contract
from billing.recomputation import Recomputation
from billing.tax import GST, TaxAmount, components_for
from billing.terms import parse_terms
from billing.totals import total_invoice
from billing.validation import (
    check_guarantee_and_cap,
    check_lines_add_up,
    check_recomputation,
    check_tax_registrations,
    check_total_not_negative,
    validate_calculation,
)
from tenants.invoices import explanation
from tenants.invoices.presentation import charge_lines

GOLDEN = Path(__file__).parents[2] / "billing" / "golden" / "contracts.json"
NOTHING_EARNED = {
    "name": "a month that gave money back",
    "contract": {
        "contract_type": "revenue_share",
        "billing_configuration": {"tiers": [{"up_to": "100", "rate": "0.1"}, {"rate": "0.2"}]},
        "currency": "CAD",
        "effective_date": "2025-01-01",
        "end_date": None,
    },
    "period": {"start_date": "2025-01-01", "end_date": "2025-01-31"},
    "billing_data": {"revenue_amount": "-20"},
}
CASES = [*json.loads(GOLDEN.read_text(), parse_float=Decimal), NOTHING_EARNED]
LANGUAGES = ("en", "fr-ca")
# Said of holdbacks, credit notes and recalculations, not of a contract's lines.
CORRECTING = {
    "holdback_share",
    "held_back",
    "credited",
    "calculated_now",
    "billed_before",
    "covered_by_credit",
}
HARD = "\u00a0"


def day(text):
    return date.fromisoformat(text) if text else None


def rated(case):
    """The lines of a case, and every rule that looks at them."""
    contract = case["contract"]
    terms = parse_terms(contract["contract_type"], contract["billing_configuration"])
    currency = contract["currency"]
    period = Period(day(case["period"]["start_date"]), day(case["period"]["end_date"]))
    inputs = {
        "currency": currency,
        "effective_date": day(contract["effective_date"]),
        "end_date": day(contract["end_date"]),
        "period": period,
        "activity": parse_activity(case["billing_data"]),
    }
    lines = rate_contract(terms, **inputs)
    taxes = components_for(case["province"], period.end_date) if "province" in case else ()
    totals = total_invoice(lines, taxes, currency)
    second = Recomputation(terms, **inputs)
    checks = [
        *validate_calculation(terms, lines, totals, second, currency),
        *_failing(lines, totals, second, currency),
        check_tax_registrations(totals.taxes, [tax.name for tax in taxes]),
        check_tax_registrations(totals.taxes, []),
    ]
    return lines, checks


def _failing(lines, totals, second, currency):
    """The same rules where they do not hold."""
    off = totals._replace(total=totals.total + 1)
    limits = [one._replace(minimum_guarantee=Decimal("1e12")) for one in second.limits()]
    return (
        check_lines_add_up(lines, off, currency),
        check_recomputation(totals.subtotal, totals.subtotal + 1),
        check_total_not_negative(Decimal("-0.01")),
        *check_guarantee_and_cap(lines, limits),
    )


def test_every_key_of_billing_has_its_sentence():
    assert set(explanation.LINE_NAMES) == set(LINE_CODES)
    assert set(explanation.RULES) == set(RULES)
    assert set(explanation.STEPS) == set(STEP_LABELS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_golden_lines_and_checks_are_said_in_words(case, language):
    lines, checks = rated(case)
    currency = case["contract"]["currency"]
    with override(language):
        for shown, line in zip(charge_lines(lines, currency), lines, strict=True):
            assert shown.name
            assert shown.rule == str(explanation.RULES[line.trace.rule])
            assert len(shown.steps) == len(line.trace.steps) > 0
            for step in shown.steps:
                assert step.label
                assert step.value
                assert "%(" not in step.label
                assert "None" not in step.label
        for check in checks:
            kept = json.loads(json.dumps(explanation.check_as_json(check)))
            sentence = explanation.check_text(kept, currency)
            assert check.explanation in explanation.CHECKS, check.explanation
            assert sentence != check.name
            assert "%(" not in sentence


def test_the_cases_use_every_step():
    """So that the cases above would show a sentence whose values are not there."""
    steps = {step.label for case in CASES for line in rated(case)[0] for step in line.trace.steps}
    divided = {"month_sum_divided"}  # needs two versions of the terms: see test_run_recovery
    assert steps | CORRECTING | divided == set(STEP_LABELS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_of_corrections_are_said_in_words(language):
    values = {"amount": Decimal("10.00"), "invoice": "TP-2025-000001"}
    (fee, *_rest), _checks = rated(CASES[0])
    (held,) = holdback_lines([fee._replace(amount=Decimal("99.95"))], Decimal("0.1"), "CAD")
    traces = [
        held.trace,
        *(
            Trace("credit", {}, (Step(label, values, Decimal("-10.00")),))
            for label in sorted(CORRECTING)
            if label != "holdback_share"
        ),
    ]
    with override(language):
        for trace in traces:
            for step in explanation.trace_steps(trace.as_json(), "CAD"):
                assert step.value
                assert "%(" not in step.label
    assert {step.label for trace in traces for step in trace.steps} >= CORRECTING


def test_sentences_are_french_with_their_amounts():
    case = next(one for one in CASES if one["contract"]["contract_type"] == "revenue_share")
    lines, _checks = rated(case)
    with override("en"):
        english = charge_lines(lines, "CAD")
    with override("fr-ca"):
        french = charge_lines(lines, "CAD")
    for one, other in zip(english, french, strict=True):
        assert other.name != one.name
        assert other.rule != one.rule
        for left, right in zip(one.steps, other.steps, strict=True):
            assert right.label != left.label
            digits = [re.sub(r"\D", "", step.value) for step in (left, right)]
            assert digits[0] == digits[1]


def test_a_missing_registration_names_the_tax_as_the_reader_does():
    tax = TaxAmount(GST, Decimal("0.05"), Decimal(100), Decimal(5))
    check = check_tax_registrations([tax], [])
    with override("fr-ca"):
        assert "pour TPS." in explanation.check_sentence(check, "CAD")
    with override("en"):
        assert "for GST." in explanation.check_sentence(check, "CAD")
