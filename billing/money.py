"""Exact decimal amounts, ISO 4217 minor units and half-up rounding.

Every rounding of the product goes through this module. Half-up means away from zero on a tie:
2.345 becomes 2.35 and -2.345 becomes -2.35.
"""

from __future__ import annotations

from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
)
from fractions import Fraction

from billing.errors import AmountTooLarge, FieldProblem, UnknownCurrency

ZERO = Decimal(0)

AMOUNT_LIMIT = Decimal(10) ** 15
"""Amounts are stored as NUMERIC(19,4): the largest has fifteen digits before the point."""

# 100 digits hold any product of the inputs' limits (hours x rate x share is under 60), so the
# arithmetic never rounds by itself; the traps turn a slip (or a float) into an error.
EXACT = Context(
    prec=100,
    rounding=ROUND_HALF_UP,
    traps=[InvalidOperation, DivisionByZero, Overflow, Inexact, FloatOperation],
)
ROUNDING = Context(prec=100, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Overflow])

_MINOR_UNITS_OTHER_THAN_TWO = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_UNIT_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
    "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD "
    "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC "
    "SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR "
    "ZMW ZWG"
)

# Source: ISO 4217 list one, maintained by SIX on behalf of ISO; codes without a minor unit
# (metals, bond units, test codes) are no billing currencies. BGN stays for invoices before 2026.
_MINOR_UNITS: dict[str, int] = {
    **dict.fromkeys(_MINOR_UNIT_TWO.split(), 2),
    **{code: unit for unit, codes in _MINOR_UNITS_OTHER_THAN_TWO.items() for code in codes.split()},
}
_QUANTA = {places: Decimal(1).scaleb(-places) for places in range(11)}
_RATE_PLACES = 4
_DISPLAY_PLACES = 10

CURRENCIES = frozenset(_MINOR_UNITS)


def is_currency(code: str) -> bool:
    """Tell whether ``code`` is an ISO 4217 currency with a minor unit (upper case only)."""
    return code in _MINOR_UNITS


def minor_unit(currency: str) -> int:
    """Return the number of decimals of ``currency`` (ISO 4217); raise UnknownCurrency."""
    try:
        return _MINOR_UNITS[currency]
    except KeyError:
        problem = FieldProblem(
            "currency", "unknown_currency", "is not an ISO 4217 currency code", {"given": currency}
        )
        raise UnknownCurrency([problem]) from None


def round_half_up(value: Decimal | Fraction, places: int) -> Decimal:
    """Round to ``places`` decimals, ties away from zero; the result is never negative zero."""
    if isinstance(value, Decimal):
        rounded = value.quantize(_QUANTA[places], ROUND_HALF_UP, ROUNDING)
        return rounded if rounded else rounded.copy_abs()
    numerator, denominator = value.numerator * 10**places, value.denominator
    units = (2 * abs(numerator) + denominator) // (2 * denominator)
    return Decimal(units if numerator > 0 else -units).scaleb(-places, ROUNDING)


def round_money(amount: Decimal | Fraction, currency: str) -> Decimal:
    """Round half-up to the minor unit of ``currency`` (domain rule 2); raise UnknownCurrency."""
    return round_half_up(amount, minor_unit(currency))


def round_rate(rate: Decimal | Fraction) -> Decimal:
    """Round an hourly rate half-up to 4 decimals."""
    return round_half_up(rate, _RATE_PLACES)


def as_shown(value: Decimal | Fraction) -> Decimal:
    """Return ``value`` for a trace: exact where a decimal has it, else to 10 decimals."""
    if isinstance(value, Decimal):
        return value
    shown = round_half_up(value, _DISPLAY_PLACES)
    return shown.normalize(ROUNDING) if shown else ZERO


def check_storable(amount: Decimal, field: str) -> Decimal:
    """Return ``amount``, or raise AmountTooLarge naming ``field`` when it is 10^15 or more."""
    if amount.copy_abs() >= AMOUNT_LIMIT:
        problem = FieldProblem(field, "amount_too_large", "comes to 10^15 or more")
        raise AmountTooLarge([problem])
    return amount
