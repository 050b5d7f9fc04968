"""Which open invoices a payment settles: by reference, by exact amount, oldest first.

The rules are tried in this order; the first that finds something decides. What a reference
names is all the payer meant, so the rest of such a payment stays unapplied. Nobody pays what he
objects to unasked: oldest first, disputed parts come after all that is undisputed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

from billing.money import EXACT, ZERO

CODES_MAX = 50
SUM_OF_AT_MOST = 4
SUMS_AMONG_AT_MOST = 30

_BETWEEN = r"[\s\-‐‑–./_#:]*"  # payers and banks write several dashes
_INVOICE_ID = re.compile(rf"(?<![A-Z0-9])INV{_BETWEEN}(\d{{9}})(?![0-9])", re.ASCII)
_NUMBER = re.compile(
    rf"(?<![A-Z0-9])([A-Z][A-Z0-9]{{0,8}}?){_BETWEEN}(20\d\d){_BETWEEN}(\d{{6,9}})(?![0-9])",
    re.ASCII,
)


class Rule(StrEnum):
    """How the invoices were found."""

    REFERENCE = "reference"
    EXACT = "exact"
    OLDEST = "oldest"


ALL_RULES = (Rule.REFERENCE, Rule.EXACT, Rule.OLDEST)


class OpenInvoice(NamedTuple):
    """An invoice with something left to pay; ``codes`` are its id and its number.

    ``disputed`` is what of the balance the customer objects to.
    """

    key: str
    codes: frozenset[str]
    due_date: date
    balance: Decimal
    disputed: Decimal = ZERO


class Share(NamedTuple):
    """What an invoice takes of a payment, and by what it was found."""

    key: str
    amount: Decimal
    rule: Rule
    detail: str


def find_codes(text: str) -> list[str]:
    """Return the invoice ids and numbers that stand in ``text``, as they are written properly.

    Blanks, dashes, points and case do not matter: "tp 2025 001234" is TP-2025-001234. At most
    fifty, in the order of the text.
    """
    upper = text.upper()
    found = [f"INV{match[1]}" for match in _INVOICE_ID.finditer(upper)]
    found += [f"{match[1]}-{match[2]}-{match[3]}" for match in _NUMBER.finditer(upper)]
    return list(dict.fromkeys(found))[:CODES_MAX]


def propose(
    amount: Decimal,
    reference: str,
    invoices: Sequence[OpenInvoice],
    rules: Sequence[Rule] = ALL_RULES,
) -> list[Share]:
    """Return how ``amount`` is shared among one customer's open invoices of one currency.

    The shares add up to ``amount`` at most and none exceeds its invoice's balance.
    """
    oldest = sorted(invoices, key=lambda one: (one.due_date, one.key))
    for rule in rules:
        if rule is Rule.REFERENCE:
            shares = _by_reference(amount, reference, oldest)
        elif rule is Rule.EXACT:
            shares = _by_exact_amount(amount, oldest)
        else:
            shares = _oldest_first(amount, oldest)
        if shares:
            return shares
    return []


def _by_reference(amount: Decimal, reference: str, invoices: Sequence[OpenInvoice]) -> list[Share]:
    codes = find_codes(reference)
    named = [
        (one, code)
        for one in invoices
        if (code := next((code for code in codes if code in one.codes), None))
    ]
    return _fill(amount, named, Rule.REFERENCE)


def _by_exact_amount(amount: Decimal, invoices: Sequence[OpenInvoice]) -> list[Share]:
    """One invoice whose balance is the amount, else the only few that add up to it."""
    single = [one for one in invoices if one.balance == amount]
    if single:
        return [Share(single[0].key, amount, Rule.EXACT, "")] if len(single) == 1 else []
    few = [one for one in invoices if one.balance < amount][:SUMS_AMONG_AT_MOST]
    found: list[tuple[OpenInvoice, ...]] = []
    for size in range(2, SUM_OF_AT_MOST + 1):
        for chosen in combinations(few, size):
            if _sum(chosen) == amount:
                found.append(chosen)
            if len(found) > 1:
                return []
    if not found:
        return []
    detail = " + ".join(f"{one.balance.normalize():f}" for one in found[0])
    return [Share(one.key, one.balance, Rule.EXACT, detail) for one in found[0]]


def _oldest_first(amount: Decimal, invoices: Sequence[OpenInvoice]) -> list[Share]:
    """What is undisputed by due date, then what is disputed by due date; a share an invoice."""
    agreed = [one._replace(balance=EXACT.subtract(one.balance, one.disputed)) for one in invoices]
    disputed = [one._replace(balance=one.disputed) for one in invoices]
    found: dict[str, Share] = {}
    parts = [(one, f"{one.due_date}") for one in (*agreed, *disputed)]
    for share in _fill(amount, parts, Rule.OLDEST):
        earlier = found.get(share.key)
        whole = EXACT.add(earlier.amount, share.amount) if earlier else share.amount
        found[share.key] = share._replace(amount=whole)
    return list(found.values())


def _fill(amount: Decimal, invoices: Sequence[tuple[OpenInvoice, str]], rule: Rule) -> list[Share]:
    left, shares = amount, []
    for one, detail in invoices:
        part = min(left, one.balance)
        if part > ZERO:
            shares.append(Share(one.key, part, rule, detail))
            left = EXACT.subtract(left, part)
    return shares


def _sum(invoices: Sequence[OpenInvoice]) -> Decimal:
    total = ZERO
    for one in invoices:
        total = EXACT.add(total, one.balance)
    return total
