"""The worked cases of the specification, to the cent and in line order."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.activity import parse_activity
from billing.periods import Period
from billing.rating import rate_contract
from billing.recomputation import Recomputation
from billing.tax import components_for
from billing.terms import parse_terms
from billing.totals import total_invoice
from billing.validation import validate_calculation

CASES = json.loads(
    (Path(__file__).parent / "golden" / "contracts.json").read_text(), parse_float=Decimal
)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_golden_case(case: dict[str, Any]) -> None:
    contract, expected = case["contract"], case["expected"]
    terms = parse_terms(contract["contract_type"], contract["billing_configuration"])
    currency = contract["currency"]
    period = Period(_day(case["period"]["start_date"]), _day(case["period"]["end_date"]))
    inputs = {
        "currency": currency,
        "effective_date": _day(contract["effective_date"]),
        "end_date": _day(contract["end_date"]),
        "period": period,
        "activity": parse_activity(case["billing_data"]),
    }

    lines = rate_contract(terms, **inputs)

    components = components_for(case["province"], period.end_date) if "province" in case else ()
    totals = total_invoice(lines, components, currency)
    shown = [{"code": line.code, "amount": str(line.amount)} for line in lines]
    assert shown == expected["lines"]
    assert str(totals.subtotal) == expected["subtotal"]
    assert {tax.name: str(tax.amount) for tax in totals.taxes} == expected.get("taxes", {})
    checks = validate_calculation(terms, lines, totals, Recomputation(terms, **inputs), currency)
    assert [check for check in checks if not check.passed] == []
