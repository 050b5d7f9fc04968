"""Base classes and number types of every body, answer and filter.

A body is checked as JSON means it: `1` is no boolean, a date is text of the form YYYY-MM-DD, an
instant has its offset. Unknown fields are refused by name. Only exact numbers (Money and its
like) may also be sent as text; they are answered as numbers. Source: `domain.md` 2.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

TEXT_LENGTH_MAX = 10_000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2})"
)
_CENTS = Decimal("0.01")
_CENTS_FIT = Decimal(10) ** 20  # far from where quantize runs out of digits
_NUMBER_TEXT = r"^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$"
_PLAIN_NUMBER = re.compile(_NUMBER_TEXT, re.ASCII)


def _require_date(value: Any) -> Any:
    if isinstance(value, date) or (isinstance(value, str) and _DATE.fullmatch(value)):
        return value
    raise PydanticCustomError("date_form", "Write a date as YYYY-MM-DD.")


def _require_instant(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _INSTANT.fullmatch(value)):
        return value
    raise PydanticCustomError(
        "instant_form", "Write an instant as 2026-11-21T09:30:00-05:00 (RFC 3339)."
    )


def _require_text(value: Any) -> Any:
    if isinstance(value, str | UUID):
        return value
    raise PydanticCustomError("text_expected", "This is text.")


_FORMS = {"date": _require_date, "datetime": _require_instant, "uuid": _require_text}
_STRICT = frozenset({"int", "bool", "str"})


def _as_json(schema: Any) -> Any:
    """The core schema with JSON's own types: see the module's docstring."""
    if isinstance(schema, list):
        return [_as_json(one) for one in schema]
    if isinstance(schema, tuple):
        return tuple(_as_json(one) for one in schema)
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if not isinstance(kind, str):  # the fields of a model, one of which may be called type
        kind = None
    if kind == "model" or "schema_type" in schema:
        return schema  # checked by its own class
    changed = {
        name: schema[name] if name in ("metadata", "serialization") else _as_json(schema[name])
        for name in schema
    }
    if kind in _STRICT:
        return {**changed, "strict": True}
    if kind in _FORMS:
        return core_schema.no_info_before_validator_function(_FORMS[kind], changed)
    return changed


class Schema(BaseModel):
    """A body or an answer. Answers are read from the attributes of what a handler returns."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Pydantic's hook: coercions that JSON does not know are off."""
        schema = handler(source)
        inner = schema.get("schema")
        return {**schema, "schema": _as_json(inner)} if inner else schema


class CamelSchema(Schema):
    """Where a seed shows camelCase: both are accepted, camelCase is answered.

    The operation needs `by_alias=True`.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Filters(BaseModel):
    """Query parameters; their values arrive as text and are converted."""

    model_config = ConfigDict(extra="forbid")


def _exact_number(value: Any) -> Any:
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value):
        return Decimal(value)
    raise PydanticCustomError("number_expected", "This is a number.")


def at_least_cents(value: Decimal) -> Decimal:
    """8000.0000 as 8000.00, 0.0825 and 12.5 as 0.0825 and 12.50; the value stays the same."""
    if abs(value) < _CENTS_FIT:
        cents = value.quantize(_CENTS)
        if cents == value:  # nearly always, and a list has hundreds of them
            return cents
    shortest = value.normalize()
    exponent = shortest.as_tuple().exponent
    return shortest if isinstance(exponent, int) and exponent < -2 else value.quantize(_CENTS)


def _number(digits: int, places: int, *, cents: bool) -> Any:
    whole = 10 ** (digits - places)
    bound = float(whole - 1)
    number = {"type": "number", "minimum": -bound, "maximum": bound}
    text = {"type": "string", "pattern": _NUMBER_TEXT}
    about = {"description": f"Exact, up to {places} decimals."}
    parts: list[Any] = [
        BeforeValidator(_exact_number),
        Field(max_digits=digits, decimal_places=places, allow_inf_nan=False),
        WithJsonSchema({"anyOf": [number, text], **about}, mode="validation"),
        WithJsonSchema({**number, **about}, mode="serialization"),
    ]
    if cents:
        parts.append(PlainSerializer(at_least_cents, return_type=Decimal))
    return parts


_money = _number(19, 4, cents=True)
_rate = _number(15, 4, cents=True)
_fraction = _number(9, 6, cents=False)
_plain_number = _number(28, 8, cents=False)

# An amount, NUMERIC(19,4); its currency stands beside it.
Money = Annotated[Decimal, *_money]
# A rate or a number of hours, 4 decimals.
Rate = Annotated[Decimal, *_rate]
# A percentage as a fraction (0.15 for 15 %), 6 decimals.
Fraction = Annotated[Decimal, *_fraction]
# Any other exact number.
Number = Annotated[Decimal, *_plain_number]
# Text a person types, without a shorter limit of its own.
Text = Annotated[str, Field(max_length=TEXT_LENGTH_MAX)]
# What the system says, in the language of whoever asks.
Worded = Annotated[str, BeforeValidator(str)]
