"""Invoices reach their customers by e-mail, once, and a person hears of those that do not."""

import re
import smtplib
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import mail
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Forbidden
from tenants.delivery.links import LINK_VALID_FOR, delivery_link
from tenants.delivery.models import Delivery, Recipient, SuppressedAddress
from tenants.delivery.services import note_portal_view, request_deliveries, send_invoice
from tenants.delivery.work import ATTEMPTS_MAX, deliver, due_deliveries
from tenants.invoices.services import generate_invoice
from tenants.review.models import ReviewItem


@pytest.fixture
def invoice(in_acme):
    site = make_site()
    contract = make_contract(site)
    return generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        contract_id=contract.contract_id,
        period=month_period(2026, 1),
        render=False,
    ).invoice


def ask(invoice):
    (delivery,) = request_deliveries(actor=SYSTEM, invoice_ids=[invoice.invoice_id])
    return delivery


def test_an_invoice_goes_to_the_billing_contact_with_its_pdf(invoice):
    delivery = deliver(delivery_id=ask(invoice).pk)
    (message,) = mail.outbox
    buyer = invoice.parties["buyer"]
    assert message.to == [buyer["contact_email"]]
    assert invoice.number in message.subject
    ((name, content, kind),) = message.attachments
    assert (name, kind) == (f"{invoice.number}.pdf", "application/pdf")
    assert content.startswith(b"%PDF")
    assert delivery.status == "sent"
    invoice.refresh_from_db()
    assert invoice.delivery_status == "sent"
    assert [event.kind for event in delivery.events.all()] == ["queued", "sent"]


def test_asking_twice_sends_once(invoice):
    delivery = ask(invoice)
    assert request_deliveries(actor=SYSTEM, invoice_ids=[invoice.invoice_id]) == []
    deliver(delivery_id=delivery.pk)
    assert deliver(delivery_id=delivery.pk) is None
    assert len(mail.outbox) == 1


def test_recipients_get_it_each_in_their_own_way(invoice):
    for name, language, channel, kinds in (
        ("Ann", "en", "email", ["invoice"]),
        ("Bruno", "fr-ca", "email", ["invoice", "statement"]),
        ("Portal", "en", "portal", ["invoice"]),
        ("Statements only", "en", "email", ["statement"]),
    ):
        Recipient.objects.create(
            customer=invoice.customer,
            name=name,
            email=f"{name.split()[0].lower()}@customer.example",
            language=language,
            channel=channel,
            kinds=kinds,
        )
    made = request_deliveries(actor=SYSTEM, invoice_ids=[invoice.invoice_id])
    for delivery in made:
        deliver(delivery_id=delivery.pk)
    assert {message.to[0] for message in mail.outbox} == {
        "ann@customer.example",
        "bruno@customer.example",
        "portal@customer.example",
    }
    subjects = {message.to[0]: message.subject for message in mail.outbox}
    assert "Facture" in subjects["bruno@customer.example"]
    (notice,) = (one for one in mail.outbox if one.to == ["portal@customer.example"])
    assert notice.attachments == []
    assert "/portal\n" in notice.body
    invoice.refresh_from_db()
    assert invoice.delivery_status == "delivered"  # it is in the portal


def test_a_busy_server_is_asked_again_later_and_later(invoice, monkeypatch):
    delivery = ask(invoice)
    refuse(monkeypatch, smtplib.SMTPServerDisconnected("gone"))
    pauses = []
    with time_machine.travel(now(), tick=False) as clock:
        for _attempt in range(3):
            deliver(delivery_id=delivery.pk)
            delivery.refresh_from_db()
            pauses.append(delivery.next_attempt_at - now())
            assert due_deliveries() == []
            clock.move_to(delivery.next_attempt_at + timedelta(seconds=1))
            assert due_deliveries() == [delivery.pk]
    minutes = [pause / timedelta(minutes=1) for pause in pauses]
    assert [0.75 * 2**n <= pause <= 1.25 * 2**n for n, pause in enumerate(minutes)] == [True] * 3
    assert delivery.status == "pending"


def test_after_the_last_attempt_a_person_is_asked(invoice, monkeypatch):
    delivery = ask(invoice)
    refuse(monkeypatch, ConnectionRefusedError())
    with time_machine.travel(now(), tick=False) as clock:
        for _attempt in range(ATTEMPTS_MAX):
            clock.shift(timedelta(days=1))
            deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("failed", ATTEMPTS_MAX)
    item = ReviewItem.objects.get(kind="delivery", target_id=delivery.pk)
    assert invoice.number in item.cause
    invoice.refresh_from_db()
    assert invoice.delivery_status == "failed"


def test_an_address_that_the_server_refuses_is_not_tried_again(invoice, monkeypatch):
    delivery = ask(invoice)
    refuse(monkeypatch, smtplib.SMTPRecipientsRefused({"a@b": (550, b"no such user")}))
    deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("failed", 1)
    assert ReviewItem.objects.filter(kind="delivery").count() == 1


def test_an_address_that_bounced_is_not_written_to(invoice):
    delivery = ask(invoice)
    SuppressedAddress.objects.create(email=delivery.address, reason="bounced")
    deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert mail.outbox == []
    assert (delivery.status, delivery.error) == ("failed", "suppressed")


def test_a_worker_that_was_killed_leaves_a_lease_that_ends(invoice):
    delivery = ask(invoice)
    Delivery.objects.filter(pk=delivery.pk).update(leased_until=now() + timedelta(minutes=3))
    assert deliver(delivery_id=delivery.pk) is None
    with time_machine.travel(now() + timedelta(minutes=4)):
        assert deliver(delivery_id=delivery.pk) is not None
    assert len(mail.outbox) == 1


def test_drafts_are_not_sent(in_acme):
    site = make_site()
    contract = make_contract(site)
    draft = generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        contract_id=contract.contract_id,
        period=month_period(2026, 1),
        issue=False,
    ).invoice
    assert request_deliveries(actor=SYSTEM, invoice_ids=[draft.invoice_id]) == []


def test_sending_needs_the_permission(invoice, actor_in):
    with pytest.raises(Forbidden):
        request_deliveries(actor=actor_in("viewer"), invoice_ids=[invoice.invoice_id])
    assert Delivery.objects.count() == 0


def refuse(monkeypatch, error):
    def send(_message, fail_silently=False):
        raise error

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", send)


@pytest.fixture
def linked(invoice):
    Recipient.objects.create(
        customer=invoice.customer,
        name="Luc",
        email="luc@c.example",
        language="fr-ca",
        channel="download",
        kinds=["invoice"],
    )
    (delivery,) = request_deliveries(actor=SYSTEM, invoice_ids=[invoice.invoice_id])
    return deliver(delivery_id=delivery.pk)


def test_a_download_link_needs_no_sign_in_and_tells_that_it_was_opened(
    linked, invoice, acme, client_for
):
    (message,) = mail.outbox
    assert message.attachments == []
    (url,) = re.findall(r"https?://\S+/delivered/\S+", message.body)
    assert linked.status == "sent"
    visitor = client_for(acme)
    assert visitor.head(urlsplit(url).path).status_code == 200
    linked.refresh_from_db()
    assert linked.opened_at is None  # looked at by a scanner of e-mails
    for _time in range(2):
        answer = visitor.get(urlsplit(url).path)
        assert b"".join(answer.streaming_content).startswith(b"%PDF")
    linked.refresh_from_db()
    invoice.refresh_from_db()
    assert (linked.status, invoice.delivery_status) == ("delivered", "delivered")
    assert linked.events.filter(kind="opened").count() == 1


def test_a_download_link_ends_and_is_nobody_elses(linked, acme, globex, client_for):
    path = urlsplit(delivery_link(linked)).path
    assert client_for(globex).get(path).status_code == 404
    assert client_for(acme).get(f"{path}x").status_code == 404
    with time_machine.travel(now() + LINK_VALID_FOR + timedelta(minutes=1)):
        assert client_for(acme).get(path).status_code == 410
    Delivery.objects.filter(pk=linked.pk).update(status="cancelled")
    assert client_for(acme).get(path).status_code == 410


def test_what_is_read_in_the_portal_is_opened_there_only(invoice):
    for channel in ("portal", "email"):
        send_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, channel=channel)
    for key in due_deliveries():
        deliver(delivery_id=key)
    for _time in range(2):
        note_portal_view(object_id=invoice.pk)
    opened = Delivery.objects.filter(opened_at__isnull=False)
    assert [one.channel for one in opened] == ["portal"]
    assert opened.get().events.filter(kind="opened").count() == 1
