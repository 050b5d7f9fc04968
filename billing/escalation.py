"""Escalation: yearly increases of fees, guarantees, caps and hourly rates (domain rule 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Escalation:
    """``annual_increase`` is a fraction (0.03 = 3 %), counted from ``effective_date``."""

    annual_increase: Decimal
    effective_date: date


def full_years(since: date, on: date) -> int:
    """Return the anniversaries of ``since`` reached by ``on``, never negative.

    An anniversary of 29 February is 1 March in common years, which comparing (month, day) gives.
    """
    reached = (on.month, on.day) >= (since.month, since.day)
    return max(on.year - since.year - (0 if reached else 1), 0)


@lru_cache(maxsize=256)
def compound(annual_increase: Decimal, years: int) -> Fraction:
    """Return ``(1 + annual_increase) ** years`` exactly; the factor itself is never rounded."""
    return Fraction(1 + Fraction(annual_increase)) ** years


def escalation_factor(escalation: Escalation | None, on: date) -> Fraction:
    """Return the factor in force on ``on``: 1 without a schedule or before its anniversary."""
    if escalation is None:
        return ONE
    return compound(escalation.annual_increase, full_years(escalation.effective_date, on))
