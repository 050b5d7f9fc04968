"""Journal and balances as pages show them: debit and credit apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from django.utils.translation import gettext as _

from billing.lines import DESCRIPTIONS, LineCode
from billing.periods import month_period
from shared.kernel.clock import today
from shared.kernel.tax_names import tax_name
from tenants.ledger.models import Account, JournalEntry
from tenants.ledger.selectors import Balance

ZERO = Decimal(0)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Posted:
    """One amount on one side of an account."""

    account: Any
    detail: str
    currency: str
    debit: Decimal | None
    credit: Decimal | None


@dataclass(frozen=True)
class PostedEntry:
    """One entry with its lines, and in the books' currency where that is another one."""

    entry: JournalEntry
    lines: list[Posted]
    booked: list[Posted]


@dataclass(frozen=True)
class CurrencyBalance:
    """The accounts of one currency; both sides add up to the same."""

    currency: str
    rows: list[Posted]
    debit: Decimal
    credit: Decimal


def account_name(account: str, detail: str) -> tuple[Any, str]:
    """The account's name, and the tax or the line that it is divided by."""
    if account == Account.TAX_PAYABLE:
        return Account(account).label, str(tax_name(detail)) if detail else ""
    # The names of lines are translated where invoices show them, by the same text.
    known = DESCRIPTIONS.get(cast(LineCode, detail), detail)
    return Account(account).label, _(known) if known else ""


def posted(account: str, detail: str, currency: str, amount: Decimal) -> Posted:
    """An amount on its side: debit where it is more than zero."""
    label, about = account_name(account, detail)
    debit, credit = (amount, None) if amount > 0 else (None, -amount)
    return Posted(label, about, currency, debit, credit)


def posted_entry(entry: JournalEntry) -> PostedEntry:
    """An entry as the journal shows it."""
    lines = list(entry.lines.all())
    booked = []
    if entry.base_currency != entry.currency:
        booked = [
            posted(line.account, line.detail, entry.base_currency, line.base_amount)
            for line in lines
            if line.base_amount
        ]
    shown = [
        posted(line.account, line.detail, entry.currency, line.amount)
        for line in lines
        if line.amount
    ]
    return PostedEntry(entry, shown, booked)


def balances_by_currency(balances: Iterable[Balance]) -> list[CurrencyBalance]:
    """The books of each currency: what entries in other currencies came to included."""
    sums: dict[tuple[str, str, str], Decimal] = {}
    for row in balances:
        key = (row.base_currency, row.account, row.detail)
        sums[key] = sums.get(key, ZERO) + row.base_amount
    order = list(Account.values)
    found: dict[str, list[Posted]] = {}
    for (currency, account, detail), amount in sorted(
        sums.items(), key=lambda one: (one[0][0], order.index(one[0][1]), one[0][2])
    ):
        if amount:
            found.setdefault(currency, []).append(posted(account, detail, currency, amount))
    return [
        CurrencyBalance(
            currency,
            rows,
            sum((row.debit or ZERO for row in rows), ZERO),
            sum((row.credit or ZERO for row in rows), ZERO),
        )
        for currency, rows in found.items()
    ]


def month_to_close(closed_through: date | None) -> date | None:
    """The last day of the month that is next to close; None where it is not over yet.

    The last full month where the books were never closed.
    """
    this_month = today().replace(day=1)
    if closed_through is None:
        return this_month - ONE_DAY
    first = closed_through + ONE_DAY
    last = month_period(first.year, first.month).end_date
    return last if last < today() else None


def day_given(text: str) -> date | None:
    """A day of a page's address; None where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
