"""Amounts, numbers and dates in Canadian English and Canadian French."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from shared.kernel import formats

HARD = "\N{NO-BREAK SPACE}"
THIN = "\N{NARROW NO-BREAK SPACE}"
TORONTO = ZoneInfo("America/Toronto")


@pytest.mark.parametrize(
    ("amount", "currency", "language", "expected"),
    [
        ("1234567.5", "CAD", "en", "$1,234,567.50"),
        ("1234567.5", "USD", "en", "US$1,234,567.50"),
        ("1234567.5", "CAD", "fr-ca", f"1{HARD}234{HARD}567,50{HARD}$"),
        ("1234567.5", "USD", "fr", f"1{HARD}234{HARD}567,50{HARD}${HARD}US"),
        ("-2660", "CAD", "en", "−$2,660.00"),
        ("-2660", "CAD", "fr", f"−2{HARD}660,00{HARD}$"),
        ("1.005", "CAD", "en", "$1.01"),
        ("-1.005", "CAD", "en", "−$1.01"),
        ("-0.001", "CAD", "en", "$0.00"),
        ("1250.4", "JPY", "en", "JP¥1,250"),
        ("0", "CAD", None, "$0.00"),
    ],
)
def test_money_by_locale(amount: str, currency: str, language: str | None, expected: str) -> None:
    assert formats.format_money(Decimal(amount), currency, language=language) == expected


def test_money_names_its_currency_when_asked() -> None:
    text = formats.format_money(Decimal("5"), "CAD", language="en", code=True)
    assert text == f"$5.00{HARD}CAD"


@pytest.mark.parametrize("call", [formats.format_quantity, formats.format_percentage])
def test_floats_are_refused(call: object) -> None:
    with pytest.raises(TypeError):
        call(0.1, language="en")  # type: ignore[operator]
    with pytest.raises(TypeError):
        formats.format_money(0.1, "CAD", language="en")  # type: ignore[arg-type]


def test_money_of_many_digits_is_exact() -> None:
    assert (
        formats.format_money(Decimal("9007199254740993.01"), "CAD", language="en")
        == "$9,007,199,254,740,993.01"
    )


@pytest.mark.parametrize(
    ("rate", "language", "expected"),
    [
        ("53", "en", "$53.00"),
        ("0.0825", "en", "$0.0825"),
        ("0.0825", "fr", f"0,0825{HARD}$"),
        ("-1.5", "en", "−$1.50"),
    ],
)
def test_unit_price_keeps_its_decimals(rate: str, language: str, expected: str) -> None:
    assert formats.format_unit_price(Decimal(rate), "CAD", language=language) == expected


@pytest.mark.parametrize(
    ("value", "places", "language", "expected"),
    [
        ("182000", None, "en", "182,000"),
        ("41.25", None, "en", "41.25"),
        ("41.2", 2, "en", "41.20"),
        ("41.2", 2, "fr", "41,20"),
        ("7", 0, "en", "7"),
        ("-12345.67891", None, "fr", f"−12{HARD}345,6789"),
        ("-0.00001", None, "en", "0"),
    ],
)
def test_quantity(value: str, places: int | None, language: str, expected: str) -> None:
    assert formats.format_quantity(Decimal(value), language=language, places=places) == expected


@pytest.mark.parametrize(
    ("fraction", "language", "expected"),
    [
        ("0.13", "en", "13%"),
        ("0.09975", "en", "9.975%"),
        ("0.09975", "fr", f"9,975{HARD}%"),
        ("-0.05", "en", "−5%"),
    ],
)
def test_percentage_of_a_fraction(fraction: str, language: str, expected: str) -> None:
    assert formats.format_percentage(Decimal(fraction), language=language) == expected


def test_compact_numbers_for_axes() -> None:
    assert formats.format_compact(Decimal(120000), language="en") == "120K"
    assert formats.format_compact(Decimal(120000), language="fr") == f"120{HARD}k"
    assert formats.format_compact(Decimal(120000), "CAD", language="en") == "$120K"
    assert formats.format_compact(Decimal(120000), "CAD", language="fr") == f"120{HARD}k$"


@pytest.mark.parametrize(
    ("style", "language", "expected"),
    [
        ("medium", "en", "Nov 3, 2026"),
        ("medium", "fr", "3 nov. 2026"),
        ("long", "fr", "3 novembre 2026"),
        ("short", "en", "2026-11-03"),
        ("month", "en", "November 2026"),
        ("month", "fr", "novembre 2026"),
        ("month_day", "en", "Nov 3"),
        ("month_day", "fr", "3 nov."),
    ],
)
def test_days(style: formats.DayStyle, language: str, expected: str) -> None:
    assert formats.format_day(date(2026, 11, 3), style, language=language) == expected


@pytest.mark.parametrize(
    ("start", "end_exclusive", "expected"),
    [
        (date(2026, 10, 1), date(2026, 11, 1), "October 2026"),
        (date(2028, 2, 1), date(2028, 3, 1), "February 2028"),
        (date(2026, 12, 1), date(2027, 1, 1), "December 2026"),
        (date(2026, 11, 3), date(2026, 11, 4), "Nov 3, 2026"),
        (date(2026, 11, 3), date(2026, 11, 16), "Nov 3–15, 2026"),
        (date(2026, 10, 1), date(2026, 10, 31), "Oct 1–30, 2026"),
    ],
)
def test_periods_are_named_by_month_or_by_days(
    start: date, end_exclusive: date, expected: str
) -> None:
    text = formats.format_period(start, end_exclusive, language="en")
    assert text.replace(THIN, "").replace("\N{THIN SPACE}", "") == expected


def test_french_writes_the_first_of_a_month_as_an_ordinal() -> None:
    first, last = date(2026, 10, 1), date(2026, 10, 31)
    assert formats.format_day(first, language="fr-ca") == "1er oct. 2026"
    assert formats.format_day(first, "full", language="fr-ca") == "jeudi 1er octobre 2026"
    assert formats.format_day(last, "long", language="fr-ca") == "31 octobre 2026"
    assert formats.format_day(first, "month", language="fr-ca") == "octobre 2026"
    assert formats.format_period(first, last, language="fr-ca") == "1er–30 oct. 2026"
    assert formats.format_day(first, language="en") == "Oct 1, 2026"


def test_an_empty_period_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after"):
        formats.format_period(date(2026, 11, 3), date(2026, 11, 3), language="en")


def test_instants_are_shown_in_the_readers_zone() -> None:
    instant = datetime(2026, 11, 1, 3, 30, tzinfo=UTC)
    english = formats.format_instant(instant, TORONTO, language="en")
    assert english.replace(THIN, " ").replace(HARD, " ") == "Oct 31, 2026, 11:30 p.m."
    french = formats.format_instant(instant, TORONTO, language="fr")
    assert french == f"31 oct. 2026, 23{HARD}h{HARD}30", "a time is not broken over two lines"


def test_the_exact_instant_tells_the_zone() -> None:
    summer = datetime(2026, 7, 1, 3, 30, 9, tzinfo=UTC)
    exact = formats.format_instant(summer, TORONTO, "exact", language="en")
    assert "11:30:09" in exact
    assert exact.endswith("EDT")


def test_naive_instants_are_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        formats.format_instant(datetime(2026, 1, 1), TORONTO, language="en")  # noqa: DTZ001


def test_ago_and_until() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert formats.format_ago(now - timedelta(hours=3), now, language="en") == "3 hours ago"
    assert formats.format_ago(now + timedelta(days=2), now, language="fr") == "dans 2 jours"
