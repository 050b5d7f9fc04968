from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.api.json import ExactRenderer, parse_json
from shared.kernel.errors import Invalid, Malformed

REQUEST = RequestFactory().get("/")


def rendered(value):
    return ExactRenderer().render(REQUEST, value, response_status=200).decode()


def test_numbers_are_read_without_a_float():
    read = parse_json(b'{"a": 0.1, "b": 12345678901234567890.123456789, "c": 7, "d": -1e2}')
    assert read == {
        "a": Decimal("0.1"),
        "b": Decimal("12345678901234567890.123456789"),
        "c": 7,
        "d": Decimal("-100"),
    }
    assert [type(value) for value in read.values()] == [Decimal, Decimal, int, Decimal]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**15)))
def test_a_decimal_comes_back_with_every_digit(number):
    if abs(number.adjusted()) <= 30:
        assert parse_json(rendered([number]).encode()) == [number]


def test_answers_are_exact_and_rfc_3339():
    assert rendered(
        {
            "amount": Decimal("8000.00"),
            "day": date(2026, 11, 21),
            "at": datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
            "id": UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
        }
    ) == (
        '{"amount":8000.00,"day":"2026-11-21","at":"2026-11-21T09:30:00Z",'
        '"id":"6ba7b810-9dad-11d1-80b4-00c04fd430c8"}'
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"[NaN]",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e31]",
        b"[1e-31]",
        b"[1e999999999]",
        b"[" + b"9" * 65 + b"]",
        b"[0." + b"9" * 65 + b"]",
        b"\xff\xfe",
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": 1, "a": 2}',
        b'{"b": {"a": 1, "a": 1}}',
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b"[" * 100_000,
        b'["\n"]',
        b"[1] 2",
    ],
)
def test_what_is_no_sound_json_is_refused(body):
    with pytest.raises(Malformed):
        parse_json(body)


def test_nesting_within_the_limit_is_read():
    assert parse_json(b"[" * 32 + b"]" * 32)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (rb'{"name": "a\u0000b"}', ["name"]),
        (rb'{"lines": [{"note": "ok"}, {"note": "\ud800"}]}', ["lines[1].note"]),
        (rb'{"a\u0000": 1}', [""]),
        (rb'"\u0000"', [""]),
    ],
)
def test_text_that_cannot_be_stored_is_named(body, fields):
    with pytest.raises(Invalid) as caught:
        parse_json(body)
    assert [error.field for error in caught.value.errors] == fields


def test_escaped_text_that_can_be_stored_is_read():
    assert parse_json(rb'["\u00e9\ud83d\ude00\\u0000"]') == ["é😀\\u0000"]
