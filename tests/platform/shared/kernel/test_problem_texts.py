"""Every problem that `billing` can name is said in French."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation import override

import billing
from billing.errors import BillingError, FieldProblem
from billing.terms import parse_terms
from shared.kernel.errors import invalid_fields
from shared.kernel.problem_texts import MESSAGES, SENTENCES, VARIANTS, problem_text

SOURCE = Path(str(billing.__file__)).parent


def said_by_billing() -> Iterator[tuple[str, str, bool]]:
    """Code, message up to its first value, whether it has values; of every problem in the code."""
    for path in sorted(SOURCE.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func
            called = name.id if isinstance(name, ast.Name) else name
            if called not in ("FieldProblem", "report", "Refusal"):
                continue
            code, message = call.args[:2] if called == "Refusal" else call.args[1:3]
            if isinstance(code, ast.Constant) and isinstance(message, ast.Constant):
                yield code.value, message.value, False
            elif isinstance(code, ast.Constant) and isinstance(message, ast.JoinedStr):
                first = message.values[0]
                yield code.value, first.value if isinstance(first, ast.Constant) else "", True


def test_every_problem_of_billing_has_its_sentence():
    found = list(said_by_billing())
    assert len(found) > 40
    without_values = {message for _code, message, values in found if not values}
    assert without_values == MESSAGES
    for code, start, values in found:
        variants = [text for kept, text in VARIANTS if kept == code]
        assert not values or code in SENTENCES or start.startswith(tuple(variants)), code


def test_problems_are_said_in_the_readers_language():
    configuration = {"tiers": [{"up_to": "10", "rate": "2"}, {"rate": "0.1"}], "x": 1}
    with pytest.raises(BillingError) as refused:
        parse_terms("revenue_share", configuration)
    with override("fr-ca"):
        french = {
            one.field: str(one.message) for one in invalid_fields(refused.value.problems).errors
        }
    assert french == {
        "billing_configuration.tiers[0].rate": "doit être d’au plus 1",
        "billing_configuration.x": "n’est pas un champ connu",
    }
    with override("en"):
        assert problem_text(refused.value.problems[0]) == "must be at most 1"


def test_values_stand_in_the_sentence():
    problem = FieldProblem(
        "currency", "missing_exchange_rate", "has…", {"currency": "USD", "into": "CAD"}
    )
    with override("fr-ca"):
        assert problem_text(problem) == "n’a pas de taux de USD vers CAD"


def test_limits_have_the_readers_comma():
    problem = FieldProblem("rate", "too_large", "must be at most 0.99", {"limit": "0.99"})
    with override("fr-ca"):
        assert problem_text(problem) == "doit être d’au plus 0,99"
