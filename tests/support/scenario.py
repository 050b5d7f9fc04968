"""What the scenarios ask again and again: where the books stand at the end of a day."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from billing.ageing import Bucket
from shared.kernel.actor import SYSTEM
from tenants.ledger.models import Account
from tenants.ledger.selectors import trial_balance
from tenants.payments.control import control_differences
from tenants.payments.selectors import GroupBy, ageing, ageing_totals

Money = str
NOTHING = Decimal(0)


def at(clock: Any, day: date) -> None:
    """It is that day, in the forenoon of every Canadian time zone."""
    clock.move_to(datetime.combine(day, time(17), UTC), tick=False)


def check_books(
    on: date,
    accounts: Mapping[str | tuple[str, str], Money],
    *,
    aged: Mapping[Bucket, Money],
    credits: Money = "0",
) -> None:
    """The trial balance is exactly this, debit positive; the ageing is; they agree with documents.

    An account of tax or revenue is told with its detail.
    """
    found = {
        (row.account, row.detail) if row.detail else row.account: row.amount
        for row in trial_balance(actor=SYSTEM, on=on, detailed=True)
    }
    assert found == {name: Decimal(amount) for name, amount in accounts.items()}
    assert sum(found.values()) == 0
    assert control_differences(actor=SYSTEM, on=on) == []
    check_ageing(on, aged, credits)
    receivable = found.get(Account.RECEIVABLE, NOTHING)
    unapplied = -found.get(Account.UNAPPLIED_CASH, NOTHING)
    for by in GroupBy:
        rows = ageing(actor=SYSTEM, by=by, on=on)
        assert sum(row.total for row in rows) == receivable
    by_customer = ageing(actor=SYSTEM, by=GroupBy.CUSTOMER, on=on)
    assert sum(row.unapplied for row in by_customer) == unapplied


def check_ageing(on: date, aged: Mapping[Bucket, Money], credits: Money) -> None:
    """What all customers owe by how late it is, and their open credit notes."""
    rows = ageing_totals(actor=SYSTEM, on=on)
    expected = {bucket: Decimal(aged.get(bucket, 0)) for bucket in Bucket}
    if not any(expected.values()):
        assert rows == []
        return
    (row,) = rows
    assert (dict(row.buckets), row.credits) == (expected, Decimal(credits))
    assert row.total == sum(expected.values()) + Decimal(credits)
