"""Payments in another currency than the books': realised gains and losses, to the cent."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_site
from support.payments import balance_of, open_invoices, receive, unapplied_in_books

from billing.application import ALL_RULES
from shared.kernel.actor import SYSTEM
from tenants.ledger.models import Account, ExchangeRate
from tenants.payments.services import RefundInput, refund_payment, reverse_payment, unapply

INVOICED, APRIL, MAY = date(2025, 1, 31), date(2025, 4, 1), date(2025, 5, 1)


@pytest.fixture
def invoice(in_acme):
    """An invoice of USD 1,130.00 at 1.35: CAD 1,525.50 in the books."""
    rates = {INVOICED: "1.35", APRIL: "1.40", MAY: "1.30"}
    for on, rate in rates.items():
        ExchangeRate.objects.create(
            currency="USD", into="CAD", on=on, rate=Decimal(rate), source="bank_of_canada"
        )
    (made,) = open_invoices(site=make_site(currency="USD"), currency="USD")
    return made


def in_books(account):
    return balance_of(account, base=True)


def test_a_part_at_a_higher_rate_and_the_rest_at_a_lower(invoice):
    # Invoice: 1,130.00 x 1.35 = 1,525.50
    assert (invoice.currency, in_books(Account.RECEIVABLE)) == ("USD", Decimal("1525.50"))
    receive(invoice, "565.01", received_on=APRIL, rules=ALL_RULES)
    # Cash: 565.01 x 1.40 = 791.014 -> 791.01. Left of the invoice: 564.99 x 1.35 = 762.7365 ->
    # 762.74, so 1,525.50 - 762.74 = 762.76 is relieved and 791.01 - 762.76 = 28.25 is gained.
    assert in_books(Account.CASH) == Decimal("791.01")
    assert in_books(Account.RECEIVABLE) == Decimal("762.74")
    assert in_books(Account.EXCHANGE_DIFFERENCE) == Decimal("-28.25")
    receive(invoice, "564.99", received_on=MAY, rules=ALL_RULES)
    # Cash: 564.99 x 1.30 = 734.487 -> 734.49 for the 762.74 left: 28.25 is lost again.
    assert in_books(Account.CASH) == Decimal("1525.50")
    assert in_books(Account.RECEIVABLE) == balance_of(Account.RECEIVABLE) == 0
    assert in_books(Account.EXCHANGE_DIFFERENCE) == 0
    assert in_books(Account.UNAPPLIED_CASH) == unapplied_in_books() == 0


def test_taking_it_back_takes_the_gain_back(invoice):
    payment = receive(invoice, "1130.00", received_on=APRIL, rules=ALL_RULES).payment
    # 1,130.00 x 1.40 = 1,582.00 against 1,525.50: 56.50 gained
    assert in_books(Account.EXCHANGE_DIFFERENCE) == Decimal("-56.50")
    unapply(actor=SYSTEM, payment_id=payment.payment_id)
    assert in_books(Account.EXCHANGE_DIFFERENCE) == 0
    assert in_books(Account.RECEIVABLE) == Decimal("1525.50")
    assert in_books(Account.UNAPPLIED_CASH) == Decimal("-1582.00")


def test_a_reversal_leaves_nothing_in_either_currency(invoice):
    payment = receive(invoice, "777.77", received_on=APRIL, rules=ALL_RULES).payment
    reverse_payment(actor=SYSTEM, payment_id=payment.payment_id, reason="NSF")
    assert in_books(Account.RECEIVABLE) == Decimal("1525.50")
    for account in (Account.CASH, Account.UNAPPLIED_CASH, Account.EXCHANGE_DIFFERENCE):
        assert in_books(account) == balance_of(account) == 0


def test_a_refund_goes_back_at_the_payments_rate(invoice):
    payment = receive(invoice, "10.01", received_on=APRIL).payment
    for amount in ("3.34", "6.67"):
        refund_payment(
            actor=SYSTEM,
            payment_id=payment.payment_id,
            given=RefundInput(Decimal(amount), "ACH", "Twice"),
        )
    # 10.01 x 1.40 = 14.014 -> 14.01 came in; 3.34 and 6.67 take 4.67 + 9.34 = 14.01 out.
    assert in_books(Account.CASH) == in_books(Account.UNAPPLIED_CASH) == 0


def test_without_a_rate_the_books_keep_the_payments_currency(invoice):
    receive(invoice, "1130.00", received_on=date(2025, 8, 1), rules=ALL_RULES)
    assert balance_of(Account.RECEIVABLE) == in_books(Account.RECEIVABLE) == 0
    assert balance_of(Account.EXCHANGE_DIFFERENCE) == 0
    # USD 1,130.00 stands in the books of dollars, CAD 1,525.50 was relieved in the others.
    assert in_books(Account.EXCHANGE_DIFFERENCE) == Decimal("395.50")
