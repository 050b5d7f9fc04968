from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import pytest

from billing.errors import FieldProblem
from billing.numbers import AMOUNT
from billing.reading import FieldReader


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def _reader(data: object) -> tuple[FieldReader, list[FieldProblem]]:
    problems: list[FieldProblem] = []
    return FieldReader(data, "doc", problems), problems


def _codes(problems: list[FieldProblem]) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in problems]


@pytest.mark.parametrize("data", [None, [], "text", 5])
def test_something_else_than_an_object_is_one_problem(data: object) -> None:
    reader, problems = _reader(data)
    reader.text("name")
    reader.number("amount", AMOUNT)
    reader.section("child").text("name")
    reader.refuse_unknown()
    assert _codes(problems) == [("doc", "not_an_object")]


def test_null_counts_as_left_out() -> None:
    reader, problems = _reader({"amount": None, "name": None, "flag": None, "rows": None})
    assert reader.optional_number("amount", AMOUNT) is None
    assert reader.optional_text("name") == ""
    assert reader.flag("flag", default=True) is True
    assert reader.sections("rows", most=3) == []
    assert reader.optional_section("child") is None
    assert reader.raw("name") is None
    reader.refuse_unknown()
    assert problems == []


def test_required_fields_are_named() -> None:
    reader, problems = _reader({})
    reader.text("name")
    reader.number("amount", AMOUNT)
    reader.day("since")
    reader.choice("colour", Colour)
    reader.section("child").text("never reported: the parent is missing")
    reader.required_sections("rows", most=3)
    assert _codes(problems) == [
        ("doc.name", "required"),
        ("doc.amount", "required"),
        ("doc.since", "required"),
        ("doc.colour", "required"),
        ("doc.child", "required"),
        ("doc.rows", "required"),
    ]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (5, "not_text"),
        ("a\x00b", "not_text"),
        ("a\ud800", "not_text"),
        ("   ", "blank"),
        ("x" * 11, "too_long"),
    ],
)
def test_text_problems(value: object, code: str) -> None:
    reader, problems = _reader({"name": value})
    reader.text("name", longest=10)
    assert _codes(problems) == [("doc.name", code)]


def test_text_keeps_accents_and_no_break_spaces() -> None:
    reader, problems = _reader({"name": "  Électricité :\u00a05 $ "})
    assert reader.text("name") == "Électricité :\u00a05 $"
    assert problems == []


@pytest.mark.parametrize("value", [1, "true", "yes"])
def test_only_booleans_are_flags(value: object) -> None:
    reader, problems = _reader({"flag": value})
    assert reader.flag("flag", default=False) is False
    assert _codes(problems) == [("doc.flag", "not_a_boolean")]


@pytest.mark.parametrize("value", ["green", 1, [], "RED"])
def test_only_listed_choices(value: object) -> None:
    reader, problems = _reader({"colour": value})
    assert reader.choice("colour", Colour) is None
    assert _codes(problems) == [("doc.colour", "unknown_choice")]
    assert problems[0].values == {"allowed": "red, blue"}


def test_dates_as_dates_or_text() -> None:
    reader, problems = _reader({"a": "2024-02-29", "b": date(2025, 1, 1), "c": "blue"})
    assert reader.day("a") == date(2024, 2, 29)
    assert reader.day("b") == date(2025, 1, 1)
    assert reader.choice("c", Colour) is Colour.BLUE
    assert problems == []


@pytest.mark.parametrize(
    "value",
    [
        "2025-02-30",
        "2025-2-3",
        "20250203",
        "2025-01-01T00:00:00",
        5,
        datetime(2025, 1, 1, tzinfo=UTC),
    ],
)
def test_other_dates_are_refused(value: object) -> None:
    reader, problems = _reader({"since": value})
    reader.day("since")
    assert _codes(problems) == [("doc.since", "not_a_date")]


@pytest.mark.parametrize(
    ("value", "code"),
    [("text", "not_a_list"), ({}, "not_a_list"), ([], "empty_list"), ([{}] * 4, "too_many")],
)
def test_lists(value: Any, code: str) -> None:
    reader, problems = _reader({"rows": value})
    assert reader.required_sections("rows", most=3) == []
    assert _codes(problems) == [("doc.rows", code)]


def test_rows_are_named_by_index() -> None:
    reader, problems = _reader({"rows": [{"name": "a"}, {"name": 5}, 7]})
    for row in reader.sections("rows", most=3):
        row.text("name")
    assert _codes(problems) == [("doc.rows[2]", "not_an_object"), ("doc.rows[1].name", "not_text")]


@pytest.mark.parametrize(
    ("data", "chosen", "expected"),
    [
        ({"b": 1}, "b", []),
        ({}, "a", [("doc.a", "required")]),
        ({"a": 1, "b": 1, "c": 1}, "a", [("doc.b", "only_one_of"), ("doc.c", "only_one_of")]),
    ],
)
def test_exactly_one(data: object, chosen: str, expected: list[tuple[str, str]]) -> None:
    reader, problems = _reader(data)
    assert reader.exactly_one("a", "b", "c") == chosen
    assert _codes(problems) == expected


def test_unknown_fields_are_refused_by_a_safe_short_name() -> None:
    reader, problems = _reader({"known": "x", "surprise": 1, "z\x00" + "y" * 100: 2, 5: 3})
    reader.text("known")
    reader.refuse_unknown()
    assert _codes(problems) == [
        ("doc.surprise", "unknown_field"),
        ("doc.z?" + "y" * 58, "unknown_field"),
        ("doc.5", "unknown_field"),
    ]


def test_a_problem_of_the_object_itself() -> None:
    reader, problems = _reader({})
    reader.report("", "odd", "is odd")
    assert problems == [FieldProblem("doc", "odd", "is odd", {})]
