"""What one company receives for another: each company's books and statements stay right."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site
from support.payments import balance_of, credit_note, receive
from support.statements import run_statements

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.errors import Invalid
from tenants.invoices.services import generate_invoice
from tenants.ledger.models import Account, ExchangeRate, JournalLine
from tenants.payments.services import (
    Part,
    apply_credit_note,
    apply_to_invoices,
    reverse_payment,
    unapply_credit_note,
)
from tenants.structure.services import create_legal_entity, update_legal_entity

APRIL = date(2025, 4, 1)
FULL = Decimal("1130.00")


@pytest.fixture
def two(in_acme):
    """The same customer's invoices of two companies: 1,130.00 each, January 2025."""
    site = make_site()
    west = create_legal_entity(
        actor=SYSTEM, given={"name": "Acme West Ltd.", "number_prefix": "AW", "currency": "CAD"}
    )
    return [bill(site), bill(site, details={"entity_id": west.pk})]


def bill(site, **contract):
    made = make_contract(site, **contract)
    return generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        contract_id=made.contract_id,
        period=month_period(2025, 1),
    ).invoice


def pay(payment, invoice, amount=None):
    apply_to_invoices(
        actor=SYSTEM,
        payment_id=payment.payment_id,
        parts=[Part(invoice.invoice_id, amount)],
    )


def books(entity_id, *, base=False):
    """The balances of one company that are not zero, by account."""
    sums = defaultdict(Decimal)
    for line in JournalLine.objects.filter(entry__entity_id=entity_id):
        sums[line.account] += line.base_amount if base else line.amount
    return {account: amount for account, amount in sums.items() if amount}


def test_a_payment_for_another_companys_invoice_is_owed_to_that_company(two):
    own, other = two
    payment = receive(own, "1500.00").payment
    pay(payment, other)
    assert books(own.entity_id) == {
        "cash": 1500,
        "unapplied_cash": -370,
        "intercompany": -FULL,
        "receivable": FULL,
        "tax_payable": -130,
        "revenue": -1000,
    }
    assert books(other.entity_id) == {"intercompany": FULL, "tax_payable": -130, "revenue": -1000}
    reverse_payment(actor=SYSTEM, payment_id=payment.payment_id, reason="NSF")
    assert books(other.entity_id) == {"receivable": FULL, "tax_payable": -130, "revenue": -1000}
    assert balance_of(Account.INTERCOMPANY) == balance_of(Account.UNAPPLIED_CASH) == 0


def test_a_credit_note_of_one_company_settles_the_other_ones_invoice(two):
    own, other = two
    note = credit_note(own, "200.00")
    apply_credit_note(
        actor=SYSTEM, credit_note_id=note.invoice_id, parts=[Part(other.invoice_id, Decimal("150"))]
    )
    assert books(own.entity_id)["intercompany"] == -150
    assert books(own.entity_id)["receivable"] == FULL - 50
    assert books(other.entity_id)["receivable"] == FULL - 150
    unapply_credit_note(actor=SYSTEM, credit_note_id=note.invoice_id)
    assert books(other.entity_id)["receivable"] == FULL
    assert balance_of(Account.INTERCOMPANY) == 0


def test_each_companys_statement_says_what_is_owed_to_it(two):
    own, other = two
    pay(receive(own, "1130.00", received_on=date(2025, 1, 31)).payment, other)
    run = run_statements(month_period(today().year, today().month))
    assert [one.reason for one in run.items.all()] == ["", ""]
    made = {one.entity_id: one for one in run.statements.all()}
    # The company that was paid has its own invoice open and owes the money to the other one.
    mine, theirs = made[own.entity_id], made[other.entity_id]
    assert (mine.opening_balance, mine.closing_balance, mine.age_over_90) == (0, FULL, FULL)
    assert (theirs.opening_balance, theirs.closing_balance, theirs.age_over_90) == (FULL, 0, 0)
    assert mine.open_credit == theirs.open_credit == 0
    (line,) = theirs.lines.all()
    assert (line.item_type, line.amount) == ("adjustment", -FULL)
    assert line.service_description.startswith(f"{other.number} transferred between our accounts")


def test_books_that_have_begun_keep_their_currency(two):
    own, _other = two
    change = {"actor": SYSTEM, "entity_id": own.entity_id}
    update_legal_entity(**change, changes={"currency": "CAD"})
    with pytest.raises(Invalid) as refused:
        update_legal_entity(**change, changes={"currency": "USD"})
    assert [(e.field, e.code) for e in refused.value.errors] == [("currency", "in_use")]


def test_the_company_that_is_paid_through_the_other_bears_the_difference_of_rates(in_acme):
    for on, rate in ((date(2025, 1, 31), "1.35"), (APRIL, "1.40")):
        ExchangeRate.objects.create(
            currency="USD", into="CAD", on=on, rate=Decimal(rate), source="bank_of_canada"
        )
    site = make_site(currency="USD")
    west = create_legal_entity(
        actor=SYSTEM, given={"name": "Acme West Ltd.", "number_prefix": "AW", "currency": "CAD"}
    )
    own = bill(site, currency="USD")
    other = bill(site, currency="USD", details={"entity_id": west.pk})
    pay(receive(own, "1130.00", received_on=APRIL).payment, other)
    # 1,130.00 x 1.40 = 1,582.00 came in for an invoice of 1,130.00 x 1.35 = 1,525.50
    assert books(own.entity_id, base=True)["intercompany"] == Decimal("-1582.00")
    assert "exchange_difference" not in books(own.entity_id, base=True)
    assert books(other.entity_id, base=True)["intercompany"] == Decimal("1582.00")
    assert books(other.entity_id, base=True)["exchange_difference"] == Decimal("-56.50")


def test_a_credit_note_without_a_rate_leaves_the_books_of_its_own_currency(in_acme):
    """No rate was known in January: that invoice and its credit note are kept in dollars."""
    ExchangeRate.objects.create(
        currency="USD", into="CAD", on=date(2025, 2, 28), rate=Decimal("1.35"), source="manual"
    )
    site = make_site(currency="USD")
    january = bill(site, currency="USD")
    february = generate_invoice(
        actor=SYSTEM, site_id=site.site_id, period=month_period(2025, 2)
    ).invoice
    note = credit_note(january, "100.00")
    apply_credit_note(
        actor=SYSTEM, credit_note_id=note.invoice_id, parts=[Part(february.invoice_id)]
    )
    kept = JournalLine.objects.filter(account="receivable")
    in_dollars = kept.filter(entry__base_currency="USD").values_list("base_amount", flat=True)
    converted = kept.filter(entry__base_currency="CAD").values_list("base_amount", flat=True)
    # The note is used up in the books of dollars; 1,030.00 x 1.35 = 1,390.50 is left in the others.
    assert (sum(in_dollars), sum(converted)) == (1130, Decimal("1390.50"))
