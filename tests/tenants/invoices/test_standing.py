"""What an invoice is said to be: paid only with money, overdue only while something is open."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site
from support.payments import open_invoices

from billing.periods import month_period
from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.invoices.services import credit_invoice, generate_invoice, issue_invoice
from tenants.payments.services import (
    Part,
    PaymentInput,
    apply_credit_note,
    record_customer_payment,
    write_off_invoice,
)


def credit(invoice, amount=None):
    note = credit_invoice(
        actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Agreed", amount=amount
    )
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    return note


def write_off(invoice, amount):
    write_off_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Gone", amount=amount)


def pay(invoice, amount):
    record_customer_payment(
        actor=SYSTEM,
        customer_id=invoice.customer.customer_id,
        given=PaymentInput(amount, "CAD", date(2025, 6, 2), "ACH"),
        rules=(),
        parts=[Part(invoice.invoice_id)],
    )


SETTLED = {
    "credited in part": ([(credit, Decimal(100))], "Partly credited", "partially_paid"),
    "credited": ([(credit, None)], "Credited", "credited"),
    "written off in part": ([(write_off, Decimal(30))], "Partly written off", "partially_paid"),
    "written off": ([(write_off, Decimal(1130))], "Written off", "paid"),
    "credited, then written off": (
        [(credit, Decimal(100)), (write_off, Decimal(1017))],
        "Settled",
        "paid",
    ),
    "paid in part": ([(credit, Decimal(100)), (pay, Decimal(5))], "Partly paid", "partially_paid"),
    "paid": ([(write_off, Decimal(30)), (pay, Decimal(1100))], "Paid", "paid"),
}


@pytest.mark.parametrize(("steps", "label", "status"), SETTLED.values(), ids=SETTLED)
def test_paid_is_said_of_money(in_acme, steps, label, status):
    (invoice,) = open_invoices()
    for settle, amount in steps:
        settle(invoice, amount)
    invoice.refresh_from_db()
    assert (str(invoice.status_label), invoice.payment_status) == (label, status)


def test_a_credit_note_is_partly_used(in_acme):
    first, second = open_invoices(2)
    pay(first, Decimal(1130))
    note = credit(first)
    apply_credit_note(
        actor=SYSTEM,
        credit_note_id=note.invoice_id,
        parts=[Part(second.invoice_id, Decimal(100))],
    )
    note.refresh_from_db()
    assert (str(note.status_label), note.payment_status) == ("Partly used", "partially_paid")


@pytest.fixture
def overdue_badges(acme, client_for):
    """How many badges of the list call a document overdue; each row has one a screen width."""
    client = client_for(acme)
    with organisation_context(acme):
        client.force_login(
            add_person(actor=SYSTEM, email="one@acme.example", name="One", role="viewer")
        )
    return lambda: client.get("/invoices").content.decode().count('badge--bad">Overdue<')


def test_only_what_is_open_is_overdue(acme, overdue_badges):
    with organisation_context(acme):
        site = make_site()
        make_contract(site)
        invoice = generate_invoice(
            actor=SYSTEM, site_id=site.site_id, period=month_period(2025, 1)
        ).invoice
    assert overdue_badges() == 2
    with organisation_context(acme):
        credit(invoice)
    assert overdue_badges() == 0
