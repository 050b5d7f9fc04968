"""Amounts, quantities, percentages and dates as a reader writes them (Babel, CLDR).

The same functions serve pages (through `templatetags.ui`), e-mails and PDFs. They never round
money to fewer places than it carries in cents, and never take a float. `language` is Django's
("en", "fr", "fr-ca"); anything that is not French is read as Canadian English.
Source: `interface.md`, Ground rules.
"""

import re
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_datetime, format_interval, format_timedelta
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    get_currency_precision,
)
from django.utils.translation import get_language

DayStyle = Literal["short", "medium", "long", "full", "month", "month_day"]
InstantStyle = Literal["short", "medium", "exact"]

MINUS = "\N{MINUS SIGN}"
HARD_SPACE = "\N{NO-BREAK SPACE}"
_SKELETONS = {
    "month": {"en": "MMMM y", "fr": "MMMM y"},
    "month_day": {"en": "MMM d", "fr": "d MMM"},
}


# "1 octobre" and the first day of "1–30 oct.", but neither "31 octobre" nor "1 h".
_FIRST = re.compile(r"(?<!\d)1(?= [^\W\d]{3}|\s*–)")


@lru_cache(maxsize=16)
def locale_for(language: str | None) -> Locale:
    """The Babel locale for a Django language code: fr_CA for French, else en_CA."""
    french = (language or "").lower().startswith("fr")
    return Locale.parse("fr_CA" if french else "en_CA")


def _exact(value: Decimal | int | str) -> Decimal:
    if isinstance(value, float):
        raise TypeError("Amounts are Decimal, never float.")
    return Decimal(value)


def _with_minus(text: str) -> str:
    """A hyphen is easily missed before a dollar sign: use the real minus."""
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def format_money(
    amount: Decimal | int | str, currency: str, *, language: str | None, code: bool = False
) -> str:
    """An amount in its currency with the currency's own decimals, rounded half up for display.

    `code=True` adds the ISO code ("$1,234.50 CAD") for documents that cross a border.
    Spaces do not break. Raises TypeError for float.
    """
    locale = locale_for(language)
    places = currency_places(currency)
    rounded = _exact(amount).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = _with_minus(format_currency(rounded + 0, currency, locale=locale))
    return f"{text}{HARD_SPACE}{currency}" if code else text


@lru_cache(maxsize=64)
def currency_places(currency: str) -> int:
    """Decimals of a currency by CLDR: 2 for CAD, 0 for JPY."""
    return get_currency_precision(currency)


def money_text(amount: Decimal, currency: str) -> str:
    """The amount as the present reader writes it, for a message of a service."""
    return format_money(amount, currency, language=get_language() or "en")


def format_unit_price(amount: Decimal | int | str, currency: str, *, language: str | None) -> str:
    """A rate as it was agreed: two to four decimals ("$53.00", "$0.0825"), not cents."""
    locale = locale_for(language)
    pattern = locale.currency_formats["standard"].pattern.replace("0.00", "0.00##")
    text = format_currency(
        _exact(amount), currency, format=pattern, locale=locale, currency_digits=False
    )
    return _with_minus(text)


def format_quantity(
    value: Decimal | int | str, *, language: str | None, places: int | None = None
) -> str:
    """A plain number with up to four decimals, or with exactly `places`."""
    pattern = "#,##0.####" if places is None else "#,##0" + ("." + "0" * places if places else "")
    locale = locale_for(language)
    step = Decimal(1).scaleb(-(4 if places is None else places))
    rounded = _exact(value).quantize(step, rounding=ROUND_HALF_UP)
    return _with_minus(format_decimal(rounded + 0, format=pattern, locale=locale))


def format_percentage(
    fraction: Decimal | int | str, *, language: str | None, places: int | None = None
) -> str:
    """A fraction as a percentage, up to four decimals: Decimal("0.09975") is "9.975%"."""
    number = format_quantity(_exact(fraction) * 100, language=language, places=places)
    french = locale_for(language).language == "fr"
    return f"{number}{HARD_SPACE}%" if french else f"{number}%"


def format_compact(value: Decimal | int | str, currency: str = "", *, language: str | None) -> str:
    """A number or amount for a chart's axis: "120K", "$120K", "120 k $"."""
    number, locale = _exact(value), locale_for(language)
    if currency:
        text = format_compact_currency(number, currency, locale=locale, fraction_digits=1)
    else:
        text = format_compact_decimal(number, locale=locale, fraction_digits=1)
    return _with_minus(text)


def format_day(day: date, style: DayStyle = "medium", *, language: str | None) -> str:
    """A calendar date; a datetime must be brought to its zone first (see `format_instant`)."""
    locale = locale_for(language)
    pattern = _SKELETONS[style][locale.language] if style in _SKELETONS else style
    return _with_first(format_date(day, pattern, locale=locale), locale)


def _with_first(text: str, locale: Locale) -> str:
    """French writes the first of a month as an ordinal, which CLDR's patterns cannot say.

    Source: Office québécois de la langue française, Vitrine linguistique, "Date".
    """
    return _FIRST.sub("1er", text) if locale.language == "fr" else text


def format_period(start: date, end_exclusive: date, *, language: str | None) -> str:
    """A billing period: a whole month by its name, else first to last day ("Nov 3–15, 2026").

    `end_exclusive` is the day after the last. Raises ValueError for an empty period.
    """
    if end_exclusive <= start:
        raise ValueError("A period ends after it starts.")
    next_month = (start.replace(day=28) + timedelta(days=4)).replace(day=1)
    if start.day == 1 and end_exclusive == next_month:
        return format_day(start, "month", language=language)
    last = end_exclusive - timedelta(days=1)
    if last == start:
        return format_day(start, language=language)
    locale = locale_for(language)
    return _with_first(format_interval(start, last, "yMMMd", locale=locale), locale)


def format_instant(
    instant: datetime,
    zone: tzinfo,
    style: InstantStyle = "medium",
    *,
    language: str | None,
) -> str:
    """An instant in the reader's zone. "exact" has seconds and the zone. Raises for naive ones."""
    if instant.tzinfo is None:
        raise ValueError("An instant has a time zone.")
    locale = locale_for(language)
    if style == "exact":
        return format_datetime(instant, "long", tzinfo=zone, locale=locale)
    day = format_day(instant.astimezone(zone).date(), style, language=language)
    clock = format_datetime(instant, locale.time_formats["short"].pattern, zone, locale)
    # Only after the day may a line break: "5 h" at the end of one line says nothing.
    return f"{day}, {clock.replace(' ', HARD_SPACE)}"


def format_ago(instant: datetime, now: datetime, *, language: str | None) -> str:
    """How long ago, or until when: "3 hours ago", "in 2 days"."""
    return format_timedelta(instant - now, add_direction=True, locale=locale_for(language))
