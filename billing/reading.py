"""Reads one JSON object field by field, collecting every problem by path.

A reader never raises: a missing or refused value is reported and replaced by a placeholder, and
the caller throws the half-read result away when any problem was found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from billing.errors import FieldProblem
from billing.money import ZERO
from billing.numbers import NumberRule, Refusal, read_number

Choice = TypeVar("Choice", bound=StrEnum)

MAX_TEXT = 500
_MAX_NAME_SHOWN = 60
_PLACEHOLDER_DATE = date(2000, 1, 1)
# NUL and lone surrogates can be stored neither as text nor as JSON by PostgreSQL; the other
# control characters have no place in an invoice line.
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class FieldReader:
    """One JSON object at ``path``; ``problems`` is shared by all readers of a document."""

    __slots__ = ("_data", "_path", "_problems", "_read")

    def __init__(self, data: object, path: str, problems: list[FieldProblem]) -> None:
        self._path = path
        self._read: set[str] = set()
        if isinstance(data, Mapping):
            self._data: Mapping[object, object] = data
            self._problems = problems
        else:
            problems.append(FieldProblem(path, "not_an_object", "must be an object"))
            self._data, self._problems = {}, []

    def report(self, name: str, code: str, message: str, **values: str) -> None:
        """Add a problem of the field ``name``; an empty name means the object itself."""
        path = f"{self._path}.{name}" if name else self._path
        self._problems.append(FieldProblem(path, code, message, values))

    def has(self, name: str) -> bool:
        """Tell whether ``name`` is given; null counts as left out."""
        self._read.add(name)
        return self._data.get(name) is not None

    def raw(self, name: str) -> object:
        """Return the value as it came, None when left out."""
        self._read.add(name)
        return self._data.get(name)

    def optional_number(self, name: str, rule: NumberRule) -> Decimal | None:
        """Return the number, None when left out or refused."""
        if not self.has(name):
            return None
        number = read_number(self._data[name], rule)
        if isinstance(number, Refusal):
            self.report(name, number.code, number.message, limit=number.limit)
            return None
        return number

    def number(self, name: str, rule: NumberRule) -> Decimal:
        """Return a required number."""
        if not self.has(name):
            self._report_missing(name)
        return self.optional_number(name, rule) or ZERO

    def optional_text(self, name: str, *, longest: int = MAX_TEXT) -> str:
        """Return the text without surrounding blanks, empty when left out."""
        if not self.has(name):
            return ""
        value = self._data[name]
        if not isinstance(value, str) or _UNSTORABLE.search(value):
            self.report(name, "not_text", "must be text without control characters")
            return ""
        if len(value) > longest:
            self.report(
                name, "too_long", f"must have at most {longest} characters", limit=str(longest)
            )
        return value.strip()

    def text(self, name: str, *, longest: int = MAX_TEXT) -> str:
        """Return a required text that is not blank."""
        if not self.has(name):
            self._report_missing(name)
            return ""
        known = len(self._problems)
        value = self.optional_text(name, longest=longest)
        if not value and len(self._problems) == known:
            self.report(name, "blank", "must not be blank")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false."""
        if not self.has(name):
            return default
        value = self._data[name]
        if not isinstance(value, bool):
            self.report(name, "not_a_boolean", "must be true or false")
            return default
        return value

    def optional_choice(self, name: str, choices: type[Choice]) -> Choice | None:
        """Return one of ``choices``, None when left out or refused."""
        if not self.has(name):
            return None
        value = self._data[name]
        allowed = [choice.value for choice in choices]
        if isinstance(value, str) and value in allowed:
            return choices(value)
        listed = ", ".join(allowed)
        self.report(name, "unknown_choice", f"must be one of {listed}", allowed=listed)
        return None

    def choice(self, name: str, choices: type[Choice]) -> Choice | None:
        """Return one of ``choices``, None when refused; leaving it out is a problem."""
        if not self.has(name):
            self._report_missing(name)
        return self.optional_choice(name, choices)

    def optional_day(self, name: str) -> date | None:
        """Return a date, None when left out."""
        return self.day(name) if self.has(name) else None

    def day(self, name: str) -> date:
        """Return a required date, given as a date or as ``YYYY-MM-DD``."""
        if not self.has(name):
            self._report_missing(name)
            return _PLACEHOLDER_DATE
        value = self._data[name]
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass  # e.g. 30 February: reported below like any other text
        self.report(name, "not_a_date", "must be a date, YYYY-MM-DD")
        return _PLACEHOLDER_DATE

    def optional_section(self, name: str) -> FieldReader | None:
        """Return a reader of the object, None when left out."""
        if not self.has(name):
            return None
        return FieldReader(self._data[name], f"{self._path}.{name}", self._problems)

    def section(self, name: str) -> FieldReader:
        """Return a reader of a required object."""
        if not self.has(name):
            self._report_missing(name)
            return FieldReader({}, f"{self._path}.{name}", [])
        return FieldReader(self._data[name], f"{self._path}.{name}", self._problems)

    def items(self, name: str, *, most: int) -> Sequence[object]:
        """Return the list, empty when left out, refused or longer than ``most``."""
        if not self.has(name):
            return ()
        value = self._data[name]
        if not isinstance(value, list | tuple):
            self.report(name, "not_a_list", "must be a list")
            return ()
        if len(value) > most:
            self.report(name, "too_many", f"must have at most {most} items", limit=str(most))
            return ()
        return value

    def sections(self, name: str, *, most: int) -> list[FieldReader]:
        """Return a reader for each object of the list."""
        return [
            FieldReader(item, f"{self._path}.{name}[{index}]", self._problems)
            for index, item in enumerate(self.items(name, most=most))
        ]

    def required_sections(self, name: str, *, most: int) -> list[FieldReader]:
        """Return a reader for each object of a list that must have at least one."""
        if not self.has(name):
            self._report_missing(name)
            return []
        known = len(self._problems)
        readers = self.sections(name, most=most)
        if not readers and len(self._problems) == known:
            self.report(name, "empty_list", "must have at least one item")
        return readers

    def exactly_one(self, *names: str) -> str:
        """Return which one of ``names`` is given; report none or several, never silently pick."""
        given = [name for name in names if self.has(name)]
        listed = ", ".join(names)
        if not given:
            self.report(names[0], "required", f"is required: one of {listed}", allowed=listed)
        for name in given[1:]:
            self.report(
                name, "only_one_of", f"cannot be combined: exactly one of {listed}", allowed=listed
            )
        return given[0] if given else names[0]

    def refuse_unknown(self) -> None:
        """Report every field that no one asked for; call it last."""
        for name in self._data:
            if name not in self._read:
                shown = _UNSTORABLE.sub("?", str(name))[:_MAX_NAME_SHOWN]
                self.report(shown, "unknown_field", "is not a known field")

    def _report_missing(self, name: str) -> None:
        self.report(name, "required", "is required")
