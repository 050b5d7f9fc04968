"""A customer signs in by a link and reaches their own documents, and nothing else."""

import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_site
from support.browsers import signed_in
from support.payments import open_invoices, receive
from support.statements import run_statements
from support.stripe_sandbox import SECRET_KEY, stripe_sandbox

from billing.application import ALL_RULES
from billing.periods import month_period
from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.redis import redis_client
from shared.kernel.tenancy import organisation_context
from tenants.delivery.models import Recipient
from tenants.disputes.models import Dispute
from tenants.invoices.services import generate_invoice
from tenants.payments.models import OnlinePayment
from tenants.payments.services.online import connect_account
from tenants.payments.services.online_events import refresh_online_payment
from tenants.portal.models import PortalLink
from tenants.portal.services import LINKS_PER_MINUTE

KAREN = "karen@example.com"
STAFF_PAGES = ("/", "/invoices", "/sites", "/payments", "/statements", "/settings/people")


@pytest.fixture(autouse=True)
def _nobody_asked_yet():
    """The limits count in Redis, which no test rolls back."""
    for key in redis_client().scan_iter("*:rate:portal-*"):
        redis_client().delete(key)


@pytest.fixture
def invoice(in_acme):
    """1,000.00 and HST 130.00, of Karen's customer."""
    (one,) = open_invoices()
    return one


def ask(browser, email, capture):
    """The pages asks for a link, and what is queued is carried out."""
    with capture(execute=True):
        return browser.post("/portal", {"email": email})


@pytest.fixture
def send(django_capture_on_commit_callbacks):
    """Asks for a link and gives the path in the last mail."""

    def asked(browser, email=KAREN):
        mail.outbox.clear()
        ask(browser, email, django_capture_on_commit_callbacks)
        found = re.search(r"https?://\S+", mail.outbox[-1].body)
        return urlsplit(found.group()).path

    return asked


@pytest.fixture
def karen(invoice, acme, client_for, send):
    """A browser in which Karen has used her link."""
    browser = client_for(acme)
    assert browser.post(send(browser)).status_code == 302
    return browser


def stranger_invoice():
    """Another customer's invoice in the same organisation."""
    site = make_site(site_name="South Yard")
    (one,) = open_invoices(site=site)
    return one


def test_a_link_leads_to_what_is_owed(karen, invoice):
    page = karen.get("/portal")
    assert page.status_code == 200
    text = page.content.decode()
    assert invoice.number in text
    assert "1,130.00" in text
    detail = karen.get(f"/portal/invoices/{invoice.invoice_id}")
    assert detail.status_code == 200
    assert "1,000.00" in detail.content.decode()
    pdf = re.search(r'href="(/documents/[^"]+)"', detail.content.decode()).group(1)
    assert karen.get(pdf)["Content-Type"] == "application/pdf"
    assert invoice.number in karen.get("/portal/invoices").content.decode()
    actions = list(Entry.objects.values_list("action", flat=True))
    assert actions.count("portal.signed_in") == 1


def test_looking_at_a_link_does_not_use_it_up(invoice, acme, client_for, send):
    browser = client_for(acme)
    path = send(browser)
    page = browser.get(path)
    assert page.status_code == browser.get(path).status_code == 200
    # No other host learns of the link; without any referrer the form's own post is refused.
    assert page["Referrer-Policy"] == "same-origin"
    assert PortalLink.objects.get().used_at is None
    assert browser.get("/portal/invoices").status_code == 302
    assert browser.post(path).status_code == 302
    assert browser.get("/portal/invoices").status_code == 200


def test_a_link_works_once(karen, send, acme, client_for):
    other = client_for(acme)
    path = send(other)
    assert other.post(path).status_code == 302
    thief = client_for(acme)
    assert thief.get(path).status_code == thief.post(path).status_code == 410
    assert thief.get("/portal/invoices").status_code == 302


def test_a_link_expires(invoice, acme, client_for, send):
    browser = client_for(acme)
    path = send(browser)
    with time_machine.travel(now() + timedelta(minutes=31)):
        assert browser.post(path).status_code == 410
    assert PortalLink.objects.get().used_at is None


def test_a_tampered_link_is_none(invoice, acme, globex, client_for, send):
    browser = client_for(acme)
    path = send(browser)
    for wrong in (f"{path}x", path.replace("enter/", "enter/x"), "/portal/enter/x"):
        page = browser.post(wrong)
        assert page.status_code == 404
        assert 'name="email"' in page.content.decode()  # a new one is a click away
    assert client_for(globex).post(path).status_code == 404
    assert PortalLink.objects.get().used_at is None


def test_an_unknown_address_is_answered_alike(
    invoice, acme, client_for, django_capture_on_commit_callbacks
):
    browser = client_for(acme)
    answers = [
        ask(browser, email, django_capture_on_commit_callbacks)
        for email in (KAREN, "nobody@example.com")
    ]
    first, second = (
        answer.content.decode().replace(email, "…")
        for answer, email in zip(answers, (KAREN, "nobody@example.com"), strict=True)
    )
    token = r"[A-Za-z0-9]{64}"  # of each form
    assert re.sub(token, "", first) == re.sub(token, "", second)
    assert [one.to for one in mail.outbox] == [[KAREN]]


def test_an_address_is_not_flooded(invoice, acme, client_for, django_capture_on_commit_callbacks):
    browser = client_for(acme)
    for email in (KAREN, "nobody@example.com"):
        statuses = [
            ask(browser, email, django_capture_on_commit_callbacks).status_code
            for _time in range(LINKS_PER_MINUTE + 1)
        ]
        assert statuses == [200] * LINKS_PER_MINUTE + [429]
    last = ask(browser, KAREN, django_capture_on_commit_callbacks).content.decode()
    assert "Wait a minute" in last
    assert f'value="{KAREN}"' in last
    assert len(mail.outbox) == LINKS_PER_MINUTE


def test_a_recipient_gets_the_link_in_their_language(invoice, acme, client_for, send):
    Recipient.objects.create(
        customer=invoice.customer,
        name="Bruno",
        email="bruno@customer.example",
        language="fr-ca",
        kinds=["invoice"],
    )
    browser = client_for(acme)
    browser.post(send(browser, "BRUNO@customer.example"))
    assert '<html lang="fr' in browser.get("/portal").content.decode()


def test_who_is_removed_is_out_at_once(karen, invoice):
    contact = invoice.site.contacts.get()
    contact.email = "new@example.com"
    contact.save(update_fields=["email"])
    assert karen.get("/portal/invoices").status_code == 302


def test_a_session_ends_after_a_day_or_by_signing_out(karen, invoice):
    with time_machine.travel(now() + timedelta(hours=25)):
        assert karen.get("/portal/invoices").status_code == 302
    cookie = karen.cookies["sessionid"].value
    assert karen.post("/portal/leave").status_code == 302
    karen.cookies["sessionid"] = cookie
    assert karen.get("/portal/invoices").status_code == 302


def test_anothers_documents_are_not_there(karen, invoice):
    theirs = stranger_invoice()
    run_statements()
    statement = theirs.customer.statements.get()
    path = f"/portal/invoices/{theirs.invoice_id}"
    assert karen.get(path).status_code == 404
    assert karen.post(f"{path}/pay").status_code == 404
    data = {"amount": "10.00", "reason": "Not mine"}
    assert karen.post(f"{path}/dispute", data).status_code == 404
    assert karen.get(f"/portal/statements/{statement.pk}/pdf").status_code == 404
    for page in ("/portal", "/portal/invoices", "/portal/statements"):
        text = karen.get(page).content.decode()
        assert theirs.number not in text
        assert statement.statement_code not in text
    assert not Dispute.objects.exists()
    own = invoice.customer.statements.get()
    assert own.statement_code in karen.get("/portal/statements").content.decode()
    pdf = karen.get(f"/portal/statements/{own.pk}/pdf")
    assert pdf["Content-Type"] == "application/pdf"


def test_another_organisations_documents_are_not_there(karen, invoice, globex, client_for):
    with organisation_context(globex):
        (theirs, _last) = open_invoices(2)[-2:]
    elsewhere = client_for(globex)
    elsewhere.cookies = karen.cookies
    assert elsewhere.get("/portal/invoices").status_code == 302
    assert elsewhere.get(f"/portal/invoices/{theirs.invoice_id}").status_code == 302


def test_drafts_are_not_shown(karen, invoice):
    draft = generate_invoice(
        actor=SYSTEM, site_id=invoice.site.site_id, period=month_period(2025, 2), issue=False
    ).invoice
    assert draft.number is None
    assert draft.invoice_id not in karen.get("/portal/invoices").content.decode()
    assert karen.get(f"/portal/invoices/{draft.invoice_id}").status_code == 404


def test_no_staff_page_and_no_api_is_reached(karen, invoice):
    for path in (*STAFF_PAGES, f"/invoices/{invoice.invoice_id}"):
        assert karen.get(path).status_code in (302, 403), path
    assert karen.post(f"/invoices/{invoice.invoice_id}/dispute").status_code in (302, 403)
    assert karen.get("/api/v1/billing/invoices").status_code == 401


def test_staff_and_portal_never_mix(invoice, acme, client_for, send):
    staff = signed_in(client_for, acme, "owner")
    assert staff.get("/portal/invoices").status_code == 302
    staff.post(send(client_for(acme)))
    assert staff.get("/portal/invoices").status_code == 200
    assert staff.get("/invoices").status_code == 302


def test_an_objection_is_kept_on_the_invoice(karen, invoice):
    path = f"/portal/invoices/{invoice.invoice_id}/dispute"
    data = {"position": "1", "amount": "400.00", "reason": "Two days short"}
    assert karen.post(path, data).status_code == 302
    invoice.refresh_from_db()
    assert invoice.amount_disputed == Decimal("400.00")
    dispute = Dispute.objects.get()
    assert (dispute.line.position, dispute.raised_by) == (1, f"Karen Douglas, {invoice.customer}")
    entry = Entry.objects.get(action="dispute.raised")
    assert entry.actor_label == dispute.raised_by
    assert "Two days short" in karen.get(f"/portal/invoices/{invoice.invoice_id}").content.decode()
    too_much = karen.post(path, {"amount": "730.01", "reason": "All of it"})
    assert too_much.status_code == 422
    assert "All of it" in too_much.content.decode()
    assert karen.post(path, {"amount": "x", "reason": ""}).status_code == 422
    assert Dispute.objects.count() == 1


def test_a_session_does_not_flood_anybody_with_objections(karen, invoice, monkeypatch):
    monkeypatch.setattr("tenants.portal.services.ACTS_PER_MINUTE", 1)
    path = f"/portal/invoices/{invoice.invoice_id}/dispute"
    objection = {"amount": "1.00", "reason": "Late"}
    assert [karen.post(path, objection).status_code for _time in range(2)] == [302, 422]
    assert Dispute.objects.count() == 1


def test_paying_is_offered_where_the_organisation_takes_it(karen, invoice, settings):
    path = f"/portal/invoices/{invoice.invoice_id}"
    assert "pay-form" not in karen.get(path).content.decode()
    assert karen.post(f"{path}/pay").status_code == 409
    with stripe_sandbox() as sandbox:
        settings.STRIPE_API_BASE = sandbox.url
        connect_account(actor=SYSTEM, secret_key=SECRET_KEY)
        assert "pay-form" in karen.get(path).content.decode()
        page = karen.post(f"{path}/pay")
        (session,) = sandbox.sessions.values()
    assert session["amount_total"] == 113000
    online = OnlinePayment.objects.get()
    assert online.url in page.content.decode().replace("&amp;", "&")
    assert online.customer == invoice.customer
    entry = Entry.objects.get(action="portal.payment_started")
    assert (entry.actor_kind, entry.object_id) == ("user", str(invoice.pk))


def test_what_is_disputed_is_not_asked_for(karen, invoice, settings):
    path = f"/portal/invoices/{invoice.invoice_id}"
    with stripe_sandbox() as sandbox:
        settings.STRIPE_API_BASE = sandbox.url
        connect_account(actor=SYSTEM, secret_key=SECRET_KEY)
        karen.post(f"{path}/dispute", {"amount": "400.01", "reason": "Two days short"})
        text = karen.get(path).content.decode()
        # 1,130.00 - 400.01
        assert "Pay $729.99" in text
        assert "You object to $400.01 of it" in text
        assert "You pay $729.99" in karen.post(f"{path}/pay").content.decode()
        (session,) = sandbox.sessions.values()
        assert session["amount_total"] == 72999
        assert "To pay now" in text
        assert '"729.9900"' in Entry.objects.get(action="portal.payment_started").payload
        karen.post(f"{path}/dispute", {"amount": "729.99", "reason": "All of it"})
        text = karen.get(path).content.decode()
        assert "In dispute" in karen.get("/portal").content.decode()
        assert "pay-form" not in text
        assert "You object to all that is open ($1,130.00)" in text
        refused = karen.post(f"{path}/pay")
        assert refused.status_code == 409
        assert "All that is open is disputed" in refused.content.decode()
        assert len(sandbox.sessions) == 1


def test_a_bank_debit_on_its_way_is_not_asked_for_again(karen, invoice, settings):
    path = f"/portal/invoices/{invoice.invoice_id}"
    with stripe_sandbox() as sandbox:
        settings.STRIPE_API_BASE = sandbox.url
        connect_account(actor=SYSTEM, secret_key=SECRET_KEY)
        karen.post(f"{path}/pay")
        (session,) = sandbox.sessions.values()
        intent = sandbox.pay(session, status="processing", method="acss_debit")
        online = OnlinePayment.objects.get()
        refresh_online_payment(online_pk=online.pk)
        text = karen.get(path).content.decode()
        assert "Your payment is on its way" in text
        assert "pay-form" not in text
        assert karen.post(f"{path}/pay").status_code == 409
        sandbox.fail(intent, "Insufficient funds.")
        refresh_online_payment(online_pk=online.pk)
        text = karen.get(path).content.decode()
        assert "Insufficient funds." in text
        assert "Pay $1,130.00" in text


def test_what_is_not_there_keeps_the_customers_frame(karen):
    page = karen.get("/portal/invoices/INV999999999")
    assert page.status_code == 404
    assert 'href="/portal/invoices"' in page.content.decode()


def test_what_is_settled_is_not_owed(karen, invoice):
    receive(invoice, "1130.00", rules=ALL_RULES)
    assert "Nothing is open" in karen.get("/portal").content.decode()


@pytest.mark.parametrize("path", ["/portal", "/portal/invoices"])
def test_a_list_asks_as_often_for_many_as_for_few(path, karen, invoice, django_assert_num_queries):
    karen.get(path)
    with CaptureQueriesContext(connection) as few:
        karen.get(path)
    asked = len(few)  # of what the next request's log no longer holds
    site = make_site(site_name="West Yard", customer_id=invoice.customer.customer_id)
    open_invoices(5, site=site)
    karen.get(path)  # the host's organisation is cached for half a minute only
    with django_assert_num_queries(asked):
        text = karen.get(path).content.decode()
    assert text.count("West Yard") == 5
