"""Deliveries, recipients and reminders over the API and on their pages."""

import pytest
from django.core import mail
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from tenants.delivery.models import Delivery, Recipient, SuppressedAddress
from tenants.delivery.work import ask_person, deliver, due_deliveries
from tenants.invoices.services import generate_invoice
from tenants.review.models import ReviewItem

INVOICES = "/billing/invoices"


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


def test_sending_answers_what_is_on_its_way(invoice, api):
    answer = api.post(f"{INVOICES}/{invoice.invoice_id}/send", {})
    assert answer.status == 202, answer.raw
    ((only),) = (answer.body,)
    assert [one["status"] for one in only] == ["pending"]
    for key in due_deliveries():
        deliver(delivery_id=key)
    listed = api.get(f"{INVOICES}/{invoice.invoice_id}/deliveries").body["items"]
    assert [(one["document"], one["status"]) for one in listed] == [(invoice.number, "sent")]
    api.post(f"{INVOICES}/{invoice.invoice_id}/send", {})
    for key in due_deliveries():
        deliver(delivery_id=key)
    assert len(mail.outbox) == 2  # asked twice by a person, sent twice


def test_a_channel_that_there_is_not(invoice, api):
    answer = api.post(f"{INVOICES}/{invoice.invoice_id}/send", {"channel": "fax"})
    assert answer.status == 422
    assert [error["field"] for error in answer.body["errors"]] == ["channel"]


def test_one_delivery_with_its_history_and_again(invoice, api):
    (made,) = api.post(f"{INVOICES}/{invoice.invoice_id}/send", {}).body
    path = f"/deliveries/{made['delivery_id']}"
    assert api.post(f"{path}/resend").status == 409  # it waits already
    for key in due_deliveries():
        deliver(delivery_id=key)
    assert api.post(f"{path}/cancel").status == 409
    assert api.post(f"{path}/resend").status == 200
    events = [event["kind"] for event in api.get(path).body["events"]]
    assert events == ["queued", "sent", "resent"]
    assert api.post(f"{path}/cancel").body["status"] == "cancelled"  # it waits once more


def test_recipients_are_kept_with_their_revision(invoice, api):
    path = f"/customers/{invoice.customer.customer_id}/recipients"
    body = {"name": "Ann", "email": "Ann@Customer.example", "kinds": ["invoice"]}
    made = api.post(path, body)
    assert made.status == 201, made.raw
    assert made.body["email"] == "ann@customer.example"
    one = f"{path}/{made.body['recipient_id']}"
    stale = api.put(one, {**body, "name": "B"}, **{"If-Match": '"9"'})
    assert stale.status == 412
    changed = api.put(one, {**body, "language": "fr-ca"})
    assert changed.body["language"] == "fr-ca"
    wrong = api.post(path, {"name": "", "email": "x", "kinds": ["fax"], "channel": "pigeon"})
    assert {error["field"] for error in wrong.body["errors"]} == {
        "name",
        "email",
        "kinds",
        "channel",
    }
    assert api.send("DELETE", one).status == 204
    assert Recipient.objects.count() == 0


def test_a_recipient_of_another_customer_is_unknown(invoice, api):
    other = make_site().customer
    recipient = Recipient.objects.create(customer=other, name="X", kinds=["invoice"])
    path = f"/customers/{invoice.customer.customer_id}/recipients/{recipient.pk}"
    assert api.get(path).status == 404
    assert api.send("DELETE", path).status == 404


def test_levels_and_holds(invoice, api):
    levels = {"levels": [{"days_overdue": 7}, {"days_overdue": 21, "attach_statement": False}]}
    saved = api.put("/reminders/levels", levels)
    assert [one["level"] for one in saved.body["levels"]] == [1, 2]
    assert api.get("/reminders/levels").body == saved.body
    hold = f"/reminders/holds/{invoice.customer.customer_id}"
    held = api.put(hold, {"reason": "Talks"})
    assert held.body == {
        "customer_id": invoice.customer.customer_id,
        "reason": "Talks",
        "until": None,
    }
    assert api.send("DELETE", hold).status == 204
    assert api.put(hold, {"reason": " "}).status == 422


def test_a_file_drop_keeps_its_secrets_to_itself(invoice, api):
    path = f"/customers/{invoice.customer.customer_id}/file-drop"
    assert api.get(path).status == 404
    wrong = api.put(path, {"host": "10.0.0.1", "username": " ", "fingerprint": "x"})
    assert {"host", "username", "fingerprint", "password"} <= set(wrong.fields)
    body = {"host": "93.184.215.14", "username": "acme", "fingerprint": f"SHA256:{'A' * 43}"}
    made = api.put(path, {**body, "password": "right", "folder": "in"})
    assert made.status == 200, made.raw
    assert (made.body["has_password"], made.body["has_private_key"]) == (True, False)
    assert "right" not in api.get(path).raw
    assert api.put(path, body, **{"If-Match": '"9"'}).status == 412
    assert api.put(path, body, **{"If-Match": '"1"'}).body["has_password"]  # it stayed
    assert api.send("DELETE", path).status == 204
    assert api.send("DELETE", path).status == 404


def test_the_secret_of_a_mail_service_is_answered_once(api):
    path = "/delivery/mail-services"
    made = api.post(path, {"provider": "generic"})
    assert made.status == 201, made.raw
    assert made.body["secret"].startswith("whsec_")
    listed = api.get(path)
    assert {one["provider"]: one["is_set_up"] for one in listed.body} == {
        "generic": True,
        "sendgrid": False,
    }
    assert made.body["secret"] not in listed.raw
    assert api.post(path, {"provider": "fax"}).fields == {"provider": "choice"}
    assert api.post(path, {"provider": "sendgrid"}).fields == {"key": "form"}
    assert api.send("DELETE", f"{path}/generic").status == 204
    assert api.send("DELETE", f"{path}/generic").status == 404


def test_who_is_due_is_reminded_over_the_api(invoice, api):
    api.put("/reminders/levels", {"levels": [{"days_overdue": 7}]})
    (due,) = api.get("/reminders/due").body
    assert due["invoices"] == [invoice.number]
    (sent,) = api.post("/reminders/send").body
    assert (sent["total"], sent["with_statement"]) == (due["total"], True)
    found = api.get(f"/reminders?customer_id={invoice.customer.customer_id}").body["items"]
    assert [one["reminder_id"] for one in found] == [sent["reminder_id"]]
    assert api.get("/reminders?customer_id=CUS999999").body["items"] == []
    assert api.get("/reminders/due").body == []
    api.put(f"/reminders/holds/{invoice.customer.customer_id}", {"reason": "Talks"})
    assert [one["reason"] for one in api.get("/reminders/holds").body["items"]] == ["Talks"]


def test_all_that_failed_is_sent_again_but_to_stopped_addresses(invoice, api):
    for name in ("ann", "ben", "stopped"):
        Recipient.objects.create(
            customer=invoice.customer, name=name, email=f"{name}@c.example", kinds=["invoice"]
        )
    api.post(f"{INVOICES}/{invoice.invoice_id}/send", {})
    for one in Delivery.objects.select_related("customer"):
        ask_person(one, "refused_550")
    Delivery.objects.update(status="failed", error="refused_550", next_attempt_at=None)
    SuppressedAddress.objects.create(email="stopped@c.example", reason="bounced")
    assert api.post("/deliveries/resend-failed", {"channel": "portal"}).body == {"resent": 0}
    answer = api.post("/deliveries/resend-failed", {"kind": "invoice", "channel": "email"})
    assert (answer.status, answer.body) == (202, {"resent": 2})
    for key in due_deliveries():
        deliver(delivery_id=key)
    assert {message.to[0] for message in mail.outbox} == {"ann@c.example", "ben@c.example"}
    still = ReviewItem.objects.get(kind="delivery", status="open")
    assert Delivery.objects.get(pk=still.target_id).recipient_name == "stopped"


def test_the_log_is_read_in_a_constant_number_of_queries(
    invoice, api, django_assert_max_num_queries
):
    for _time in range(3):
        api.post(f"{INVOICES}/{invoice.invoice_id}/send", {})
    assert Delivery.objects.count() == 3
    api.get("/deliveries")
    with django_assert_max_num_queries(3):
        assert len(api.get("/deliveries").body["items"]) == 3
