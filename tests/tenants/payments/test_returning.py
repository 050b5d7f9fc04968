"""Refunds and reversals: what goes back, to the cent, and what is refused."""

from datetime import date
from decimal import Decimal

import pytest
from support.payments import RECEIVED, balance_of, credit_note, receive, unapplied_in_books

from billing.application import ALL_RULES
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.ledger.models import Account
from tenants.payments.errors import NotReversible, TransactionUsed
from tenants.payments.models import Refund, Reversal
from tenants.payments.services import (
    Part,
    RefundInput,
    apply_credit_note,
    apply_to_invoices,
    record_payment,
    refund_credit_note,
    refund_payment,
    reverse_payment,
    unapplied_of,
    unapply_credit_note,
)

FULL = Decimal("1130.00")


def give_back(payment, amount, **changes):
    given = RefundInput(Decimal(amount), "ACH", "Paid twice", **changes)
    return refund_payment(actor=SYSTEM, payment_id=payment.payment_id, given=given)


def test_a_refund_takes_what_is_unapplied(invoices):
    (invoice,) = invoices()
    payment = receive(invoice, "1200.00", rules=ALL_RULES).payment  # 70.00 too much
    refund = give_back(payment, "69.99")
    assert unapplied_of(payment) == unapplied_in_books() == Decimal("0.01")
    assert balance_of(Account.CASH) == Decimal("1130.01")
    assert (refund.refunded_on, refund.customer) == (today(), payment.customer)
    with pytest.raises(Invalid) as refused:
        give_back(payment, "0.02")
    assert [(one.field, one.code) for one in refused.value.errors] == [("amount", "exceeds")]


def test_what_is_applied_is_not_refunded(invoices):
    (invoice,) = invoices()
    payment = receive(invoice, "1130.00", rules=ALL_RULES).payment
    with pytest.raises(Invalid):
        give_back(payment, "0.01")


def test_the_same_refund_again_changes_nothing(invoices):
    (invoice,) = invoices()
    payment = receive(invoice, "100").payment
    first, again = (
        give_back(payment, "60", transaction_id="R1"),
        give_back(payment, "60", transaction_id="R1"),
    )
    assert first.pk == again.pk
    assert unapplied_of(payment) == 40
    with pytest.raises(TransactionUsed):
        give_back(payment, "1", transaction_id="R1")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"method": "barter"}, "method"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"refunded_on": date(2999, 1, 1)}, "refunded_on"),
        ({"refunded_on": date(2025, 6, 1)}, "refunded_on"),  # before it was received
        ({"transaction_id": "x" * 101}, "transaction_id"),
    ],
)
def test_wrong_refunds_name_the_field(invoices, changes, field):
    (invoice,) = invoices()
    payment = receive(invoice, "100").payment
    values = {"amount": Decimal(10), "method": "ACH", "reason": "Twice", **changes}
    with pytest.raises(Invalid) as refused:
        refund_payment(actor=SYSTEM, payment_id=payment.payment_id, given=RefundInput(**values))
    assert [one.field for one in refused.value.errors] == [field]
    assert Refund.objects.count() == 0


def test_a_reversal_opens_what_was_settled(invoices):
    first, second = invoices(2)
    payment = receive(first, "1700.00", rules=ALL_RULES).payment
    reverse_payment(actor=SYSTEM, payment_id=payment.payment_id, reason="NSF cheque")
    for invoice in (first, second):
        invoice.refresh_from_db()
        assert (invoice.payment_status, invoice.balance_due) == ("unpaid", FULL)
    assert (balance_of(Account.CASH), unapplied_in_books()) == (0, 0)
    assert balance_of(Account.RECEIVABLE) == 2 * FULL
    payment.refresh_from_db()
    assert unapplied_of(payment) == 0


def test_a_payment_is_reversed_once_and_nothing_more_happens_to_it(invoices):
    (invoice,) = invoices()
    payment = receive(invoice, "100").payment
    reverse_payment(actor=SYSTEM, payment_id=payment.payment_id, reason="NSF")
    with pytest.raises(NotReversible):
        reverse_payment(actor=SYSTEM, payment_id=payment.payment_id, reason="NSF")
    with pytest.raises(Invalid):
        give_back(payment, "1")
    with pytest.raises(Invalid):
        apply_to_invoices(
            actor=SYSTEM, payment_id=payment.payment_id, parts=[Part(invoice.invoice_id)]
        )
    assert Reversal.objects.count() == 1


def test_what_was_partly_given_back_is_not_reversed(invoices):
    (invoice,) = invoices()
    payment = receive(invoice, "100").payment
    give_back(payment, "1")
    with pytest.raises(NotReversible):
        reverse_payment(actor=SYSTEM, payment_id=payment.payment_id, reason="NSF")
    with pytest.raises(Invalid):
        reverse_payment(actor=SYSTEM, payment_id=payment.payment_id, reason=" ")


def test_after_a_reversal_the_same_payment_counts_anew(invoices):
    (invoice,) = invoices()

    def pay():
        return record_payment(
            actor=SYSTEM,
            invoice_id=invoice.invoice_id,
            amount=FULL,
            received_on=RECEIVED,
            method="cheque",
        )

    first = pay()
    assert not pay().created
    reverse_payment(
        actor=SYSTEM, payment_id=first.payment.payment_id, reason="Typed for the wrong customer"
    )
    assert pay().created
    assert not pay().created
    invoice.refresh_from_db()
    assert invoice.payment_status == "paid"


def test_a_credit_note_settles_and_is_taken_back(invoices):
    first, second = invoices(2)
    note = credit_note(first, "1500.00")
    apply_credit_note(
        actor=SYSTEM,
        credit_note_id=note.invoice_id,
        parts=[Part(first.invoice_id), Part(second.invoice_id, Decimal("200.00"))],
    )
    note.refresh_from_db()
    first.refresh_from_db()
    assert (first.payment_status, note.balance_due) == ("credited", Decimal("-170.00"))
    # 2 x 1,130.00 - 1,500.00, whatever is applied to what
    assert balance_of(Account.RECEIVABLE) == Decimal("760.00")
    unapply_credit_note(actor=SYSTEM, credit_note_id=note.invoice_id)
    note.refresh_from_db()
    second.refresh_from_db()
    assert (note.balance_due, second.balance_due) == (Decimal("-1500.00"), FULL)
    assert balance_of(Account.RECEIVABLE) == Decimal("760.00")


def test_a_credit_note_gives_no_more_than_it_has(invoices):
    first, second = invoices(2)
    note = credit_note(first, "1000.00")
    parts = [Part(first.invoice_id, Decimal("600.00")), Part(second.invoice_id, Decimal("400.01"))]
    with pytest.raises(Invalid) as refused:
        apply_credit_note(actor=SYSTEM, credit_note_id=note.invoice_id, parts=parts)
    assert [one.field for one in refused.value.errors] == ["invoices[1].amount"]
    with pytest.raises(Invalid):
        apply_credit_note(
            actor=SYSTEM, credit_note_id=note.invoice_id, parts=[Part(note.invoice_id)]
        )
    with pytest.raises(NotFound):
        apply_credit_note(
            actor=SYSTEM, credit_note_id=first.invoice_id, parts=[Part(second.invoice_id)]
        )


def test_an_open_credit_note_is_paid_out(invoices):
    (invoice,) = invoices()
    receive(invoice, "1130.00", rules=ALL_RULES)
    note = credit_note(invoice, "100.00")

    def pay_out(amount, number=None):
        given = RefundInput(Decimal(amount), "cheque", "Closed account", transaction_id=number)
        return refund_credit_note(actor=SYSTEM, credit_note_id=note.invoice_id, given=given)

    pay_out("40.00", "R1")
    assert pay_out("40.00", "R1").amount == 40
    pay_out("60.00")
    note.refresh_from_db()
    assert (note.balance_due, note.payment_status) == (0, "paid")
    assert balance_of(Account.RECEIVABLE) == 0
    assert balance_of(Account.CASH) == Decimal("1030.00")
    with pytest.raises(Conflict):
        pay_out("0.01")


def test_refunds_and_reversals_are_for_who_may(invoices, actor_in):
    (invoice,) = invoices()
    payment = receive(invoice, "100").payment
    given = RefundInput(Decimal(1), "ACH", "Twice")
    approver = actor_in("approver")
    with pytest.raises(Forbidden):
        refund_payment(actor=approver, payment_id=payment.payment_id, given=given)
    with pytest.raises(Forbidden):
        reverse_payment(actor=approver, payment_id=payment.payment_id, reason="NSF")
    with pytest.raises(Forbidden):
        refund_credit_note(actor=approver, credit_note_id=invoice.invoice_id, given=given)
    assert Refund.objects.count() == Reversal.objects.count() == 0
