"""Holdback in another currency: once nothing is held back, nothing of it is left in the books."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from tenants.contracts.models import Contract
from tenants.invoices.services import (
    credit_invoice,
    generate_invoice,
    issue_invoice,
    recalculate_invoice,
    release_holdback,
    void_invoice,
)
from tenants.ledger.models import Account, ExchangeRate, JournalEntry, JournalLine
from tenants.payments.control import control_differences

START = date(2026, 1, 1)


def held(on=date(2999, 1, 1)):
    """Holdback receivable at the end of a day: in dollars and in the books."""
    rows = JournalLine.objects.filter(account=Account.HOLDBACK_RECEIVABLE, posted_on__lte=on)
    pairs = list(rows.values_list("amount", "base_amount"))
    return sum(one for one, _base in pairs), sum(base for _one, base in pairs)


def issued(draft):
    return issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)


def release(contract, on):
    return issued(release_holdback(actor=SYSTEM, contract_id=contract.contract_id, on=on))


def credit(invoice, on, amount=None):
    return issued(
        credit_invoice(
            actor=SYSTEM,
            invoice_id=invoice.invoice_id,
            reason="Any",
            invoice_date=on,
            amount=amount,
        )
    )


def recalculated(contract, invoice, on, fee):
    contract.terms.update(billing_configuration={"monthly_fee": f"{fee:.2f}"})
    found = recalculate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, invoice_date=on)
    issued(found.correction)


def agreed():
    """At the end of any day: nothing held, nothing in the books; journal as documents."""
    days = set(JournalEntry.objects.values_list("posted_on", flat=True))
    for on in sorted(days):
        amount, base = held(on)
        assert amount or not base, on
        assert control_differences(actor=SYSTEM, on=on) == [], on


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_left_at_any_rates(in_acme, seed):
    chance = random.Random(seed)
    for week in range(20):
        rate = Decimal(chance.randint(110_000_000, 160_000_000)).scaleb(-8)
        on = START + timedelta(days=7 * week)
        ExchangeRate.objects.create(currency="USD", into="CAD", on=on, rate=rate, source="manual")
    fee = Decimal(chance.randint(10_000, 99_999)).scaleb(-2)
    contract = make_contract(
        make_site(currency="USD", province="NS"),
        currency="USD",
        configuration={"monthly_fee": str(fee)},
    )
    Contract.objects.filter(pk=contract.pk).update(holdback_rate=Decimal("0.1"))
    with time_machine.travel("2026-05-20T12:00:00-04:00", tick=True):
        bills = [
            generate_invoice(
                actor=SYSTEM, site_id=contract.site.site_id, period=month_period(2026, month)
            ).invoice
            for month in (1, 2, 3)
        ]
        part = Decimal(chance.randint(100, 4_000)).scaleb(-2)
        credit(bills[0], date(2026, 4, 2), part)
        # An adjustment at another rate, and a recalculation that takes more than the invoice had.
        recalculated(contract, bills[1], date(2026, 4, 2), 3 * fee)
        recalculated(contract, bills[1], date(2026, 4, 8), fee / 2)
        first = release(contract, date(2026, 4, 10))
        assert held() == (0, 0)
        credit(first, date(2026, 4, 20), Decimal(chance.randint(1, 1_000)).scaleb(-2))
        assert held()[0] > 0
        second = release(contract, date(2026, 5, 1))
        assert held() == (0, 0)
        void_invoice(actor=SYSTEM, invoice_id=second.invoice_id, reason="Wrong day")
        third = release(contract, date(2026, 5, 20))
        credit(third, date(2026, 5, 20))
        release(contract, date(2026, 5, 20))
        assert held() == (0, 0)
        agreed()
    cleared = JournalEntry.objects.filter(kind="holdback")
    assert cleared.exists()
    accounts = JournalLine.objects.filter(entry__in=cleared).values_list("account", flat=True)
    assert set(accounts) == {Account.HOLDBACK_RECEIVABLE, Account.EXCHANGE_DIFFERENCE}
