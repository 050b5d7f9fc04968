"""Construction statutes by province, dated: holdback, lien periods, prompt payment (rule 9).

Legislated days are the default; a contract may differ where the law lets it. Each rule states
its source. Provinces that are not listed have no rule here: what the contract says counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from billing.escalation import full_years

FEDERAL = "federal"
"""Jurisdiction of work for the Government of Canada, in any province."""

_ON = "Construction Act, R.S.O. 1990, c. C.30"
_BC = "Builders Lien Act, S.B.C. 1997, c. 45"
_AB = "Prompt Payment and Construction Lien Act, R.S.A. 2000, c. P-26.4"
_SK = "The Builders' Lien Act, S.S. 1984-85-86, c. B-7.1"
_MB = "The Builders' Liens Act, C.C.S.M. c. B91"
_NB = "Construction Remedies Act, S.N.B. 2020, c. 29"
_CA = "Federal Prompt Payment for Construction Work Act, S.C. 2019, c. 29, s. 387"


class HoldbackRule(NamedTuple):
    """The share of each payment that the owner keeps back, as a fraction, in a jurisdiction."""

    jurisdiction: str
    rate: Decimal
    source: str
    starts_on: date = date.min
    ends_on: date | None = None

    def holds_on(self, jurisdiction: str, on: date) -> bool:
        """Tell whether the rule is in force in a jurisdiction on a day, both ends included."""
        in_time = self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)
        return self.jurisdiction == jurisdiction and in_time


# Provincial lien legislation does not bind the federal Crown: nothing is held back by law there.

HOLDBACK_TABLE: tuple[HoldbackRule, ...] = (
    HoldbackRule("ON", Decimal("0.10"), f"{_ON}, s. 22"),
    HoldbackRule("BC", Decimal("0.10"), f"{_BC}, s. 4"),
    HoldbackRule("AB", Decimal("0.10"), f"{_AB}, s. 18"),
    HoldbackRule("SK", Decimal("0.10"), f"{_SK}, s. 34"),
    HoldbackRule("NB", Decimal("0.10"), f"{_NB}, s. 34"),
    HoldbackRule("MB", Decimal("0.075"), f"{_MB}, s. 24"),
)


class LienRule(NamedTuple):
    """How long a holdback is kept, from ``starts_on`` to ``ends_on``, both included.

    ``days`` run from the completion of the contract. Where it is ``yearly`` they also run from
    each anniversary of the contract, for what was held until then; contracts older than the
    rule join at their second anniversary under it.
    """

    jurisdiction: str
    days: int
    starts_on: date
    ends_on: date | None
    source: str
    yearly: bool = False

    def holds_on(self, jurisdiction: str, on: date) -> bool:
        """Tell whether the rule is in force in a jurisdiction on a day."""
        in_time = self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)
        return self.jurisdiction == jurisdiction and in_time


_EARLIEST = date(2018, 7, 1)
LIEN_TABLE: tuple[LienRule, ...] = (
    LienRule("ON", 60, _EARLIEST, date(2025, 12, 31), f"{_ON}, ss. 26 and 31"),
    LienRule(
        "ON", 60, date(2026, 1, 1), None, f"{_ON}, ss. 26 and 31; O. Reg. 266/25", yearly=True
    ),
    LienRule("BC", 55, _EARLIEST, None, f"{_BC}, s. 8"),
    LienRule("AB", 45, _EARLIEST, date(2022, 8, 28), "Builders' Lien Act, R.S.A. 2000, c. B-7"),
    LienRule("AB", 60, date(2022, 8, 29), None, f"{_AB}, s. 41"),
    LienRule("SK", 40, _EARLIEST, None, f"{_SK}, s. 43"),
    LienRule("MB", 40, _EARLIEST, date(2025, 3, 31), f"{_MB}, s. 43"),
    LienRule("MB", 60, date(2025, 4, 1), None, f"{_MB}, s. 43; S.M. 2023, c. 18"),
    LienRule("NB", 60, date(2021, 11, 1), None, f"{_NB}, s. 52"),
)


class PromptPayment(NamedTuple):
    """Days to pay a proper invoice, and to give notice of non-payment, from its receipt.

    ``new_contracts_only``: contracts from before ``starts_on`` stay as they were.
    """

    jurisdiction: str
    starts_on: date
    pay_days: int
    notice_days: int
    source: str
    new_contracts_only: bool = False


PROMPT_PAYMENT_TABLE: tuple[PromptPayment, ...] = (
    PromptPayment("ON", date(2019, 10, 1), 28, 14, f"{_ON}, ss. 6.4 and 6.5"),
    PromptPayment("SK", date(2022, 3, 1), 28, 14, f"{_SK}, Part I.1"),
    PromptPayment("AB", date(2022, 8, 29), 28, 14, f"{_AB}, ss. 32.2 and 32.3"),
    PromptPayment(FEDERAL, date(2023, 12, 9), 28, 21, f"{_CA}, ss. 9 and 10"),
    PromptPayment(
        "MB",
        date(2025, 4, 1),
        28,
        14,
        f"{_MB}, Part I.1; S.M. 2023, c. 18",
        new_contracts_only=True,
    ),
)


def holdback_rule(
    jurisdiction: str, on: date, extra: Iterable[HoldbackRule] = ()
) -> HoldbackRule | None:
    """Return what says how much is held back of an invoice of a day; None where nothing does.

    ``extra`` are rules of one's own; the first in force of them counts, then the table's.
    """
    rules = (*extra, *HOLDBACK_TABLE)
    return next((rule for rule in rules if rule.holds_on(jurisdiction, on)), None)


def prompt_payment(
    jurisdiction: str, *, contract_from: date, invoice_date: date
) -> PromptPayment | None:
    """Return the statute for an invoice of a construction contract, None where there is none."""
    for rule in PROMPT_PAYMENT_TABLE:
        in_force_from = contract_from if rule.new_contracts_only else invoice_date
        if rule.jurisdiction == jurisdiction and in_force_from >= rule.starts_on:
            return rule
    return None


def latest_due_date(rule: PromptPayment, received_on: date, agreed: date) -> date:
    """Return the earlier of what was agreed and what the statute says, from the receipt."""
    return min(agreed, received_on + timedelta(days=rule.pay_days))


def earliest_release(
    jurisdiction: str,
    *,
    contract_from: date,
    completed_on: date | None,
    held_until: date,
    extra: Sequence[LienRule] = (),
) -> date | None:
    """Return the first day on which what was held until a day may be paid out.

    That is after the lien period from the contract's completion, or, where holdback is released
    yearly, from the first anniversary that lies behind what was held; whichever comes first.
    ``extra`` are rules of one's own: the one in force on the day of the completion, or on the
    last day held, counts instead of the table's. None where nothing is known to run yet.
    """
    days: list[date] = []
    if completed_on is not None:
        rules = (*extra, *LIEN_TABLE)
        found = [rule for rule in rules if rule.holds_on(jurisdiction, completed_on)]
        days += [completed_on + timedelta(days=rule.days) for rule in found[:1]]
    own = [rule for rule in extra if rule.holds_on(jurisdiction, held_until)]
    for rule in own[:1] or LIEN_TABLE:
        if rule.jurisdiction == jurisdiction and rule.yearly:
            anniversary = _release_anniversary(rule, contract_from, held_until)
            days.append(anniversary + timedelta(days=rule.days))
    return min(days, default=None)


def _release_anniversary(rule: LienRule, contract_from: date, held_until: date) -> date:
    """The first anniversary under the rule on or after the day until which was held."""
    years = max(full_years(contract_from, held_until - timedelta(days=1)) + 1, 1)
    if contract_from < rule.starts_on:
        day_before = rule.starts_on - timedelta(days=1)
        years = max(years, full_years(contract_from, day_before) + 2)
    year = contract_from.year + years
    if (contract_from.month, contract_from.day) == (2, 29) and not _is_leap(year):
        return date(year, 3, 1)
    return contract_from.replace(year=year)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
