"""Real threads on one payment and its invoices: nothing is given or settled twice."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError
from support.payments import balance_of, open_invoices, receive, unapplied_in_books
from support.threads import at_once

from shared.kernel.actor import SYSTEM
from shared.kernel.errors import AppError
from shared.kernel.tenancy import organisation_context
from tenants.invoices.models import Invoice
from tenants.ledger.models import Account
from tenants.payments.errors import TransactionUsed
from tenants.payments.models import Allocation, Payment
from tenants.payments.services import (
    Part,
    RefundInput,
    apply_automatically,
    apply_to_invoices,
    record_payment,
    refund_payment,
    reverse_payment,
    unapplied_of,
    unapply,
    undo_refund,
)


@pytest.fixture
def organisation(throwaway_organisation, django_db_blocker):
    with django_db_blocker.unblock():
        yield throwaway_organisation


def refused(results):
    return [one for one in results if isinstance(one, AppError)]


def test_unapplied_credit_is_given_once(organisation):
    with organisation_context(organisation):
        invoices = open_invoices(4)
        payment = receive(invoices[0], "1130.00").payment

    def apply_to(invoice):
        return lambda: apply_to_invoices(
            actor=SYSTEM,
            payment_id=payment.payment_id,
            parts=[Part(invoice.invoice_id, Decimal("1130.00"))],
        )

    results = at_once(organisation, *(apply_to(one) for one in invoices))
    assert len(refused(results)) == 3
    with organisation_context(organisation):
        assert unapplied_of(payment) == unapplied_in_books() == 0
        assert Invoice.objects.filter(payment_status="paid").count() == 1
        assert balance_of(Account.RECEIVABLE) == Decimal("3390.00")


def test_several_payments_settle_one_invoice_once(organisation):
    with organisation_context(organisation):
        (invoice,) = open_invoices()
        payments = [receive(invoice, "1130.00").payment for _ in range(4)]
    at_once(
        organisation,
        *(
            lambda code=one.payment_id: apply_automatically(actor=SYSTEM, payment_id=code)
            for one in payments
        ),
    )
    with organisation_context(organisation):
        invoice.refresh_from_db()
        assert (invoice.payment_status, invoice.balance_due) == ("paid", 0)
        assert sorted(unapplied_of(one) for one in payments) == [0, 1130, 1130, 1130]
        assert unapplied_in_books() == 3390


def test_reversal_and_refund_at_once_pay_out_once(organisation):
    for _round in range(3):
        with organisation_context(organisation):
            (invoice,) = open_invoices()
            payment = receive(invoice, "500.00").payment
            before = balance_of(Account.CASH)
        given = RefundInput(Decimal("500.00"), "ACH", "Twice")
        code = payment.payment_id
        results = at_once(
            organisation,
            lambda code=code: reverse_payment(actor=SYSTEM, payment_id=code, reason="NSF"),
            lambda code=code, given=given: refund_payment(
                actor=SYSTEM, payment_id=code, given=given
            ),
        )
        assert len(refused(results)) == 1
        with organisation_context(organisation):
            assert balance_of(Account.CASH) == before - 500


def test_applying_and_taking_back_at_once_never_lose_a_cent(organisation):
    with organisation_context(organisation):
        invoices = open_invoices(3)
        payments = [receive(invoices[0], "1500.00").payment for _ in range(2)]
    works = [
        work
        for one in payments
        for work in (
            lambda code=one.payment_id: apply_automatically(actor=SYSTEM, payment_id=code),
            lambda code=one.payment_id: unapply(actor=SYSTEM, payment_id=code),
            lambda code=one.payment_id: apply_automatically(actor=SYSTEM, payment_id=code),
        )
    ]
    assert refused(at_once(organisation, *works)) == []
    with organisation_context(organisation):
        unapplied = sum(unapplied_of(one) for one in payments)
        open_now = sum(one.balance_due for one in Invoice.objects.all())
        assert unapplied == unapplied_in_books()
        assert open_now == balance_of(Account.RECEIVABLE) == 3390 - (3000 - unapplied)


def test_the_same_payment_without_a_number_is_recorded_once(organisation):
    with organisation_context(organisation):
        (invoice,) = open_invoices()

    def pay():
        return record_payment(
            actor=SYSTEM,
            invoice_id=invoice.invoice_id,
            amount=Decimal("1130.00"),
            received_on=invoice.due_date,
            method="ACH",
        ).created

    assert sorted(at_once(organisation, pay, pay, pay, pay)) == [False, False, False, True]
    with organisation_context(organisation):
        assert Payment.objects.count() == 1


def test_the_database_itself_makes_two_share_what_there_is(organisation):
    """Past the services and their lock: the second one waits for the first, then looks.

    And one transaction told three times at once is one payment.
    """
    with organisation_context(organisation):
        (invoice,) = open_invoices()

    def tell():
        return receive(invoice, "500.00", transaction_id="TXN-1")

    results = at_once(organisation, tell, tell, tell)
    assert not refused(results)
    assert sorted(one.created for one in results) == [False, False, True]
    payment = results[0].payment

    def take():
        try:
            Allocation.objects.create(
                invoice=invoice,
                payment=payment,
                amount=Decimal("400.00"),
                applied_on=date(2025, 6, 2),
            )
        except IntegrityError:
            return False
        return True

    assert sorted(at_once(organisation, take, take, take)) == [False, False, True]
    with organisation_context(organisation):
        assert (Payment.objects.count(), balance_of(Account.CASH)) == (1, 500)


def test_a_refund_is_given_and_taken_back_once(organisation):
    with organisation_context(organisation):
        (invoice,) = open_invoices()
        payment = receive(invoice, "100.00").payment
        others = [receive(invoice, "5.00").payment for _number in range(3)]

    def give_back(one):
        given = RefundInput(Decimal("5.00"), "ACH", "Paid twice", transaction_id="R1")
        return lambda: refund_payment(actor=SYSTEM, payment_id=one.payment_id, given=given)

    results = at_once(organisation, *map(give_back, others))
    assert [type(one) for one in refused(results)] == [TransactionUsed] * 2
    with organisation_context(organisation):
        given = RefundInput(Decimal("40.00"), "ACH", "Paid twice")
        refund = refund_payment(actor=SYSTEM, payment_id=payment.payment_id, given=given)

    def take_back():
        return undo_refund(actor=SYSTEM, refund_id=refund.refund_id, reason="returned").pk

    results = at_once(organisation, *[take_back] * 4)
    assert len(set(results)) == 1
    with organisation_context(organisation):
        assert (unapplied_of(payment), unapplied_in_books()) == (100, 110)
        assert balance_of(Account.CASH) == 110
