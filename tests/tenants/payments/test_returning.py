"""Refunds and reversals: what goes back, to the cent, and what is refused."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from support.billing import make_site
from support.browsers import signed_in
from support.payments import (
    RECEIVED,
    balance_of,
    credit_note,
    open_invoices,
    receive,
    unapplied_in_books,
)

from billing.application import ALL_RULES
from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.invoices.errors import NotVoidable
from tenants.invoices.services import void_invoice
from tenants.ledger.models import Account, ExchangeRate
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
    undo_refund,
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


def take_back(refund, reason="Returned by the bank"):
    return undo_refund(actor=SYSTEM, refund_id=refund.refund_id, reason=reason)


def test_a_refund_that_came_back_stands_unapplied_again(invoices):
    (invoice,) = invoices()
    payment = receive(invoice, "1200.00", rules=ALL_RULES).payment
    refund = give_back(payment, "69.99", transaction_id="R1")
    undone = take_back(refund)
    assert (undone.amount, undone.reverses, undone.refunded_on) == (
        Decimal("-69.99"),
        refund,
        today(),
    )
    assert unapplied_of(payment) == unapplied_in_books() == 70
    assert balance_of(Account.CASH) == 1200
    # again changes nothing, and what undoes is no refund itself
    assert take_back(refund).pk == undone.pk
    with pytest.raises(Invalid) as refused:
        take_back(undone)
    assert [(one.field, one.code) for one in refused.value.errors] == [("refund_id", "undoing")]
    with pytest.raises(Invalid):
        take_back(refund, " ")
    with pytest.raises(NotFound):
        undo_refund(actor=SYSTEM, refund_id="REF999999999", reason="x")
    acts = Entry.objects.filter(object_id=str(payment.pk)).order_by("sequence")
    assert [one.action for one in acts][-2:] == ["payment.refunded", "payment.refund_undone"]
    # the money can be given back again, or the payment reversed
    with pytest.raises(TransactionUsed):  # not told of as given back, which it is not
        give_back(payment, "69.99", transaction_id="R1")
    give_back(payment, "70.00")
    assert unapplied_of(payment) == unapplied_in_books() == 0


def test_a_payment_whose_refund_came_back_can_be_reversed(invoices):
    (invoice,) = invoices()
    payment = receive(invoice, "100.00").payment
    refund = give_back(payment, "40.00")
    reverse = {"actor": SYSTEM, "payment_id": payment.payment_id, "reason": "NSF"}
    with pytest.raises(NotReversible):
        reverse_payment(**reverse)
    take_back(refund)
    reverse_payment(**reverse)
    assert balance_of(Account.CASH) == unapplied_in_books() == 0


def test_a_credit_notes_refund_taken_back_is_credit_again(invoices):
    (invoice,) = invoices()
    note = credit_note(invoice, "200.00")
    given = RefundInput(Decimal("150.00"), "ACH", "Closed account")
    refund = refund_credit_note(actor=SYSTEM, credit_note_id=note.invoice_id, given=given)
    take_back(refund)
    note.refresh_from_db()
    assert (note.balance_due, note.amount_paid) == (-200, 0)
    assert balance_of(Account.CASH) == 0
    assert balance_of(Account.RECEIVABLE) == FULL - 200
    with pytest.raises(NotVoidable):  # what was posted for it would stay without it
        void_invoice(actor=SYSTEM, invoice_id=note.invoice_id, reason="wrong")


def test_the_database_takes_a_refund_back_whole_and_once(invoices):
    (invoice,) = invoices()
    payment = receive(invoice, "100.00").payment
    refund = give_back(payment, "40.00")

    def row(code, amount):
        return Refund(
            refund_id=code,
            payment=payment,
            customer=payment.customer,
            refunded_on=today(),
            amount=Decimal(amount),
            currency="CAD",
            method="ACH",
            reason="x",
            reverses=refund,
        )

    with pytest.raises(IntegrityError, match="whole"), transaction.atomic():
        row("REF900000001", "-39.99").save(force_insert=True)
    take_back(refund)
    with pytest.raises(IntegrityError), transaction.atomic():
        row("REF900000002", "-40.00").save(force_insert=True)


def test_a_refund_in_another_currency_comes_back_at_the_rate_it_left_with(in_acme):
    """Thirds of a dollar at a rate that never divides: the books end where they began."""
    for on, rate in ((RECEIVED, "1.33337"), (today(), "1.5")):
        ExchangeRate.objects.create(
            currency="USD", into="CAD", on=on, rate=Decimal(rate), source="manual"
        )
    (invoice,) = open_invoices(site=make_site(currency="USD"), currency="USD")
    payment = receive(invoice, "100.01").payment
    held = (balance_of(Account.CASH, base=True), balance_of(Account.UNAPPLIED_CASH, base=True))
    assert held == (Decimal("133.35"), Decimal("-133.35"))  # 100.01 x 1.33337 = 133.350...
    refunds = [give_back(payment, "33.33") for _third in range(3)]
    for refund in (refunds[1], refunds[0], refunds[2]):
        take_back(refund)
    assert unapplied_of(payment) == Decimal("100.01")
    assert held == (
        balance_of(Account.CASH, base=True),
        balance_of(Account.UNAPPLIED_CASH, base=True),
    )
    assert balance_of(Account.EXCHANGE_DIFFERENCE, base=True) == 0


def test_taking_back_over_http_and_on_the_page(acme, api, client_for, invoices, actor_in):
    (invoice,) = invoices()
    payment = receive(invoice, "100.00").payment
    first, second = give_back(payment, "40.00"), give_back(payment, "10.00")
    with pytest.raises(Forbidden):
        undo_refund(actor=actor_in("viewer"), refund_id=first.refund_id, reason="x")
    path = f"/payments/refunds/{first.refund_id}/undo"
    answer = api.post(path, {"reason": "returned"})
    assert (answer.status, answer.body["amount"], answer.body["undoes"]) == (
        200,
        Decimal("-40.00"),
        first.refund_id,
    )
    assert api.post("/payments/refunds/REF999999999/undo", {"reason": "x"}).status == 404
    assert api.post(path, {"reason": ""}).status == 422
    browser = signed_in(client_for, acme)
    page = f"/payments/{payment.payment_id}"
    assert f"undo-{second.refund_id}" in browser.get(page).content.decode()
    undo = f"{page}/refunds/{second.refund_id}/undo"
    assert browser.post(undo, {f"{second.refund_id}-reason": ""}).status_code == 422
    assert browser.post(undo, {f"{second.refund_id}-reason": "mistake"}).status_code == 302
    assert f"Takes {second.refund_id} back" in browser.get(page).content.decode()
    assert unapplied_of(payment) == 100
