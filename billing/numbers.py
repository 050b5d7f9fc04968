"""Numbers as clients send them (JSON numbers or strings), read exactly or refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from billing.money import AMOUNT_LIMIT, ROUNDING, ZERO

_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_UNIT = Decimal(1)


@dataclass(frozen=True, slots=True)
class NumberRule:
    """What a number may be: decimals kept, and bounds (``above`` excludes its value)."""

    places: int
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    above: Decimal | None = None


_MOST = Decimal(10) ** 9
"""No period has a billion hours, no hour costs a billion: a slip, and more than is stored."""

# Stored as NUMERIC(19,4); rates and hours have 4 decimals, percentages 6 (domain rule 2).
AMOUNT = NumberRule(places=4)
AMOUNT_FROM_ZERO = NumberRule(places=4, minimum=ZERO)
RATE_PER_HOUR = NumberRule(places=4, above=ZERO, maximum=_MOST)
HOURS = NumberRule(places=4, minimum=ZERO, maximum=_MOST)
FRACTION = NumberRule(places=6, minimum=ZERO, maximum=_UNIT)
SHARE_RATE = NumberRule(places=6, minimum=Decimal("0.01"), maximum=Decimal("0.99"))
MULTIPLIER = NumberRule(places=6, minimum=_UNIT, maximum=Decimal(100))
TIER_LIMIT = NumberRule(places=4, above=ZERO)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a number is refused: a stable code, an English sentence and the bound it names."""

    code: str
    message: str
    limit: str = ""


def read_number(value: object, rule: NumberRule) -> Decimal | Refusal:
    """Return ``value`` as an exact plain Decimal, or why ``rule`` refuses it.

    Decimal, int, str (plain digits) and finite float (by its shortest spelling) are read; bool,
    NaN and infinity are not numbers here. More decimals than stored are refused, not rounded.
    """
    number = _to_decimal(value)
    if number is None or not number.is_finite():
        return Refusal("not_a_number", "must be a number")
    if number.copy_abs() >= AMOUNT_LIMIT:
        return Refusal("too_large", "must be smaller than 10^15", "10^15")
    plain = _plain(number, rule.places)
    if plain is None:
        return Refusal(
            "too_many_decimals", f"must have at most {rule.places} decimals", str(rule.places)
        )
    return _out_of_bounds(plain, rule) or plain


def _to_decimal(value: object) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value):
        return Decimal(value)
    return None


def _plain(number: Decimal, places: int) -> Decimal | None:
    """Return the same value without exponent, excess zeros or negative zero; None if it has more.

    The magnitude is bounded before, so the quantized coefficient always fits the context.
    """
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, ROUNDING)
    if rounded != number:
        return None
    if not rounded:
        return ZERO
    exponent = int(number.as_tuple().exponent)
    if exponent > 0:
        return number.quantize(_UNIT, ROUND_HALF_UP, ROUNDING)
    return number if exponent >= -places else rounded


def _out_of_bounds(number: Decimal, rule: NumberRule) -> Refusal | None:
    if rule.above is not None and number <= rule.above:
        return Refusal("too_small", f"must be more than {rule.above}", str(rule.above))
    if rule.minimum is not None and number < rule.minimum:
        return Refusal("too_small", f"must be at least {rule.minimum}", str(rule.minimum))
    if rule.maximum is not None and number > rule.maximum:
        return Refusal("too_large", f"must be at most {rule.maximum}", str(rule.maximum))
    return None
