"""Payments: partial, over, twice, refused. Amounts to the cent."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden, Invalid, NotFound
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice
from tenants.payments.errors import NotPayable, TransactionUsed
from tenants.payments.models import Payment
from tenants.payments.selectors import payments
from tenants.payments.services import record_payment

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))


@pytest.fixture
def invoice(in_acme):
    """An issued invoice of 1,130.00."""
    site = make_site()
    make_contract(site)
    return generate_invoice(actor=SYSTEM, site_id=site.site_id, period=JANUARY).invoice


def pay(invoice, amount, transaction_id=None, **options):
    return record_payment(
        actor=options.pop("actor", SYSTEM),
        invoice_id=invoice.invoice_id,
        amount=Decimal(amount),
        received_on=date(2025, 2, 15),
        method=options.pop("method", "ACH"),
        transaction_id=transaction_id,
    )


def test_partial_then_rest(invoice):
    first = pay(invoice, "1000.00", "TXN1").invoice
    assert (first.payment_status, first.balance_due) == ("partially_paid", Decimal("130.00"))
    second = pay(invoice, "130.00", "TXN2").invoice
    assert (second.payment_status, second.balance_due) == ("paid", 0)


def test_overpayment_stays_unapplied(invoice):
    paid = pay(invoice, "1200.50", "TXN1")
    assert (paid.invoice.payment_status, paid.invoice.amount_paid) == ("paid", 1130)
    assert payments(actor=SYSTEM).get().unapplied == Decimal("70.50")


def test_payment_after_full_payment_is_all_credit(invoice):
    pay(invoice, "1130.00", "TXN1")
    pay(invoice, "50.00", "TXN2")
    assert [row.unapplied for row in payments(actor=SYSTEM).order_by("payment_id")] == [0, 50]


def test_same_transaction_again_changes_nothing(invoice):
    first = pay(invoice, "400.00", "TXN1")
    again = pay(invoice, "400.00", "TXN1")
    assert (first.created, again.created) == (True, False)
    assert again.payment.pk == first.payment.pk
    invoice.refresh_from_db()
    assert (invoice.amount_paid, Payment.objects.count()) == (400, 1)


def test_transaction_number_of_another_payment_is_refused(invoice):
    pay(invoice, "400.00", "TXN1")
    with pytest.raises(TransactionUsed):
        pay(invoice, "401.00", "TXN1")
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("amount", ["0", "-5", "NaN", "Infinity", "10.001", "1e20"])
def test_unusable_amounts(invoice, amount):
    with pytest.raises(Invalid) as refused:
        pay(invoice, amount)
    assert refused.value.errors[0].field == "payment_amount"
    assert Payment.objects.count() == 0


def test_unknown_method_and_invoice(invoice):
    with pytest.raises(Invalid) as refused:
        pay(invoice, "1", method="barter")
    assert refused.value.errors[0].field == "payment_method"
    invoice.invoice_id = "INV999999999"
    with pytest.raises(NotFound):
        pay(invoice, "1")


def test_draft_cannot_be_paid(in_acme):
    site = make_site()
    make_contract(site)
    draft = generate_invoice(
        actor=SYSTEM, site_id=site.site_id, period=JANUARY, issue=False
    ).invoice
    with pytest.raises(NotPayable):
        pay(draft, "10.00")


def test_viewer_may_not_record(invoice, actor_in):
    with pytest.raises(Forbidden):
        pay(invoice, "10.00", actor=actor_in("viewer"))
    assert Invoice.objects.get(pk=invoice.pk).amount_paid == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_payment SET amount = 1",
        "DELETE FROM payments_allocation",
        "UPDATE payments_allocation SET amount = 1",
    ],
)
def test_payments_are_append_only(invoice, statement):
    pay(invoice, "400.00", "TXN1")
    with (
        pytest.raises((IntegrityError, InternalError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_payment_of_the_future_is_refused(invoice):
    with pytest.raises(Invalid) as refused:
        record_payment(
            actor=SYSTEM,
            invoice_id=invoice.invoice_id,
            amount=Decimal("10.00"),
            received_on=date(2999, 1, 1),
            method="ACH",
        )
    assert refused.value.errors[0].field == "payment_date"
    assert Payment.objects.count() == 0
