"""The guided editor: every configuration goes into its forms and comes out the same."""

from typing import Any

import pytest
from django.http import QueryDict

from billing.terms import parse_terms
from shared.kernel.errors import Invalid
from tenants.contracts.example import work_example
from tenants.contracts.forms import TermsEditor
from tenants.contracts.services import TermsInput, check_terms

ESCALATION = {"annual_increase": "0.025", "effective_date": "2025-01-01"}
TIERS = [{"up_to": "100000", "rate": "0.1"}, {"up_to": None, "rate": "0.13"}]
SHARE = {
    "tiers": TIERS,
    "tier_mode": "whole",
    "minimum_guarantee": "900",
    "maximum_cap": "25000.5",
    "performance_bonus": {"threshold": "150000", "rate": "0.02"},
    "escalation_schedule": ESCALATION,
}
HOURS = {
    "hourly_rates": {
        "standard": "87.25",
        "overtime_multiplier": "1.5",
        "double_time_multiplier": "2",
        "holiday_multiplier": "2.5",
    },
    "job_rates": [
        {"job_code": f"JOB{number}", "regular": "90", "double_time": "170.5", "holiday": "200"}
        for number in range(15)
    ],
    "efficiency_bonus": {"budgeted_hours": "120", "savings_share": "0.5"},
}
FEE = {"annual_fee": "120000", "escalation_schedule": ESCALATION}
MANAGEMENT = {
    "cost_markup_rate": "0.07",
    "management_fee": {"cost_rate": "0.125"},
    "insurance": {"basis": "payroll", "rate": "0.0575"},
    "profit_share": {"threshold": "1000", "tiers": TIERS, "tier_mode": "marginal"},
}
HYBRID = {
    "components": [
        {"contract_type": "fixed_fee", "monthly_fee": "2200"},
        {"contract_type": "per_labor_hour", **HOURS},
        {"contract_type": "fixed_fee", **FEE},
    ],
    "minimum_guarantee": "9000",
    "escalation_schedule": ESCALATION,
}
CONFIGURATIONS = {
    "revenue_share": SHARE,
    "per_labor_hour": HOURS,
    "fixed_fee": FEE,
    "management_agreement": MANAGEMENT,
    "hybrid": HYBRID,
}


def sent_by(editor: TermsEditor) -> QueryDict:
    """What a browser sends that shows the editor's forms as they are."""
    data = QueryDict(mutable=True)
    for part in editor.all_parts:
        data[f"slot_{part.slot}"] = "1"
        if part.used:
            data[f"use_{part.slot}"] = "on"
    every = [editor.frame, *(part.form for part in editor.all_parts)]
    for form in [*every, *([editor.bounds] if editor.bounds else [])]:
        for field in form:
            value = field.value()
            data[field.html_name] = "" if value is None else str(value)
    return data


@pytest.mark.parametrize("contract_type", CONFIGURATIONS)
def test_what_is_stored_comes_back_unchanged(contract_type: str) -> None:
    stored = CONFIGURATIONS[contract_type]
    shown = TermsEditor(contract_type, configuration=stored, frequency="quarterly")
    again = TermsEditor(contract_type, data=sent_by(shown))
    assert again.is_valid()
    assert parse_terms(contract_type, again.configuration()) == parse_terms(contract_type, stored)
    assert again.frame.cleaned_data["billing_frequency"] == "quarterly"


def test_an_unticked_component_keeps_what_was_typed() -> None:
    data = sent_by(TermsEditor("hybrid", configuration=HYBRID))
    del data["use_part1_per_labor_hour"]
    editor = TermsEditor("hybrid", data=data)
    assert editor.is_valid()
    kinds = [part["contract_type"] for part in editor.configuration()["components"]]
    assert kinds == ["fixed_fee", "fixed_fee"]
    unticked = editor.all_parts[1]
    assert not unticked.used
    assert unticked.form["standard"].value() == "87.25"


def test_a_refusal_stands_beside_its_row() -> None:
    data = {
        "billing_frequency": "monthly",
        "terms-tier0_up_to": "5000",
        "terms-tier0_rate": "10",
        "terms-tier1_up_to": "4000",
        "terms-tier1_rate": "12",
        "terms-tier2_rate": "15",
    }
    editor = TermsEditor("revenue_share", data=data)
    assert editor.is_valid()
    example = work_example("revenue_share", editor.configuration(), {}, frequency="monthly")
    assert [label for label, _text in editor.name_problems(example.problems)] == ["Up to"]


def test_a_limit_without_a_rate_is_not_dropped() -> None:
    data = {"billing_frequency": "monthly", "terms-tier0_up_to": "5000", "terms-tier1_rate": "9"}
    editor = TermsEditor("revenue_share", data=data)
    assert editor.is_valid()
    tiers: list[dict[str, Any]] = editor.configuration()["tiers"]
    assert len(tiers) == 2
    assert tiers[0]["rate"] is None


def test_a_hybrid_without_components_says_so() -> None:
    editor = TermsEditor("hybrid", data={"billing_frequency": "monthly"})
    assert editor.is_valid()
    with pytest.raises(Invalid) as refused:
        check_terms(TermsInput("hybrid", editor.configuration()))
    editor.add_errors(refused.value.errors)
    assert editor.bounds is not None
    assert editor.bounds.non_field_errors() == ["Tick at least one component."]
