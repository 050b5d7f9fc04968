"""Sentences that are kept, and said in the language of whoever reads them.

    from shared.kernel.wording import worded as _

    cause = _("%(name)s was billed %(amount)s.") % {"name": name, "amount": money(total, "CAD")}

A `Wording` holds the marked English text and the values it mentions. `str()` says it in the
active language and writes amounts, numbers and days as the reader does, so the same object serves
an error told at once and a reason read next week by somebody else (`fields.WordingField`). A text
that somebody typed, or another system told, is a Wording of its own words. What is kept can
always be said: a value or a translation that is missing never raises.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext

from connectors.errors import Told
from shared.kernel.formats import (
    format_day,
    format_instant,
    format_money,
    format_percentage,
    format_period,
    format_quantity,
    format_unit_price,
)

_PLACE = re.compile(r"%(?:%|\((\w+)\)[sd])")

# How a value is written for a reader of a language, by the name that is kept with it.
_FORMS: Mapping[str, Callable[..., str]] = {
    "day": lambda language, day: format_day(date.fromisoformat(day), language=language),
    "instant": lambda language, instant: format_instant(
        datetime.fromisoformat(instant), timezone.get_current_timezone(), language=language
    ),
    "money": lambda language, amount, currency: format_money(amount, currency, language=language),
    "month": lambda language, day: format_day(date.fromisoformat(day), "month", language=language),
    "number": lambda language, number: format_quantity(number, language=language),
    "percentage": lambda language, fraction: format_percentage(fraction, language=language),
    "period": lambda language, start, end: format_period(
        date.fromisoformat(start), date.fromisoformat(end), language=language
    ),
    "unit_price": lambda language, amount, currency: format_unit_price(
        amount, currency, language=language
    ),
}


@dataclass(frozen=True)
class Shown:
    """A value that each reader sees in their own way: the name of its form, and its parts."""

    form: str
    of: tuple[str, ...]

    def __str__(self) -> str:
        form = _FORMS.get(self.form)
        try:
            return " ".join(self.of) if form is None else form(get_language(), *self.of)
        except (ArithmeticError, LookupError, TypeError, ValueError):  # kept by another version
            return " ".join(self.of)


Value: TypeAlias = "str | int | Shown | Wording"


class Wording(Promise):
    """A sentence that is not said yet: see the module. It never changes.

    `plural` where there are two forms, of which `number` chooses. `values` is None for words that
    are shown as they are, whatever they look like.
    """

    def __init__(
        self,
        text: str,
        values: Mapping[str, Value] | None = None,
        plural: str = "",
        number: int = 1,
    ) -> None:
        self.text, self.values, self.plural, self.number = text, values, plural, number

    def __str__(self) -> str:
        if self.values is None or not self.text:
            return self.text
        said = ngettext(self.text, self.plural, self.number) if self.plural else gettext(self.text)
        return _filled(said, self.values) if self.values else said

    def __mod__(self, values: Mapping[str, object]) -> "Wording":
        """The sentence with values: text, numbers, days, Wordings, `money(…)` and its like."""
        kept = {name: _kept(value) for name, value in values.items()}
        return Wording(self.text, {**(self.values or {}), **kept}, self.plural, self.number)

    def __bool__(self) -> bool:
        return bool(self.text)

    def __contains__(self, part: str) -> bool:
        return part in str(self)

    def __eq__(self, other: object) -> bool:
        """Whether it says the same in the active language."""
        return str(self) == str(other) if isinstance(other, str | Promise) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return str(self) < str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    # What Django's own fields ask of every lazy text.
    _proxy____cast = __str__

    def __repr__(self) -> str:
        return f"Wording({str(self)!r})"

    def as_json(self) -> Any:
        """As it is kept: words of their own as text, else an object."""
        if self.values is None:
            return self.text
        kept: dict[str, Any] = {"text": self.text}
        if self.plural:
            kept |= {"plural": self.plural, "number": self.number}
        if self.values:
            kept["values"] = {name: _as_json(value) for name, value in self.values.items()}
        return kept


def worded(text: str) -> Wording:
    """The marked text, to be said later; import it as `_`."""
    return Wording(text, {})


def worded_plural(singular: str, plural: str, number: int) -> Wording:
    """One of two marked texts, by a number; import it as `ngettext`."""
    return Wording(singular, {}, plural, number)


def wording_of(text: object) -> Wording:
    """Whatever tells something, as a Wording: marked texts stay so, others are their own words.

    An exception tells its first argument, a connector what it was told.
    """
    if isinstance(text, Wording):
        return text
    if isinstance(text, Told):
        return worded(text.text) % text.values
    if isinstance(text, BaseException):
        return wording_of(text.args[0]) if len(text.args) == 1 else Wording(str(text))
    return _of_lazy(text) if isinstance(text, Promise) else Wording(str(text))


def trimmed(text: object) -> Wording:
    """What somebody typed, without blanks around it; a marked text as it is."""
    kept = wording_of(text)
    return Wording(kept.text.strip()) if kept.values is None else kept


def joined(texts: Iterable[object], separator: str = " ") -> Wording:
    """Several sentences one after the other; none of them twice."""
    distinct = list(dict.fromkeys(wording_of(text) for text in texts))
    if len(distinct) == 1:
        return distinct[0]
    names = [f"part{number}" for number, _text in enumerate(distinct)]
    return Wording(
        separator.join(f"%({name})s" for name in names), dict(zip(names, distinct, strict=True))
    )


def wording_from_json(kept: Any) -> Wording:
    """What `as_json` gave. Never raises: what is none is shown as it is."""
    if not isinstance(kept, dict) or not isinstance(kept.get("text"), str):
        return Wording("" if kept is None else str(kept))
    values, plural, number = kept.get("values"), kept.get("plural"), kept.get("number")
    return Wording(
        kept["text"],
        {name: _from_json(value) for name, value in values.items()}
        if isinstance(values, dict)
        else {},
        plural if isinstance(plural, str) else "",
        number if isinstance(number, int) else 1,
    )


def money(amount: Decimal | int, currency: str) -> Shown:
    """An amount in its currency."""
    return Shown("money", (f"{Decimal(amount):f}", currency))


def unit_price(amount: Decimal | int, currency: str) -> Shown:
    """A rate as it was agreed, two to four decimals."""
    return Shown("unit_price", (f"{Decimal(amount):f}", currency))


def percentage(fraction: Decimal) -> Shown:
    """A fraction as a percentage."""
    return Shown("percentage", (f"{fraction:f}",))


def number(value: Decimal | int) -> Shown:
    """A plain number with up to four decimals."""
    return Shown("number", (f"{value:f}",))


def day(value: date) -> Shown:
    """A calendar date."""
    return Shown("day", (value.isoformat(),))


def month(day: date) -> Shown:
    """The month of a day."""
    return Shown("month", (day.isoformat(),))


def period(start: date, end_exclusive: date) -> Shown:
    """A billing period; `end_exclusive` is the day after the last."""
    return Shown("period", (start.isoformat(), end_exclusive.isoformat()))


def _filled(said: str, values: Mapping[str, Value]) -> str:
    """Each place with its value, in one go: what looks like a place within a value stays."""
    return _PLACE.sub(lambda place: str(values.get(place[1], "")) if place[1] else "%", said)


def _kept(value: object) -> Value:
    if isinstance(value, Told | Promise):
        return wording_of(value)
    if isinstance(value, str | int | Shown) and not isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, datetime):
        return Shown("instant", (value.isoformat(),)) if value.tzinfo else str(value)
    if isinstance(value, date):
        return day(value)
    return str(value)


def _of_lazy(text: Promise) -> Wording:
    """The marked text behind a gettext_lazy, which is how it pickles; else what it says now."""
    _make, (function, texts, *_rest) = text.__reduce__()  # type: ignore[misc]
    return worded(*texts) if function is gettext else Wording(str(text))


def _as_json(value: Value) -> Any:
    if isinstance(value, Shown):
        return {"form": value.form, "of": list(value.of)}
    return value.as_json() if isinstance(value, Wording) else value


def _from_json(value: Any) -> Value:
    if isinstance(value, dict) and isinstance(value.get("of"), list):
        return Shown(str(value.get("form")), tuple(map(str, value["of"])))
    if isinstance(value, dict):
        return wording_from_json(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else str(value)
