"""Paying online: pages, signed events in any order, refunds, chargebacks, bank debits."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override
from support.browsers import signed_in
from support.payments import balance_of, open_invoices, receive, unapplied_in_books
from support.stripe_sandbox import SECRET_KEY, signature_of, stripe_sandbox

from billing.application import ALL_RULES
from connectors.errors import RetryLater
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Forbidden, Invalid, Unavailable
from shared.kernel.tenancy import organisation_context
from tenants.disputes.services import raise_dispute
from tenants.ledger.models import Account
from tenants.payments.errors import NotPayable
from tenants.payments.models import OnlineAccount, OnlinePayment, Payment, StripeEvent
from tenants.payments.services.linking import disconnect_account
from tenants.payments.services.online import connect_account, start_online_payment
from tenants.payments.services.online_events import (
    process_event,
    refresh_online_payment,
    silent_payments,
    waiting_events,
)

EVENTS = "/api/v1/payments/online/events"
FULL = Decimal("1130.00")


@pytest.fixture
def sandbox(settings):
    with stripe_sandbox() as server:
        settings.STRIPE_API_BASE = server.url
        yield server


@pytest.fixture
def connected(sandbox, in_acme):
    connect_account(actor=SYSTEM, secret_key=SECRET_KEY)
    return sandbox


def start(*invoices):
    return start_online_payment(
        invoices=invoices, success_url="https://a.example/ok", cancel_url="https://a.example/no"
    )


def started(sandbox, *invoices):
    """The page at Stripe that was opened for these invoices."""
    start(*invoices)
    return list(sandbox.sessions.values())[-1]


def tell(sandbox, kind, about):
    """An event has come in and been dealt with."""
    event = StripeEvent.objects.create(
        event_id=sandbox.new_id("evt"),
        kind=kind,
        object_id=about.get("payment_intent") or about["id"],
    )
    process_event(event_pk=event.pk)


def balance(invoice):
    invoice.refresh_from_db()
    return invoice.balance_due


def test_connecting_tries_the_key_and_has_events_sent_here(sandbox, in_acme):
    with pytest.raises(Invalid) as refused:
        connect_account(actor=SYSTEM, secret_key="sk_test_wrong")
    (error,) = refused.value.errors
    assert (error.field, error.message) == ("secret_key", "Stripe does not accept the key.")
    with override("fr-ca"):
        assert error.message == "Stripe n’accepte pas la clé."
    assert not OnlineAccount.objects.exists()
    account = connect_account(actor=SYSTEM, secret_key=SECRET_KEY)
    assert (
        sandbox.endpoints[0]["url"].endswith(f"acme.localhost{EVENTS}")
        or EVENTS in (sandbox.endpoints[0]["url"])
    )
    assert OnlineAccount.objects.get().webhook_secret == "whsec_sandbox"
    again = connect_account(actor=SYSTEM, secret_key="", bank_debit=False)
    assert (again.secret_key, again.bank_debit) == (SECRET_KEY, False)
    assert len(sandbox.endpoints) == OnlineAccount.objects.count() == 1
    assert account.pk != again.pk
    sandbox.down()
    with pytest.raises(Unavailable):
        connect_account(actor=SYSTEM, secret_key=SECRET_KEY)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"secret_key": "pk_live_x"}, "secret_key"),
        ({"secret_key": "sk_x", "account_id": "x"}, "account_id"),
        ({"secret_key": "sk_x", "webhook_secret": "x"}, "webhook_secret"),
        ({"secret_key": "sk_x", "card": False, "bank_debit": False}, "card"),
    ],
)
def test_wrong_settings_name_the_field(sandbox, in_acme, given, field):
    with pytest.raises(Invalid) as refused:
        connect_account(actor=SYSTEM, **given)
    assert [one.field for one in refused.value.errors] == [field]
    assert sandbox.server.seen == []


def test_a_page_is_opened_once_for_the_same_amounts(connected):
    first, second = open_invoices(2)
    page = start(first, second)
    assert start(first, second) == page
    (session,) = connected.sessions.values()
    assert (session["amount_total"], session["currency"]) == (226000, "cad")
    assert session["methods"] == ["card", "acss_debit"]
    receive(first, "30.00", rules=ALL_RULES)
    first.refresh_from_db()
    assert start(first, second) != page
    assert [one["amount_total"] for one in connected.sessions.values()] == [226000, 223000]
    # Nobody can pay twice: the page for the former amounts was closed.
    assert [one["status"] for one in connected.sessions.values()] == ["expired", "open"]


def test_what_cannot_be_paid_online(connected):
    (first,) = open_invoices()
    (foreign,) = open_invoices()
    with pytest.raises(NotPayable):
        start(first, foreign)
    receive(first, "1130.00", rules=ALL_RULES)
    first.refresh_from_db()
    with pytest.raises(NotPayable):
        start(first)
    connected.down()
    with pytest.raises(Unavailable):
        start(foreign)
    connected.up()
    assert start(foreign)
    disconnect_account(actor=SYSTEM)
    with pytest.raises(Conflict):
        start(foreign)


def objected(invoice, amount):
    """The customer objects to a part of it."""
    raise_dispute(
        actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Two days", amount=Decimal(amount)
    )
    invoice.refresh_from_db()


def test_what_is_disputed_is_not_asked_for(connected):
    first, second = open_invoices(2)
    objected(first, "400.01")
    # 1,130.00 - 400.01 and 1,130.00
    assert start(first, second).amount == Decimal("1859.99")
    (session,) = connected.sessions.values()
    assert session["amount_total"] == 185999
    objected(first, "729.99")
    assert start(first, second).parts == {second.invoice_id: "1130.0000"}
    with pytest.raises(NotPayable, match="disputed"):
        start(first)


def test_what_was_disputed_meanwhile_stays_the_customers_credit(connected):
    (invoice,) = open_invoices()
    session = started(connected, invoice)
    objected(invoice, "400.01")
    tell(connected, "payment_intent.succeeded", connected.pay(session))
    # 1,130.00 came in: 729.99 for what is undisputed
    assert balance(invoice) == Decimal("400.01")
    assert unapplied_in_books() == Decimal("400.01")


def test_a_card_payment_is_recorded_and_applied_once(connected):
    first, second = open_invoices(2)
    intent = connected.pay(started(connected, first, second))
    for kind in ("payment_intent.succeeded", "charge.succeeded", "payment_intent.succeeded"):
        tell(connected, kind, intent)
    payment = Payment.objects.get()
    assert (payment.transaction_id, payment.method, payment.amount) == (intent["id"], "card", 2260)
    assert balance(first) == balance(second) == 0
    assert OnlinePayment.objects.get().status == "succeeded"
    assert payment.recorded_by == "Stripe"


def test_what_was_paid_meanwhile_stays_the_customers_credit(connected):
    (invoice,) = open_invoices()
    session = started(connected, invoice)
    receive(invoice, "1000.00", rules=ALL_RULES)
    tell(connected, "payment_intent.succeeded", connected.pay(session))
    assert balance(invoice) == 0
    assert unapplied_in_books() == Decimal("1000.00")


def test_a_bank_debit_is_on_its_way_then_paid_or_refused(connected):
    first, second = open_invoices(2)
    intent = connected.pay(started(connected, first), status="processing", method="acss_debit")
    tell(connected, "payment_intent.processing", intent)
    assert OnlinePayment.objects.get().status == "processing"
    assert Payment.objects.count() == 0
    intent.update(status="succeeded", amount_received=intent["amount"])
    tell(connected, "payment_intent.succeeded", intent)
    assert (Payment.objects.get().method, balance(first)) == ("pad", 0)
    other = connected.pay(started(connected, second), status="processing", method="acss_debit")
    connected.fail(other, "Insufficient funds")
    tell(connected, "payment_intent.payment_failed", other)
    failed = OnlinePayment.objects.get(intent_id=other["id"])
    assert (failed.status, failed.failure) == ("failed", "Insufficient funds")
    assert balance(second) == FULL


def test_events_may_overtake_each_other(connected):
    (invoice,) = open_invoices()
    session = started(connected, invoice)
    intent = connected.pay(session)
    connected.refund(intent, 113000)
    tell(connected, "charge.refunded", {"id": "ch_x", "payment_intent": intent["id"]})
    tell(connected, "payment_intent.processing", intent)
    tell(connected, "checkout.session.completed", session)
    assert Payment.objects.count() == 1
    assert (balance(invoice), balance_of(Account.CASH)) == (FULL, 0)
    assert OnlinePayment.objects.get().status == "succeeded"


def test_a_refund_at_stripe_opens_just_as_much(connected):
    first, second = open_invoices(2)
    intent = connected.pay(started(connected, first, second))
    tell(connected, "payment_intent.succeeded", intent)
    for amount in (10025, 120000):
        refund = connected.refund(intent, amount)
        tell(connected, "charge.refunded", refund)
        tell(connected, "refund.updated", refund)
    # 2,260.00 - 100.25 - 1,200.00 = 959.75 is still paid
    assert balance(first) + balance(second) == Decimal("1300.25")
    assert balance_of(Account.CASH) == Decimal("959.75")
    assert unapplied_in_books() == 0
    first_refund, _second = Payment.objects.get().refunds.order_by("created_at")
    assert first_refund.reason == f"Refund {first_refund.transaction_id}"
    with override("fr-ca"):
        assert first_refund.reason == f"Remboursement {first_refund.transaction_id}"


def test_a_chargeback_reverses_and_a_won_one_brings_it_back(connected):
    (invoice,) = open_invoices()
    intent = connected.pay(started(connected, invoice))
    tell(connected, "payment_intent.succeeded", intent)
    dispute = connected.dispute(intent, status="warning_needs_response")
    tell(connected, "charge.dispute.created", dispute)
    assert balance(invoice) == 0  # a question only: no money has moved
    dispute["status"] = "needs_response"
    tell(connected, "charge.dispute.funds_withdrawn", dispute)
    tell(connected, "charge.dispute.updated", dispute)
    assert (balance(invoice), balance_of(Account.CASH)) == (FULL, 0)
    dispute["status"] = "won"
    tell(connected, "charge.dispute.closed", dispute)
    tell(connected, "charge.dispute.funds_reinstated", dispute)
    assert (balance(invoice), balance_of(Account.CASH)) == (0, FULL)
    assert Payment.objects.count() == 2


def test_a_chargeback_of_a_part_is_given_back(connected):
    (invoice,) = open_invoices()
    intent = connected.pay(started(connected, invoice))
    tell(connected, "payment_intent.succeeded", intent)
    dispute = connected.dispute(intent, 13000)
    tell(connected, "charge.dispute.created", dispute)
    tell(connected, "charge.dispute.closed", dispute)
    assert (balance(invoice), balance_of(Account.CASH)) == (130, 1000)


def test_what_is_not_ours_is_left_alone(connected):
    (invoice,) = open_invoices()
    session = started(connected, invoice)
    intent = connected.pay({**session, "metadata": {}, "payment_intent": None})
    tell(connected, "payment_intent.succeeded", intent)
    tell(connected, "payment_intent.succeeded", {"id": "pi_unknown"})
    assert Payment.objects.count() == 0
    assert not StripeEvent.objects.filter(processed_at__isnull=True).exists()


def test_what_stripe_does_not_answer_is_tried_again(connected, monkeypatch):
    (invoice,) = open_invoices()
    intent = connected.pay(started(connected, invoice))
    connected.down()
    with pytest.raises(RetryLater):
        tell(connected, "payment_intent.succeeded", intent)
    module = "tenants.payments.services.online_events"
    monkeypatch.setattr(f"{module}.LATE_AFTER", timedelta(minutes=-1))
    monkeypatch.setattr(f"{module}.ASK_AFTER", timedelta(minutes=-1))
    (waiting,) = waiting_events()
    connected.up()
    process_event(event_pk=waiting)
    assert (balance(invoice), waiting_events(), silent_payments()) == (0, [], [])


def test_a_payment_whose_events_were_lost_is_asked_about(connected):
    (invoice,) = open_invoices()
    connected.pay(started(connected, invoice))
    refresh_online_payment(online_pk=OnlinePayment.objects.get().pk)
    assert balance(invoice) == 0
    (other,) = open_invoices()
    started(connected, other)["status"] = "expired"
    refresh_online_payment(online_pk=OnlinePayment.objects.get(status="started").pk)
    assert OnlinePayment.objects.filter(status="expired").count() == 1


def test_events_are_taken_only_with_a_fresh_signature_and_once(sandbox, acme, globex, client_for):
    with organisation_context(acme):
        connect_account(actor=SYSTEM, secret_key=SECRET_KEY)
    body, signature = sandbox.event(
        "payment_intent.succeeded", {"object": "payment_intent", "id": "pi_1"}
    )
    browser = client_for(acme)

    def send(content, header, to=browser):
        return to.post(
            EVENTS, content, content_type="application/json", headers={"Stripe-Signature": header}
        ).status_code

    assert send(body, signature) == send(body, signature) == 202
    with organisation_context(acme):
        assert StripeEvent.objects.get().object_id == "pi_1"
    text = body.decode()
    late = int(time.time()) - 400
    for header in ("", "t=1,v1=00", signature_of(text, "whsec_other"), signature_of(text, at=late)):
        assert send(body, header) == 400, header
    assert send(body + b" ", signature) == 400
    assert send(b"[]", signature_of("[]")) == 400
    assert send(b"\xff", signature) == 400
    other = '{"id":"e","type":"x","data":{"object":{}}}'
    assert send(other.encode(), signature_of(other)) == 202  # of no interest
    assert send(body, signature, client_for(globex)) == 404
    with organisation_context(acme):
        assert StripeEvent.objects.count() == 1


def test_the_settings_page_connects_and_never_shows_a_secret(sandbox, acme, client_for):
    browser = signed_in(client_for, acme)
    sent = {"secret_key": SECRET_KEY, "card": "on", "bank_debit": "on"}
    assert browser.post("/settings/online-payments", sent).status_code == 302
    text = browser.get("/settings/online-payments").content.decode()
    assert "Connected" in text
    assert SECRET_KEY not in text
    assert "whsec_sandbox" not in text
    refused = browser.post("/settings/online-payments", {"secret_key": "nonsense", "card": "on"})
    assert refused.status_code == 422
    assert browser.post("/settings/online-payments", {"disconnect": "1"}).status_code == 302
    with organisation_context(acme):
        assert not OnlineAccount.objects.exists()
    viewer = signed_in(client_for, acme, "viewer")
    assert viewer.post("/settings/online-payments", sent).status_code == 403


def test_who_may_connect(sandbox, in_acme, actor_in):
    with pytest.raises(Forbidden):
        connect_account(actor=actor_in("billing_manager"), secret_key=SECRET_KEY)
    with pytest.raises(Forbidden):
        disconnect_account(actor=actor_in("viewer"))
