"""Linking an account by Connect: the way to Stripe and back, and what comes of it later."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from django.conf import settings as django_settings
from django.test import Client
from support.browsers import signed_in
from support.payments import open_invoices
from support.stripe_sandbox import (
    CLIENT_ID,
    PLATFORM_KEY,
    PLATFORM_SECRET,
    SECRET_KEY,
    signature_of,
    stripe_sandbox,
)

from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, Forbidden, Gone, Malformed, Unavailable
from shared.kernel.tenancy import organisation_context, shared_context
from tenants.payments.models import OnlineAccount, Payment, StripeEvent
from tenants.payments.selectors.online import takes_online_payments
from tenants.payments.services.linking import (
    RETURN_PATH,
    choose_methods,
    disconnect_account,
    link_account,
    link_address,
)
from tenants.payments.services.online import connect_account, start_online_payment
from tenants.review.models import ReviewItem

PAGE = "/settings/online-payments"
EVENTS = "/api/v1/stripe/connect-events"
ACTIONS = "online_account."


@pytest.fixture
def sandbox(settings):
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    with stripe_sandbox() as server:
        settings.STRIPE_API_BASE = settings.STRIPE_CONNECT_BASE = server.url
        settings.STRIPE_CONNECT_CLIENT_ID = CLIENT_ID
        settings.STRIPE_CONNECT_SECRET_KEY = PLATFORM_KEY
        settings.STRIPE_CONNECT_SIGNING_SECRET = PLATFORM_SECRET
        home = f"{settings.PUBLIC_SCHEME}://{settings.BASE_DOMAIN}{port}"
        server.registered = f"{home}{RETURN_PATH}"
        yield server


@pytest.fixture
def owner(sandbox, acme, client_for):
    return signed_in(client_for, acme)


@pytest.fixture
def linked(sandbox, in_acme):
    """The account of acme, linked through the services."""
    return link(sandbox)


def link(sandbox, **allowed):
    code = sandbox.allow(**allowed)
    return link_account(actor=SYSTEM, state=state_of(SYSTEM), code=code)


def state_of(actor):
    """The state that an attempt of this actor has."""
    return parse_qs(urlsplit(link_address(actor=actor)).query)["state"][0]


def stay(path):
    """The path of an address with its query."""
    return urlsplit(path)._replace(scheme="", netloc="").geturl()


def come_back(browser):
    """From the button to Stripe and to the bare domain; the last address, not visited yet."""
    away = browser.get(f"{PAGE}/connect")
    assert away.status_code == 302
    back = requests.get(away["Location"], allow_redirects=False, timeout=10)
    assert back.status_code == 302, back.text
    return urlsplit(at_home("get", stay(back.headers["Location"]))["Location"])


def at_home(method, path, *given, **options):
    """A request to the bare domain, from wherever the test is."""
    with shared_context():
        browser = Client(HTTP_HOST=django_settings.BASE_DOMAIN)
        return getattr(browser, method)(path, *given, **options)


def tell(sent, capture):
    """An event comes to the bare domain and is dealt with."""
    body, signature = sent
    with capture(execute=True):
        return at_home(
            "post",
            EVENTS,
            body,
            content_type="application/json",
            headers={"Stripe-Signature": signature},
        )


def actions():
    found = Entry.objects.filter(action__startswith=ACTIONS).order_by("pk")
    return [one.action.removeprefix(ACTIONS) for one in found]


def test_the_button_leads_to_stripe_and_back_to_a_linked_account(sandbox, owner, acme):
    assert f'href="{PAGE}/connect"' in owner.get(PAGE).content.decode()
    arrival = come_back(owner)
    assert arrival.hostname == acme.host
    assert owner.get(stay(arrival.geturl()))["Location"] == PAGE
    text = owner.get(PAGE).content.decode()
    with organisation_context(acme):
        account = OnlineAccount.objects.get()
        assert (account.name, account.account_id) == ("Acme Parking", "acct_000001")
        assert (account.is_linked, account.is_live, account.charges_enabled) == (True, False, True)
        assert (account.secret_key, account.webhook_secret) == ("", "")
        entry = Entry.objects.get(action="online_account.linked")
        assert entry.actor_kind == "user"
    assert "Acme Parking" in text
    assert "acct_000001" in text
    assert "No real money" in text
    again = owner.get(stay(arrival.geturl()))
    assert again.status_code == 410
    assert "used before" in again.content.decode()


def test_a_refusal_at_stripe_says_so_and_changes_nothing(sandbox, owner, acme):
    sandbox.refusal = "access_denied"
    page = owner.get(stay(come_back(owner).geturl()))
    assert page.status_code == 409
    assert "No access was given at Stripe" in page.content.decode()
    with organisation_context(acme):
        assert not OnlineAccount.objects.exists()


def test_an_answer_fits_one_person_of_one_organisation(
    sandbox, owner, acme, globex, client_for, actor_in
):
    arrival = stay(come_back(owner).geturl())
    other = signed_in(client_for, globex)
    assert other.get(arrival).status_code == 400
    colleague = signed_in(client_for, acme, "tenant_admin")
    page = colleague.get(arrival)
    assert page.status_code == 403
    assert "Somebody else" in page.content.decode()
    assert client_for(acme).get(arrival).status_code in (302, 401)
    with organisation_context(globex):
        assert not OnlineAccount.objects.exists()
    with organisation_context(acme):
        assert not OnlineAccount.objects.exists()
        with pytest.raises(Forbidden):
            link_address(actor=actor_in("billing_manager"))
    assert owner.get(arrival).status_code == 302  # nobody has used it up


@pytest.mark.parametrize("path", [RETURN_PATH, f"{RETURN_PATH}?state=x.y.z&code=ac_1"])
def test_what_stripe_never_sent_leads_nowhere(sandbox, db, path):
    assert at_home("get", path).status_code == 400


def test_an_old_state_a_used_code_and_silence_are_told_apart(sandbox, in_acme):
    code, state = sandbox.allow(), state_of(SYSTEM)
    with time_machine.travel(now() + timedelta(minutes=16)), pytest.raises(Gone, match="15 min"):
        link_account(actor=SYSTEM, state=state, code=code)
    with pytest.raises(Malformed):
        link_account(actor=SYSTEM, state=f"{state}x", code=code)
    with pytest.raises(Gone, match="code"):
        link_account(actor=SYSTEM, state=state, code="ac_unknown")
    for path in ("/oauth/", "/v1/accounts/"):
        sandbox.down(path=path)
        with pytest.raises(Unavailable):
            link_account(actor=SYSTEM, state=state_of(SYSTEM), code=sandbox.allow())
        sandbox.up()
    assert not OnlineAccount.objects.exists()
    assert actions() == []


def test_nothing_is_offered_where_the_platform_has_no_account(sandbox, owner, settings):
    settings.STRIPE_CONNECT_CLIENT_ID = ""
    assert "/connect" not in owner.get(PAGE).content.decode()
    assert owner.get(f"{PAGE}/connect").status_code == 409
    settings.STRIPE_CONNECT_SIGNING_SECRET = ""
    assert at_home("post", EVENTS, b"{}", "application/json").status_code == 404


def test_an_account_belongs_to_one_organisation(sandbox, linked, globex):
    sandbox.codes["ac_again"] = linked.account_id
    with organisation_context(globex):
        with pytest.raises(Conflict, match="another organisation"):
            link_account(actor=SYSTEM, state=state_of(SYSTEM), code="ac_again")
        assert not OnlineAccount.objects.exists()
    disconnect_account(actor=SYSTEM)
    assert linked.account_id not in sandbox.accounts
    with organisation_context(globex):
        assert link(sandbox).is_linked


def test_a_linked_account_takes_the_place_of_a_key(sandbox, in_acme):
    connect_account(actor=SYSTEM, secret_key=SECRET_KEY, bank_debit=False)
    account = link(sandbox)
    assert (account.secret_key, account.card, account.bank_debit) == ("", True, False)
    assert OnlineAccount.objects.get().secret_key == ""
    with pytest.raises(Conflict):
        connect_account(actor=SYSTEM, secret_key=SECRET_KEY)
    with pytest.raises(Conflict):
        link_address(actor=SYSTEM)
    assert choose_methods(actor=SYSTEM, card=False, bank_debit=True).bank_debit
    assert actions() == ["connected", "linked", "changed"]


def test_customers_pay_into_the_linked_account(
    sandbox, linked, globex, client_for, django_capture_on_commit_callbacks
):
    (invoice,) = open_invoices()
    online = start_online_payment(
        invoices=[invoice], success_url="https://a.example/ok", cancel_url="https://a.example/no"
    )
    (session,) = sandbox.sessions.values()
    assert (session["in_account"], online.url) == (linked.account_id, session["url"])
    sent = [seen.headers for seen in sandbox.server.seen if seen.path.startswith("/v1/checkout")]
    assert {one["authorization"] for one in sent} == {f"Bearer {PLATFORM_KEY}"}
    paid = sandbox.pay(session)
    event = sandbox.event("payment_intent.succeeded", paid, account=linked.account_id)
    for _time in range(2):
        assert tell(event, django_capture_on_commit_callbacks).status_code == 202
    assert (Payment.objects.get().amount, StripeEvent.objects.count()) == (1130, 1)
    invoice.refresh_from_db()
    assert invoice.balance_due == 0
    with organisation_context(globex):
        assert not StripeEvent.objects.exists()


def test_events_need_the_platforms_signature_and_a_linked_account(
    sandbox, linked, django_capture_on_commit_callbacks
):
    capture = django_capture_on_commit_callbacks
    found = {"object": "payment_intent", "id": "pi_1"}
    body, _right = sandbox.event("payment_intent.succeeded", found, account=linked.account_id)
    wrong = signature_of(body.decode())
    assert tell((body, wrong), capture).status_code == 400
    stranger = sandbox.event("payment_intent.succeeded", found, account="acct_other")
    assert tell(stranger, capture).status_code == 202
    nobodys = sandbox.event("payment_intent.succeeded", found)
    assert tell((nobodys[0], signature_of(nobodys[0].decode(), PLATFORM_SECRET)), capture)
    assert not StripeEvent.objects.exists()


def test_an_account_that_is_not_ready_offers_nothing_until_it_is(
    sandbox, in_acme, django_capture_on_commit_callbacks
):
    account = link(sandbox, charges_enabled=False)
    (invoice,) = open_invoices()
    assert not takes_online_payments()
    with pytest.raises(Conflict):
        start_online_payment(invoices=[invoice], success_url="x", cancel_url="x")
    found = sandbox.accounts[account.account_id]
    found["charges_enabled"] = True
    event = sandbox.event("account.updated", found, account=account.account_id)
    tell(event, django_capture_on_commit_callbacks)
    assert takes_online_payments()
    assert actions() == ["linked", "changed"]


def test_access_withdrawn_at_stripe_ends_paying_and_asks_for_a_person(
    sandbox, linked, owner, django_capture_on_commit_callbacks
):
    withdrawal = sandbox.withdraw(linked.account_id)
    assert tell(withdrawal, django_capture_on_commit_callbacks).status_code == 202
    assert not takes_online_payments()
    item = ReviewItem.objects.get(kind="online_account")
    assert (item.link, item.status) == (PAGE, "open")
    assert "withdrawn" in owner.get(PAGE).content.decode()
    assert actions() == ["linked", "deauthorized"]
    again = link(sandbox)
    item.refresh_from_db()
    assert (takes_online_payments(), item.status) == (True, "resolved")
    # An event that comes late says only that something happened: how it stands is asked.
    late = sandbox.event("account.application.deauthorized", {}, account=again.account_id)
    tell(late, django_capture_on_commit_callbacks)
    assert takes_online_payments()


def test_disconnecting_gives_the_access_back(sandbox, linked, owner):
    sandbox.down(path="/oauth/")
    page = owner.post(PAGE, {"disconnect": "1"})
    assert page.status_code == 503
    assert "Nothing changed" in page.content.decode()
    assert OnlineAccount.objects.exists()
    sandbox.up()
    assert owner.post(PAGE, {"disconnect": "1"}).status_code == 302
    assert linked.account_id not in sandbox.accounts
    assert not OnlineAccount.objects.exists()
    assert actions() == ["linked", "disconnected"]
    # What the owner withdrew before, and nobody told us, is disconnected as well.
    other = link(sandbox)
    sandbox.withdraw(other.account_id)
    disconnect_account(actor=SYSTEM)
    assert not OnlineAccount.objects.exists()


def test_the_page_of_a_linked_account_changes_ways_to_pay(sandbox, linked, owner):
    assert owner.post(PAGE, {"card": "on"}).status_code == 302
    assert OnlineAccount.objects.get().bank_debit is False
    refused = owner.post(PAGE, {})
    assert refused.status_code == 422
    assert "at least one way" in refused.content.decode()
    sandbox.accounts[linked.account_id]["charges_enabled"] = False
    assert owner.post(PAGE, {"refresh": "1"}).status_code == 302
    assert "Finish the set-up" in owner.get(PAGE).content.decode()
    sandbox.down()
    owner.post(PAGE, {"refresh": "1"})
    assert "does not answer" in owner.get(PAGE).content.decode()
