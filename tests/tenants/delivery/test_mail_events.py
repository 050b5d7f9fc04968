"""What mail services tell: checked, counted once, right in whatever order it comes."""

import base64
import hmac
import json
import time
from hashlib import sha256
from itertools import permutations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core import mail
from django.db import IntegrityError, transaction
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden, Invalid
from shared.kernel.tenancy import organisation_context
from shared.keyring.door import open_door
from tenants.delivery.models import (
    COMPLAINT_KIND,
    Delivery,
    DeliveryEvent,
    SuppressedAddress,
    WebhookSecret,
)
from tenants.delivery.services import (
    erase_addressees,
    request_deliveries,
    resend,
    resend_failed,
    send_invoice,
    set_webhook,
)
from tenants.delivery.work import deliver
from tenants.invoices.services import generate_invoice
from tenants.review.models import ReviewItem
from tenants.sites.services import update_contact

PATH = "/api/v1/delivery/webhooks/"


@pytest.fixture
def invoice(in_acme):
    site = make_site()
    return generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        contract_id=make_contract(site).contract_id,
        period=month_period(2026, 1),
        render=False,
    ).invoice


@pytest.fixture
def sent(invoice):
    (delivery,) = request_deliveries(actor=SYSTEM, invoice_ids=[invoice.invoice_id])
    return deliver(delivery_id=delivery.pk)


@pytest.fixture
def secret(in_acme):
    return set_webhook(actor=SYSTEM, provider="generic")


def event(delivery, kind, number=1):
    return {
        "id": f"{kind}-{number}",
        "type": kind,
        "message_id": delivery.message_id,
        "detail": "550 5.1.1 no such user",
    }


def signed(secret, body, at=None):
    stamp = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), b"%d.%b" % (stamp, body), sha256).hexdigest()
    return f"t={stamp},v1={digest}"


@pytest.fixture
def tell(acme, client_for, secret):
    client = client_for(acme)

    def post(*events, **changes):
        body = json.dumps({"events": events}).encode()
        signature = changes.get("signature") or signed(secret, body, changes.get("at"))
        return client.post(
            f"{PATH}{changes.get('provider', 'generic')}",
            data=changes.get("body", body),
            content_type="application/json",
            headers={"X-InvoicePatch-Signature": signature},
        ).status_code

    return post


def test_a_hard_bounce_fails_suppresses_and_asks_a_person(sent, invoice, tell):
    assert tell(event(sent, "bounced")) == 202
    sent.refresh_from_db()
    invoice.refresh_from_db()
    assert (sent.status, sent.error, invoice.delivery_status) == ("failed", "bounced", "failed")
    assert SuppressedAddress.objects.filter(email_index=sent.address).exists()
    assert invoice.number in ReviewItem.objects.get(kind="delivery", target_id=sent.pk).cause
    resend(actor=SYSTEM, delivery_id=sent.pk)
    deliver(delivery_id=sent.pk)
    sent.refresh_from_db()
    assert (sent.error, len(mail.outbox)) == ("suppressed", 1)


def test_arrived_and_opened(sent, invoice, tell):
    assert tell(event(sent, "opened"), event(sent, "delivered")) == 202
    sent.refresh_from_db()
    invoice.refresh_from_db()
    assert (sent.status, invoice.delivery_status) == ("delivered", "delivered")
    assert sent.opened_at is not None
    assert sent.delivered_at is not None
    assert SuppressedAddress.objects.count() == 0


@pytest.mark.parametrize("order", list(permutations(("delivered", "bounced", "deferred"))))
def test_the_order_of_events_does_not_matter(sent, invoice, tell, order):
    for kind in order:
        assert tell(event(sent, kind)) == 202
    sent.refresh_from_db()
    invoice.refresh_from_db()
    assert (sent.status, invoice.delivery_status) == ("failed", "failed")
    assert sent.delivered_at is not None


def test_a_bounce_leaves_an_invoice_that_arrived_otherwise(sent, invoice, tell):
    other = Delivery.objects.create(
        kind="invoice",
        object_id=invoice.pk,
        object_code=invoice.number,
        customer=invoice.customer,
        channel="portal",
        request_key="other",
        status="delivered",
    )
    invoice.delivery_status = "delivered"
    invoice.save_changes("delivery_status")
    tell(event(sent, "bounced"))
    invoice.refresh_from_db()
    assert (invoice.delivery_status, other.status) == ("delivered", "delivered")


def test_a_complaint_stops_further_mail_and_a_soft_bounce_does_not(sent, tell):
    tell(event(sent, "deferred"))
    sent.refresh_from_db()
    assert (sent.status, SuppressedAddress.objects.count()) == ("sent", 0)
    assert sent.events.filter(kind="deferred").exists()
    tell(event(sent, "complained"))
    assert SuppressedAddress.objects.get().reason == "complained"


def test_a_complaint_asks_a_person_and_only_a_person_lifts_it(sent, invoice, tell, api):
    tell(event(sent, "bounced"), event(sent, "complained"))
    item = ReviewItem.objects.get(kind="mail_complaint")
    assert invoice.number in item.cause
    (stopped,) = api.get("/delivery/stopped-addresses").body["items"]
    assert (stopped["email"], stopped["reason"]) == (sent.address, "complained")
    again = resend(actor=SYSTEM, delivery_id=sent.pk)
    deliver(delivery_id=again.pk)
    assert len(mail.outbox) == 1  # still only the first
    path = f"/delivery/stopped-addresses/{stopped['address_id']}"
    assert [api.send("DELETE", path).status for _time in range(2)] == [204, 404]
    item.refresh_from_db()
    assert item.status == "resolved"
    deliver(delivery_id=resend(actor=SYSTEM, delivery_id=sent.pk).pk)
    assert len(mail.outbox) == 2


def test_the_words_of_a_mail_server_name_nobody_and_erasure_reaches_them(sent, tell):
    """They repeat the address that the delivery keeps encrypted."""
    refusal = "550 5.1.1 <Ann.Lee+bills@c.example>: Recipient address rejected: ann@mx.c.example"
    tell({**event(sent, "bounced"), "detail": refusal}, event(sent, "complained"))
    bounced = sent.events.get(kind="bounced")
    assert bounced.detail == ("550 5.1.1 <…@c.example>: Recipient address rejected: …@mx.c.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        DeliveryEvent.objects.update(detail="")
    with pytest.raises(IntegrityError), transaction.atomic(), open_door():
        DeliveryEvent.objects.update(kind="opened", detail="")
    asked = ReviewItem.objects.get(kind=COMPLAINT_KIND)
    assert sent.recipient_name in str(asked.cause)
    Delivery.objects.filter(pk=sent.pk).update(kind="statement")
    with transaction.atomic():
        assert erase_addressees(statement_ids=[sent.object_id]) == 1
    assert set(sent.events.filter(provider_id__isnull=False).values_list("detail")) == {("",)}
    asked.refresh_from_db()
    assert sent.recipient_name not in str(asked.cause)
    assert asked.status == "open"  # the address stays stopped until somebody lifts that


def test_the_same_event_again_counts_once(sent, tell):
    for _time in range(3):
        assert tell(event(sent, "bounced")) == 202
    assert DeliveryEvent.objects.filter(kind="bounced").count() == 1
    assert ReviewItem.objects.filter(kind="delivery").count() == 1


def test_an_event_may_be_quicker_than_the_worker_that_sent(invoice, tell, monkeypatch):
    (delivery,) = request_deliveries(actor=SYSTEM, invoice_ids=[invoice.invoice_id])

    def send(message, fail_silently=False):
        early = {"id": "1", "type": "bounced", "message_id": message.extra_headers["Message-ID"]}
        assert tell(early) == 202

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", send)
    deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.error) == ("failed", "bounced")
    assert delivery.sent_at is not None


def test_what_is_not_signed_changes_nothing(sent, tell, secret):
    bounce = event(sent, "bounced")
    body = json.dumps({"events": [bounce]}).encode()
    good = signed(secret, body)
    forged = (
        {"signature": "nonsense"},
        {"signature": good.replace("v1=", "v1=0")},
        {"signature": signed("whsec_other", body)},
        {"signature": f"t=²,{good.partition(',')[2]}"},
        {"body": body.replace(b"550", b"551")},
        {"at": time.time() - 301},
        {"at": time.time() + 400},  # far enough for a slow machine
    )
    assert [tell(bounce, **change) for change in forged] == [400] * len(forged)
    assert tell(bounce, provider="sendgrid") == 404  # not set up
    assert tell(bounce, provider="nobody") == 404
    sent.refresh_from_db()
    assert (sent.status, DeliveryEvent.objects.exclude(provider_id=None).count()) == ("sent", 0)


def test_unknown_e_mails_and_types_are_passed_over(sent, tell):
    assert tell(event(sent, "clicked")) == 202
    assert tell({**event(sent, "bounced"), "message_id": "<x@y>"}) == 202
    assert tell({"type": "bounced"}, {**event(sent, "bounced"), "id": 7}) == 202
    assert DeliveryEvent.objects.exclude(provider_id=None).count() == 0


@pytest.mark.parametrize("body", [b"", b"[1]", b"{}", b'{"events": {}}', b"\xff", b"[" * 100_000])
def test_a_signed_body_that_cannot_be_read(tell, secret, body):
    assert tell(body=body, signature=signed(secret, body)) == 400


def test_another_organisation_cannot_tell_of_our_e_mails(sent, globex, client_for, secret):
    body = json.dumps({"events": [event(sent, "bounced")]}).encode()
    client = client_for(globex)

    def post(signature):
        return client.post(
            f"{PATH}generic",
            data=body,
            content_type="application/json",
            headers={"X-InvoicePatch-Signature": signature},
        ).status_code

    assert post(signed(secret, body)) == 404
    with organisation_context(globex):
        theirs = set_webhook(actor=SYSTEM, provider="generic")
    assert post(signed(secret, body)) == 400
    assert post(signed(theirs, body)) == 202
    sent.refresh_from_db()
    assert sent.status == "sent"


def test_sendgrid_by_its_own_signature(invoice, acme, client_for):
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    set_webhook(actor=SYSTEM, provider="sendgrid", key=base64.b64encode(public).decode())
    (delivery,) = request_deliveries(actor=SYSTEM, invoice_ids=[invoice.invoice_id])
    deliver(delivery_id=delivery.pk)
    given = json.loads(mail.outbox[0].extra_headers["X-SMTPAPI"])["unique_args"]
    blocked = {"event": "bounce", "type": "blocked", "sg_event_id": "a", **given}
    bounce = {"event": "bounce", "type": "bounce", "sg_event_id": "b", "reason": "500", **given}

    def post(events, tampered=b""):
        body = json.dumps(events).encode()
        signature = key.sign(b"1763700000" + body, ec.ECDSA(SHA256()))
        return (
            client_for(acme)
            .post(
                f"{PATH}sendgrid",
                data=body + tampered,
                content_type="application/json",
                headers={
                    "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
                    "X-Twilio-Email-Event-Webhook-Timestamp": "1763700000",
                },
            )
            .status_code
        )

    assert post([bounce], b" ") == 400
    assert post([blocked, {"event": "click", "sg_event_id": "c", **given}]) == 202
    delivery.refresh_from_db()
    assert delivery.status == "sent"
    assert post([bounce, blocked]) == 202
    delivery.refresh_from_db()
    assert delivery.status == "failed"
    assert delivery.events.filter(kind="deferred").count() == 1


def test_only_an_administrator_sets_it_up(in_acme, actor_in):
    with pytest.raises(Forbidden):
        set_webhook(actor=actor_in("billing_manager"), provider="generic")
    for given, field in (({"provider": "fax"}, "provider"), ({"provider": "sendgrid"}, "key")):
        with pytest.raises(Invalid) as refused:
            set_webhook(actor=SYSTEM, **given)
        assert [one.field for one in refused.value.errors] == [field]
    assert WebhookSecret.objects.count() == 0


def test_a_corrected_contact_gets_the_invoice_that_bounced(sent, invoice, tell):
    assert tell(event(sent, "bounced")) == 202
    contact = invoice.site.contacts.get(is_billing=True)
    update_contact(
        actor=SYSTEM,
        contact_id=contact.pk,
        changes={"email": "new@c.example"},
    )
    again = resend(actor=SYSTEM, delivery_id=sent.pk)
    deliver(delivery_id=again.pk)
    again.refresh_from_db()
    sent.refresh_from_db()
    invoice.refresh_from_db()
    assert (str(again.address), again.status) == ("new@c.example", "sent")
    assert mail.outbox[-1].to == ["new@c.example"]
    assert (sent.status, invoice.delivery_status) == ("cancelled", "sent")
    assert not ReviewItem.objects.filter(status="open").exists()
    # A bounce of the first copy that is told of late stops the old address, not the new one.
    tell(event(sent, "bounced", 2))
    assert not SuppressedAddress.objects.filter(email_index="new@c.example").exists()


def test_a_copy_sent_to_the_corrected_contact_closes_what_failed(sent, invoice, tell):
    old = str(sent.address)
    assert tell(event(sent, "bounced")) == 202
    (second,) = send_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id)
    deliver(delivery_id=second.pk)  # the address is stopped: one item stays, about the later one
    (item,) = ReviewItem.objects.filter(status="open", kind="delivery")
    assert item.target_id == second.pk
    invoice.site.contacts.filter(email=old).update(email="new@c.example")
    (third,) = send_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id)
    deliver(delivery_id=third.pk)
    assert mail.outbox[-1].to == ["new@c.example"]
    assert not ReviewItem.objects.filter(status="open").exists()
    assert not Delivery.objects.filter(status="failed").exists()


def test_resending_all_that_failed_reads_the_recipients_again(sent, invoice, tell):
    assert tell(event(sent, "bounced")) == 202
    assert resend_failed(actor=SYSTEM) == 0
    invoice.site.contacts.filter(is_billing=True).update(email="new@c.example")
    assert resend_failed(actor=SYSTEM) == 1
    sent.refresh_from_db()
    waiting = Delivery.objects.get(status="pending")
    assert (sent.status, str(waiting.address)) == ("cancelled", "new@c.example")


def test_a_wrong_address_says_what_to_do(sent, invoice, tell, acme, client_for):
    assert tell(event(sent, "bounced")) == 202
    browser = signed_in(client_for, acme, "billing_manager")
    text = browser.get(f"/deliveries/{sent.pk}").content.decode()
    for path in (
        f"/sites/{invoice.site.site_id}",
        f"/customers/{invoice.customer.customer_id}/delivery",
        "/deliveries/stopped",
    ):
        assert f'href="{path}"' in text
    invoice.site.contacts.update(email="new@c.example")
    assert (
        "new@c.example"
        in browser.post(f"/deliveries/{sent.pk}/resend", follow=True).content.decode()
    )
