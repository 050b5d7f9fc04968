"""JSON with exact numbers, both ways. Source: `api.md` Bodies; RFC 8259.

Decimals are written with every digit they have (8000.00) and numbers with a fraction are read
as Decimal, never through float.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from shared.kernel.errors import AppError, FieldError, Invalid, Malformed

MEDIA_TYPE = "application/json"
NESTING_MAX = 32
NUMBER_LENGTH_MAX = 64
EXPONENT_MAX = 30
UNSTORABLE_SHOWN_MAX = 20

_ENCODER = msgspec.json.Encoder(decimal_format="number", uuid_format="canonical", enc_hook=str)


class UnsupportedMediaType(AppError):
    """415: the body is not sent as JSON."""

    status = 415
    code = "unsupported_media_type"
    title = gettext_lazy("The body is not sent as JSON")


class ExactRenderer(BaseRenderer):
    """Answers: Decimal as number, dates and aware instants by RFC 3339, UUID as text."""

    media_type = MEDIA_TYPE

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        """UTF-8 JSON."""
        return _ENCODER.encode(data)


def exact_answer(data: Any) -> HttpResponse:
    """A 200 answer from values that are right by construction.

    Checking a long list against its schema costs more than reading it; use this only where a
    test compares the answer with the documented schema.
    """
    return HttpResponse(_ENCODER.encode(data), content_type="application/json; charset=utf-8")


class ExactParser(Parser):
    """Requests: bodies by `parse_json`, query strings without what cannot be stored."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body's value. Raises UnsupportedMediaType, Malformed or Invalid."""
        given = request.content_type or MEDIA_TYPE
        if given != MEDIA_TYPE and not given.endswith("+json"):
            raise UnsupportedMediaType(
                _("Send the body as application/json, not as %(type)s.") % {"type": given}
            )
        return parse_json(request.body)

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """As ninja's; raises Invalid for text the database cannot hold."""
        values: dict[str, Any] = super().parse_querydict(data, list_fields, request)
        _refuse_unstorable(values)
        return values


def parse_json(body: bytes) -> Any:
    """The value of a JSON text; numbers with fraction or exponent become Decimal.

    Raises Malformed for anything that is no JSON text (also NaN and Infinity), repeats a key of
    an object, nests deeper than 32 levels or holds a number longer than 64 characters or beyond
    10^±30; Invalid for text with NUL characters or lone surrogates.
    """
    try:
        text = body.decode("utf-8")
        value = _DECODER.decode(text)
    except AppError:
        raise
    except (ValueError, RecursionError) as error:
        raise Malformed(_("The body is not JSON in UTF-8: %(why)s.") % {"why": error}) from error
    if isinstance(value, dict | list):
        _refuse_deep(value)
    if "\\u" in text:  # in JSON, what cannot be stored can only be written as an escape
        _refuse_unstorable(value)
    return value


def _read_number(text: str) -> Decimal:
    if len(text) <= NUMBER_LENGTH_MAX:
        number = Decimal(text)
        if not number or abs(number.adjusted()) <= EXPONENT_MAX:
            return number
    raise Malformed(_("The body holds a number that is too large or too precise."))


def _read_whole(text: str) -> int:
    if len(text) > NUMBER_LENGTH_MAX:
        raise Malformed(_("The body holds a number that is too large or too precise."))
    return int(text)


def _read_constant(name: str) -> NoReturn:
    raise Malformed(_("%(name)s is not a number in JSON.") % {"name": name})


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise Malformed(_("The body names “%(name)s” twice in one object.") % {"name": twice})
    return found


_DECODER = json.JSONDecoder(
    parse_float=_read_number,
    parse_int=_read_whole,
    parse_constant=_read_constant,
    object_pairs_hook=_read_object,
)


def _refuse_deep(value: dict[str, Any] | list[Any]) -> None:
    level: list[Any] = [value]
    for _depth in range(NESTING_MAX):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise Malformed(_("The body is nested deeper than %(n)s levels.") % {"n": NESTING_MAX})


def _refuse_unstorable(value: Any) -> None:
    errors = [
        FieldError(path, "unstorable_text", _("This text holds characters that cannot be kept."))
        for path, text in _texts(value, "")
        if "\x00" in text or not _is_unicode(text)
    ]
    if errors:
        raise Invalid(errors=errors[:UNSTORABLE_SHOWN_MAX])


def _is_unicode(text: str) -> bool:
    """False for a lone surrogate, which has no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, child in value.items():
            yield path, name
            yield from _texts(child, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _texts(child, f"{path}[{index}]")
