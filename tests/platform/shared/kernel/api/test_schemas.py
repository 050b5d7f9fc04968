from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID

import pytest
from pydantic import ValidationError

from shared.kernel.api import CamelSchema, Fraction, Money, Rate, Schema


class Kind(StrEnum):
    ONE = "one"


class Line(Schema):
    amount: Money
    taxable: bool = True


class Everything(Schema):
    count: int = 1
    flag: bool = False
    name: str = ""
    kind: Kind = Kind.ONE
    choice: Literal["a", "b"] = "a"
    day: date | None = None
    at: datetime | None = None
    id: UUID | None = None
    lines: list[Line] = []
    rate: Rate | None = None
    part: Fraction | None = None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", "5"),
        ("count", True),
        ("count", Decimal("1.5")),
        ("flag", 1),
        ("flag", "true"),
        ("name", 5),
        ("kind", "two"),
        ("choice", "c"),
        ("day", "2026-02-30"),
        ("day", 20261121),
        ("day", "20261121"),
        ("day", "2026-11-21T00:00:00Z"),
        ("day", "1700000000"),
        ("at", "2026-11-21T09:30:00"),
        ("at", 1700000000),
        ("id", "not-a-uuid"),
        ("id", 7),
        ("lines", {"amount": 1}),
        ("lines", [{"amount": "1,00"}]),
        ("lines", [{"amount": "1e2"}]),
        ("lines", [{"amount": " 1"}]),
        ("lines", [{"amount": ""}]),
        ("lines", [{"amount": "NaN"}]),
        ("lines", [{"amount": "0.00001"}]),
        ("lines", [{"amount": "٣"}]),
        ("lines", [{"amount": True}]),
        ("lines", [{"amount": Decimal("0.00001")}]),
        ("lines", [{"amount": 10**15}]),
        ("lines", [{"amount": 1, "other": 2}]),
        ("lines", [{"amount": 1, "taxable": 1}]),
        ("rate", "2h"),
        ("part", 1000),
        ("unknown", 1),
    ],
)
def test_values_that_json_does_not_mean_are_refused(field, value):
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate({field: value})
    assert caught.value.errors()[0]["loc"][0] == field


def test_values_are_read():
    read = Everything.model_validate(
        {
            "count": 5,
            "flag": True,
            "kind": "one",
            "day": "2026-11-21",
            "at": "2026-11-21T09:30:00-05:00",
            "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "lines": [{"amount": 1}, {"amount": Decimal("999999999999999.9999")}],
            "part": Decimal("0.150000"),
        }
    )
    assert read.day == date(2026, 11, 21)
    assert read.at is not None
    assert read.at.utcoffset() is not None
    assert [line.amount for line in read.lines] == [1, Decimal("999999999999999.9999")]


@dataclass
class Row:
    amount: Decimal
    taxable: bool = False


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("8000.0000", "8000.00"),
        ("8000", "8000.00"),
        ("0.0825", "0.0825"),
        ("12.5000", "12.50"),
        ("0.1250", "0.125"),
        ("-3.1000", "-3.10"),
        ("0.0000", "0.00"),
        ("1E+3", "1000.00"),
        ("999999999999999.9999", "999999999999999.9999"),
    ],
)
def test_money_is_answered_with_cents_and_every_digit(stored, shown):
    answer = Line.model_validate(Row(Decimal(stored))).model_dump()
    assert str(answer["amount"]) == shown


def test_camel_case_is_answered_and_both_are_accepted():
    class Statement(CamelSchema):
        statement_id: str

    for given in ({"statementId": "a"}, {"statement_id": "a"}):
        assert Statement.model_validate(given).model_dump(by_alias=True) == {"statementId": "a"}


def test_amounts_are_read_from_text_too():
    given = {"lines": [{"amount": "-8000.10"}], "rate": "2", "part": "+0.1"}
    read = Everything.model_validate(given)
    assert (str(read.lines[0].amount), str(read.rate), str(read.part)) == ("-8000.10", "2", "0.1")


def test_numbers_are_numbers_in_the_document():
    properties = Line.model_json_schema(mode="serialization")["properties"]
    assert properties["amount"]["type"] == "number"
    given = Line.model_json_schema(mode="validation")["properties"]
    assert [one["type"] for one in given["amount"]["anyOf"]] == ["number", "string"]
