"""Payments for no, one or several invoices; applied by hand and by rule. To the cent."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_site
from support.payments import RECEIVED, balance_of, open_invoices, receive, unapplied_in_books

from billing.application import ALL_RULES, Rule
from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden, Invalid, NotFound
from tenants.ledger.models import Account
from tenants.payments.errors import TransactionUsed
from tenants.payments.models import Allocation, Payment
from tenants.payments.services import (
    Part,
    apply_automatically,
    apply_to_invoices,
    propose_shares,
    record_payment,
    unapplied_of,
    unapply,
)

FULL = Decimal("1130.00")


def status(invoice):
    invoice.refresh_from_db()
    return invoice.payment_status, invoice.balance_due


def test_a_payment_for_no_invoice_is_all_unapplied(invoices):
    (invoice,) = invoices()
    made = receive(invoice, "500.00", reference="advance", payer="North Ltd")
    assert (unapplied_of(made.payment), made.allocations) == (500, [])
    assert status(invoice) == ("unpaid", FULL)
    assert (balance_of(Account.CASH), unapplied_in_books()) == (500, 500)
    assert made.payment.entity == invoice.entity


def test_several_invoices_at_once_leave_the_rest_unapplied(invoices):
    first, second = invoices(2)
    made = receive(
        first, "1700.00", parts=[Part(first.invoice_id), Part(second.invoice_id, Decimal("500.55"))]
    )
    # 1,700.00 - 1,130.00 - 500.55 = 69.45
    assert status(first) == ("paid", 0)
    assert status(second) == ("partially_paid", Decimal("629.45"))
    assert unapplied_of(made.payment) == unapplied_in_books() == Decimal("69.45")
    assert balance_of(Account.RECEIVABLE) == Decimal("629.45")
    assert {one.rule for one in made.allocations} == {"given"}


def test_a_day_of_another_age_is_refused(invoices):
    (invoice,) = invoices()
    for day, code in ((date(25, 6, 2), "too_early"), (date(2525, 6, 2), "future")):
        with pytest.raises(Invalid) as refused:
            receive(invoice, "10.00", received_on=day)
        assert [(e.field, e.code) for e in refused.value.errors] == [("received_on", code)]
    assert Payment.objects.count() == 0


def test_wrong_parts_are_named_and_nothing_is_kept(invoices):
    first, second = invoices(2)
    (foreign,) = open_invoices(site=make_site(site_name="Other"))
    parts = [
        Part(first.invoice_id, Decimal("1130.01")),
        Part(foreign.invoice_id),
        Part("INV999999999"),
        Part(second.invoice_id, Decimal("0.005")),
        Part(second.invoice_id),
    ]
    with pytest.raises(Invalid) as refused:
        receive(first, "5000.00", parts=parts)
    assert {one.field: one.code for one in refused.value.errors} == {
        "invoices[0].amount": "exceeds",
        "invoices[1].invoice_id": "unknown",
        "invoices[2].invoice_id": "unknown",
        "invoices[3].amount": "fraction",
        "invoices[4].invoice_id": "duplicate",
    }
    assert Payment.objects.count() == 0


def test_parts_never_exceed_the_payment(invoices):
    first, second = invoices(2)
    with pytest.raises(Invalid) as refused:
        receive(first, "1200", parts=[Part(first.invoice_id), Part(second.invoice_id, Decimal(71))])
    assert [one.field for one in refused.value.errors] == ["invoices[1].amount"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"received_on": date(2999, 1, 1)}, "received_on"),
        ({"method": "barter"}, "method"),
        ({"currency": "XXX"}, "currency"),
        ({"reference": "x" * 201}, "reference"),
        ({"transaction_id": "x" * 101}, "transaction_id"),
    ],
)
def test_wrong_fields_are_named(invoices, changes, field):
    (invoice,) = invoices()
    with pytest.raises(Invalid) as refused:
        receive(invoice, "10", **changes)
    assert [one.field for one in refused.value.errors] == [field]


def test_the_same_transaction_again_changes_nothing(invoices):
    (invoice,) = invoices()
    first = receive(invoice, "100", transaction_id="T1", rules=ALL_RULES)
    again = receive(invoice, "100", transaction_id="T1", rules=ALL_RULES)
    assert (first.created, again.created) == (True, False)
    assert again.payment.pk == first.payment.pk
    with pytest.raises(TransactionUsed):
        receive(invoice, "100.01", transaction_id="T1")
    assert unapplied_in_books() == 0
    assert status(invoice) == ("partially_paid", Decimal("1030.00"))


def test_apply_by_hand_then_take_back(invoices):
    first, second = invoices(2)
    payment = receive(first, "1200.00").payment
    apply_to_invoices(
        actor=SYSTEM,
        payment_id=payment.payment_id,
        parts=[Part(first.invoice_id), Part(second.invoice_id)],
    )
    assert status(first) == ("paid", 0)
    assert status(second) == ("partially_paid", Decimal("1060.00"))
    unapply(actor=SYSTEM, payment_id=payment.payment_id, invoice_ids=[first.invoice_id])
    assert status(first) == ("unpaid", FULL)
    assert unapplied_of(payment) == unapplied_in_books() == 1130
    unapply(actor=SYSTEM, payment_id=payment.payment_id)
    assert unapplied_of(payment) == 1200
    assert balance_of(Account.RECEIVABLE) == 2 * FULL
    assert unapply(actor=SYSTEM, payment_id=payment.payment_id) == []
    with pytest.raises(Invalid) as refused:
        unapply(actor=SYSTEM, payment_id=payment.payment_id, invoice_ids=[first.invoice_id])
    assert refused.value.errors[0].field == "invoice_ids[0]"


def test_nothing_unapplied_can_be_applied_no_more(invoices):
    first, second = invoices(2)
    payment = receive(first, "1130.00", parts=[Part(first.invoice_id)]).payment
    for part in (
        Part(second.invoice_id),
        Part(second.invoice_id, Decimal(1)),
        Part(first.invoice_id),
    ):
        with pytest.raises(Invalid):
            apply_to_invoices(actor=SYSTEM, payment_id=payment.payment_id, parts=[part])
    assert status(second) == ("unpaid", FULL)


@pytest.mark.parametrize(
    ("amount", "reference", "rule", "detail"),
    [
        ("300.00", "thanks for {number}", "reference", "{number}"),
        ("300.00", "{invoice_id}", "reference", "{invoice_id}"),
        ("3390.00", "", "exact", "1130 + 1130 + 1130"),
        ("300.00", "", "oldest", "2025-03-02"),
    ],
)
def test_the_rule_used_is_kept_with_what_it_found(invoices, amount, reference, rule, detail):
    made = invoices(3)
    target = made[2] if rule == "reference" else made[0]
    names = {"number": target.number, "invoice_id": target.invoice_id}
    receipt = receive(target, amount, reference=reference.format(**names), rules=ALL_RULES)
    first = receipt.allocations[0]
    assert (first.invoice_id, first.rule) == (target.pk, rule)
    assert first.rule_detail == detail.format(**names)


def test_a_suggestion_changes_nothing_and_is_what_then_happens(invoices):
    first, _second = invoices(2)
    payment = receive(first, "1200.00").payment
    shares = propose_shares(payment)
    assert [(one.key == first.invoice_id, one.amount) for one in shares] == [
        (True, FULL),
        (False, 70),
    ]
    assert Allocation.objects.count() == 0
    made = apply_automatically(actor=SYSTEM, payment_id=payment.payment_id)
    assert [one.amount for one in made] == [one.amount for one in shares]
    assert apply_automatically(actor=SYSTEM, payment_id=payment.payment_id) == []


def test_rules_look_only_at_the_customer_and_currency(invoices):
    (first,) = invoices()
    (foreign,) = open_invoices(site=make_site(site_name="Other"))
    dollars = receive(first, "1130.00", currency="USD", rules=ALL_RULES)
    assert dollars.allocations == []
    named = receive(first, "10.00", reference=foreign.number, rules=(Rule.REFERENCE,))
    assert named.allocations == []


def test_money_before_the_invoice_counts_from_the_invoices_day(invoices):
    (invoice,) = invoices()
    early = receive(invoice, "1130.00", received_on=date(2025, 1, 5), rules=ALL_RULES)
    assert early.allocations[0].applied_on == invoice.invoice_date == date(2025, 1, 31)


def test_alike_without_a_number_is_the_same_until_told_otherwise(invoices):
    (invoice,) = invoices()

    def pay(**changes):
        return record_payment(
            actor=SYSTEM,
            invoice_id=invoice.invoice_id,
            **{"amount": Decimal("100.00"), "received_on": RECEIVED, "method": "cheque", **changes},
        )

    first = pay()
    assert (first.created, pay().created, pay(amount=Decimal("100.0000")).created) == (
        True,
        False,
        False,
    )
    assert pay(method="cash").created
    assert pay(amount=Decimal("100.01")).created
    assert pay(received_on=date(2025, 6, 3)).created
    assert pay(repeat_key="second-cheque").created
    assert not pay(repeat_key="second-cheque").created
    long = "k" * 199
    for key in (f"{long}1", f"{long}2", "k#1", "k"):
        assert pay(repeat_key=key).created, key
        assert not pay(repeat_key=key).created, key
    assert Payment.objects.count() == 9


def test_what_is_done_is_recorded(invoices):
    (invoice,) = invoices()
    payment = receive(invoice, "100").payment
    apply_automatically(actor=SYSTEM, payment_id=payment.payment_id)
    unapply(actor=SYSTEM, payment_id=payment.payment_id)
    actions = Entry.objects.filter(object_id=str(payment.pk)).order_by("sequence")
    assert [one.action for one in actions] == [
        "payment.recorded",
        "payment.applied",
        "payment.unapplied",
    ]


def test_who_may_not(invoices, actor_in):
    (invoice,) = invoices()
    payment = receive(invoice, "100").payment
    viewer = actor_in("viewer")
    for attempt in (
        lambda: receive(invoice, "1", actor=viewer),
        lambda: unapply(actor=viewer, payment_id=payment.payment_id),
        lambda: apply_automatically(actor=viewer, payment_id=payment.payment_id),
        lambda: apply_to_invoices(actor=viewer, payment_id=payment.payment_id, parts=[]),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_unknown_payment_and_another_organisations(invoices, globex):
    from shared.kernel.tenancy import organisation_context

    (invoice,) = invoices()
    payment = receive(invoice, "100").payment
    with organisation_context(globex), pytest.raises(NotFound):
        apply_automatically(actor=SYSTEM, payment_id=payment.payment_id)
    with pytest.raises(NotFound):
        unapply(actor=SYSTEM, payment_id="PAY999999999")
