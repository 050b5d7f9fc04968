import json
from datetime import date
from decimal import Decimal
from typing import Any

from billing.lines import DESCRIPTIONS, LINE_CODES, RULES, STEP_LABELS, Step, Trace, day_value

WORDS = {"annual_increase": 0.1, "effective_date": "2024-01-01"}


def test_a_trace_survives_json(rate: Any) -> None:
    lines = rate(
        "per_labor_hour",
        {
            "hourly_rates": {"standard": 27.35},
            "job_rates": [{"job_code": "007", "regular": 40}],
            "escalation_schedule": WORDS,
        },
        # a job code or description that looks like a number stays text
        {
            "labor": [{"job_code": "007", "overtime": "4.25"}],
            "additional_charges": [{"description": "12.50", "amount": 1}],
        },
    )
    for line in lines:
        written = json.dumps(line.trace.as_json())
        assert Trace.from_json(json.loads(written)) == line.trace
    assert lines[0].trace.as_json() == {
        "rule": "hours",
        "inputs": {"hours": "4.25", "hour_class": "overtime", "job_code": "007"},
        "steps": [
            {
                "label": "rate_escalated",
                "values": {"rate": "40", "annual_increase": "0.1", "years": 1, "factor": "1.1"},
                "amount": "44.0000",
            },
            {
                "label": "rate_multiplied",
                "values": {"rate": "44.0000", "multiplier": "1.5"},
                "amount": "66.0000",
            },
            {
                "label": "hours_at_rate",
                "values": {"hours": "4.25", "rate": "66.0000"},
                "amount": "280.500000",
            },
        ],
    }


def test_json_never_uses_exponents() -> None:
    trace = Trace("hours", {"base": Decimal("1E+3")}, (Step("sum", {}, Decimal("1E-7")),))
    assert trace.as_json()["inputs"] == {"base": "1000"}
    assert trace.as_json()["steps"][0]["amount"] == "0.0000001"


def test_every_code_has_a_description_and_every_list_is_complete() -> None:
    assert set(DESCRIPTIONS) == set(LINE_CODES)
    assert len(set(RULES)) == len(RULES) == 24
    assert len(set(STEP_LABELS)) == len(STEP_LABELS) == 31


def test_steps_before_a_traces_own() -> None:
    last = Step("sum", {}, Decimal(2))
    first = Step("month_sum_divided", {"month": "2026-01"}, Decimal(1))
    assert Trace("share_flat", {}, (last,)).after([first]).steps == (first, last)


def test_day_value() -> None:
    assert day_value(date(2025, 1, 31)) == "2025-01-31"
    assert day_value(None) is None
