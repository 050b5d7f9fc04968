"""What the database refuses by itself, where a service forgot to look."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from support.billing import make_site
from support.payments import credit_note, open_invoices, receive

from shared.kernel.actor import SYSTEM
from tenants.invoices.models import Invoice
from tenants.invoices.services import void_invoice
from tenants.payments.models import Allocation, Refund, Reversal

DAY = date(2025, 6, 2)


def allocate(invoice, amount, **source):
    with transaction.atomic():
        return Allocation.objects.create(
            invoice=invoice, amount=Decimal(amount), applied_on=DAY, **source
        )


def give_back(payment, amount):
    with transaction.atomic():
        return Refund.objects.create(
            refund_id="REF000000001",
            payment=payment,
            customer=payment.customer,
            refunded_on=DAY,
            amount=Decimal(amount),
            currency=payment.currency,
            method="ACH",
            reason="Twice",
        )


@pytest.fixture
def payment(invoices):
    (invoice,) = invoices()
    return receive(invoice, "500.00").payment


@pytest.mark.spoils_the_books
def test_a_payment_never_gives_more_than_it_is(payment):
    invoice = Invoice.objects.get()
    with pytest.raises(IntegrityError):
        allocate(invoice, "500.01", payment=payment)
    with pytest.raises(IntegrityError):
        give_back(payment, "500.01")
    allocate(invoice, "300.00", payment=payment)
    with pytest.raises(IntegrityError):
        give_back(payment, "200.01")
    give_back(payment, "200.00")
    with pytest.raises(IntegrityError):
        allocate(invoice, "0.01", payment=payment)


@pytest.mark.spoils_the_books
def test_only_a_payment_that_settles_nothing_is_reversed_and_then_it_stays_so(payment):
    invoice = Invoice.objects.get()
    undone = allocate(invoice, "10.00", payment=payment)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reversal.objects.create(payment=payment, reversed_on=DAY, reason="NSF")
    allocate(invoice, "-10.00", payment=payment, reverses=undone)
    Reversal.objects.create(payment=payment, reversed_on=DAY, reason="NSF")
    with pytest.raises(IntegrityError):
        allocate(invoice, "1.00", payment=payment)
    with pytest.raises(IntegrityError):
        give_back(payment, "1.00")


def test_an_invoice_is_settled_by_its_own_customer_in_its_own_currency(payment):
    (other,) = open_invoices(site=make_site(site_name="Other"))
    (dollars,) = open_invoices(site=make_site(currency="USD"), currency="USD")
    note = credit_note(Invoice.objects.earliest("invoice_id"), "50.00")
    for invoice in (other, dollars):
        for source in ({"payment": payment}, {"credit_note": note}):
            with pytest.raises(IntegrityError):
                allocate(invoice, "10.00", **source)


@pytest.mark.parametrize("name", ["amount_paid", "amount_credited", "amount_written_off"])
def test_only_an_issued_invoice_is_settled(invoices, name):
    (invoice,) = invoices()
    void_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Wrong site")
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.update(**{name: Decimal("1.00")})
