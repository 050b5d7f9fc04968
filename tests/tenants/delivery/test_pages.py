"""The pages of deliveries, recipients and reminders."""

import pytest
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from tenants.delivery.models import (
    Delivery,
    DunningHold,
    DunningLevel,
    Recipient,
    SuppressedAddress,
)
from tenants.invoices.services import generate_invoice


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


def test_an_invoice_is_sent_from_its_page(invoice, acme, client_for):
    billing = signed_in(client_for, acme, "billing_manager")
    assert "Nothing was sent yet" in billing.get("/deliveries").content.decode()
    answer = billing.post(f"/invoices/{invoice.invoice_id}/send")
    assert answer.status_code == 302
    page = billing.get("/deliveries").content.decode()
    assert invoice.number in page
    delivery = Delivery.objects.get()
    detail = billing.get(f"/deliveries/{delivery.pk}")
    assert detail.status_code == 200
    card = billing.get(f"/invoices/{invoice.invoice_id}/deliveries").content.decode()
    assert f"/deliveries/{delivery.pk}" in card


def test_the_failed_ones_of_the_list_are_sent_again(invoice, acme, client_for):
    billing = signed_in(client_for, acme, "billing_manager")
    billing.post(f"/invoices/{invoice.invoice_id}/send")
    Delivery.objects.update(status="failed", error="refused_550", next_attempt_at=None)
    assert "Send all failed ones again" not in billing.get("/deliveries").content.decode()
    page = billing.get("/deliveries", {"status": "failed"}).content.decode()
    assert "Send all failed ones again" in page
    assert billing.post("/deliveries/resend", {"channel": "email"}).status_code == 302
    assert Delivery.objects.get().status == "pending"


def test_somebody_who_only_looks_cannot_send(invoice, acme, client_for):
    viewer = signed_in(client_for, acme, "viewer")
    assert viewer.get("/deliveries").status_code == 200
    viewer.post(f"/invoices/{invoice.invoice_id}/send")
    assert Delivery.objects.count() == 0


def test_recipients_are_added_and_errors_stand_beside_their_field(invoice, acme, client_for):
    billing = signed_in(client_for, acme, "billing_manager")
    path = f"/customers/{invoice.customer.customer_id}/delivery"
    given = {"name": "Ann", "email": "", "channel": "email", "language": "en", "kinds": "invoice"}
    refused = billing.post(path, given)
    assert refused.status_code == 422
    assert "Enter an e-mail address." in refused.content.decode()
    assert billing.post(path, {**given, "email": "ann@c.example"}).status_code == 302
    recipient = Recipient.objects.get()
    assert "Ann" in billing.get(path).content.decode()
    one = f"{path}/{recipient.pk}"
    assert "ann@c.example" in billing.get(one).content.decode()
    assert billing.post(one, {**given, "kinds": "fax"}).status_code == 422
    changed = {**given, "email": "ann@c.example", "language": "fr-ca", "is_active": "on"}
    assert billing.post(one, changed).status_code == 302
    recipient.refresh_from_db()
    assert recipient.language == "fr-ca"
    billing.post(f"{path}/{recipient.pk}/remove")
    assert Recipient.objects.count() == 0


def test_an_address_that_was_stopped_is_written_to_again(invoice, acme, client_for):
    billing = signed_in(client_for, acme, "billing_manager")
    customer = invoice.customer
    Recipient.objects.create(
        customer=customer, name="Ann", email="ann@c.example", kinds=["invoice"]
    )
    stopped = SuppressedAddress.objects.create(email="ann@c.example", reason="complained")
    page = billing.get(f"/customers/{customer.customer_id}/delivery").content.decode()
    assert "E-mail stopped" in page
    assert "Marked as spam" in billing.get("/deliveries/stopped").content.decode()
    viewer = signed_in(client_for, acme, "viewer")
    assert viewer.post(f"/deliveries/stopped/{stopped.pk}/allow").status_code == 403
    assert billing.post(f"/deliveries/stopped/{stopped.pk}/allow").status_code == 302
    assert "Every address is written to" in billing.get("/deliveries/stopped").content.decode()


def test_a_customer_is_held_and_reminded_again(invoice, acme, client_for):
    billing = signed_in(client_for, acme, "billing_manager")
    path = f"/customers/{invoice.customer.customer_id}/delivery"
    billing.post(f"{path}/hold", {"reason": "Talks"})
    assert DunningHold.objects.get().reason == "Talks"
    assert "Not reminded" in billing.get(path).content.decode()
    billing.post(f"{path}/resume")
    assert DunningHold.objects.count() == 0


def test_an_administrator_sets_the_levels(invoice, acme, client_for):
    admin = signed_in(client_for, acme, "tenant_admin")
    wrong = admin.post("/settings/reminders", {"days_1": "20", "days_2": "10"})
    assert wrong.status_code == 422
    saved = admin.post("/settings/reminders", {"days_1": "7", "days_2": "21", "attach_2": "on"})
    assert saved.status_code == 302
    assert list(DunningLevel.objects.values_list("days_overdue", "attach_statement")) == [
        (7, False),
        (21, True),
    ]
    page = admin.get("/settings/reminders").content.decode()
    assert invoice.customer.name in page  # due on 2 March 2026, long overdue
    admin.post("/reminders/send")
    assert invoice.customer.name in admin.get("/reminders").content.decode()


def test_an_invoice_and_its_customer_lead_to_deliveries(invoice, acme, client_for):
    billing = signed_in(client_for, acme, "billing_manager")
    page = billing.get(f"/invoices/{invoice.invoice_id}").content.decode()
    assert f'hx-get="/invoices/{invoice.invoice_id}/deliveries"' in page
    assert f'action="/invoices/{invoice.invoice_id}/send"' in page
    customer = f"/customers/{invoice.customer.customer_id}"
    assert f'href="{customer}/delivery"' in billing.get(customer).content.decode()
    viewer = signed_in(client_for, acme, "viewer")
    assert 'form="send-form"' not in viewer.get(f"/invoices/{invoice.invoice_id}").content.decode()
