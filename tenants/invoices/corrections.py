"""Automatic corrections: what may be put right without a person, and how it is told.

A correction never invents an amount: a month's sum is divided by days, as the terms' own monthly
amounts are (ADR 0093), and the invoice says so. It is tried once, after a calculation failed, and
an invoice made with it names it in its inputs. Source: seed 001, error handling and recovery.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from shared.kernel.errors import Text

SPLIT_REVENUE_BY_TERMS = "split_revenue_by_terms"
DIVIDE_MONTH_SUMS = "divide_month_sums"
MISSING_DAYS_ARE_ZERO = "missing_days_are_zero"


@dataclass(frozen=True)
class Correction:
    """One correction: which failures it may mend, and whether the tenant must allow it."""

    name: str
    label: Text
    mends: frozenset[str]
    """Codes of field errors and names of checks."""
    needs_consent: bool


CORRECTIONS: Mapping[str, Correction] = {
    one.name: one
    for one in (
        Correction(
            SPLIT_REVENUE_BY_TERMS,
            _("The recorded revenue was divided by day between the two versions of the terms."),
            frozenset({"terms_change"}),
            needs_consent=False,
        ),
        Correction(
            DIVIDE_MONTH_SUMS,
            _(
                "The revenue recorded once a month was divided by the days of each version of "
                "the terms."
            ),
            frozenset({"terms_change"}),
            needs_consent=False,
        ),
        Correction(
            MISSING_DAYS_ARE_ZERO,
            _("Days without a revenue report were taken as closed, with no revenue."),
            frozenset({"every_day_covered"}),
            needs_consent=True,
        ),
    )
}


def corrections_for(failures: frozenset[str], allowed: frozenset[str]) -> frozenset[str]:
    """What may be tried after these failures (codes of errors, names of checks).

    With the first one that applies, all others allowed are tried too: they are only used where
    they have something to mend.
    """
    usable = [one for one in CORRECTIONS.values() if not one.needs_consent or one.name in allowed]
    if not any(one.mends & failures for one in usable):
        return frozenset()
    return frozenset(one.name for one in usable)
