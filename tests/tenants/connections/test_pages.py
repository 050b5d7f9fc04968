import pytest
from django.urls import reverse
from django.utils.translation import override
from support.billing import make_contract, make_site
from support.billing_sandbox import TOKEN

from shared.accounts.models import User
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.connections.models import Connection, SyncConflict, WebhookDelivery, WebhookEndpoint
from tenants.connections.services.runs import start_performance
from tenants.connections.work.measuring import take_snapshot
from tenants.connections.work.runs import process_run
from tenants.sites.models import Site
from tenants.sites.services import create_territory

pytestmark = pytest.mark.django_db
EMPTY = (
    "sync_status",
    "sync_logs",
    "conflict_list",
    "weekly_performance",
    "data_quality",
    "webhook_list",
)


@pytest.fixture
def browser_of(acme, client_for):
    def make(role):
        with organisation_context(acme):
            user = User.objects.create_user(f"{role}@acme.example", "A-long-pass-1", role=role)
        browser = client_for(acme)
        browser.force_login(user)
        return browser

    return make


@pytest.fixture
def browser(browser_of):
    return browser_of("owner")


@pytest.fixture
def site(connection, territory, reconcile, sandbox):
    """A synchronised site of which they say that it is in another territory."""
    create_territory(actor=SYSTEM, name="Ottawa", territory_id="TER0002")
    site = make_site(territory_id="TER0001")
    make_contract(site)
    make_site(site_name="Without territory")
    reconcile()
    sandbox.change("customers", site.site_id, territory_code="TER0002")
    reconcile()
    return site


def text_of(response):
    assert response.status_code == 200, response
    return response.content.decode()


@pytest.mark.parametrize("name", EMPTY)
@pytest.mark.parametrize("language", ["en", "fr-ca"])
def test_empty_pages_say_what_belongs_there(browser, name, language):
    with override(language):
        assert "empty" in text_of(browser.get(reverse(name)))


@pytest.mark.parametrize("name", EMPTY)
def test_who_may_not_see_them(browser_of, name):
    assert browser_of("viewer").get(reverse(name)).status_code == 403


def test_the_billing_system_is_connected_and_tested(browser, sandbox, acme):
    form = {"name": "Ledger", "base_url": sandbox.url, "token": TOKEN}
    answer = browser.post(reverse("connection_new"), form, follow=True)
    page = text_of(answer)
    assert "Ledger" in page
    assert TOKEN not in page
    with organisation_context(acme):
        assert Connection.objects.get().state == "active"


def test_a_wrong_address_is_told_beside_the_field(browser, settings):
    settings.OUTGOING_NETWORKS = []
    form = {"name": "Ledger", "base_url": "https://10.0.0.1/", "token": "x"}
    answer = browser.post(reverse("connection_new"), form)
    assert answer.status_code == 422
    assert "not on the public internet" in answer.content.decode()


def test_refused_credentials_are_told(browser, sandbox):
    form = {"name": "Ledger", "base_url": sandbox.url, "token": "wrong"}
    page = text_of(browser.post(reverse("connection_new"), form, follow=True))
    assert "The billing system refuses us" in page


def test_status_log_and_quality_of_a_synchronised_site(browser, site, acme):
    take_snapshot()
    for name in EMPTY:
        text_of(browser.get(reverse(name)))
    page = text_of(browser.get(reverse("sync_logs")))
    assert "Nightly comparison" in page
    assert "territory_id is required" in page
    for metric in ("completeness", "accuracy", "currency", "error_rate"):
        text_of(browser.get(reverse("quality_records", args=[metric])))
    assert browser.get(reverse("quality_records", args=["other"])).status_code == 404
    records = reverse("quality_records", args=["completeness"])
    assert "Without territory" not in text_of(browser.get(records))
    with organisation_context(acme):
        without = Site.objects.filter(name="Without territory")
        without.update(billing_address={"city": "Toronto"})
    assert "Without territory" in text_of(browser.get(records))


def test_a_conflict_is_decided_on_its_page(browser, site):
    conflict = SyncConflict.objects.get(status="open")
    url = reverse("sync_conflict", args=[conflict.pk])
    page = text_of(browser.get(url))
    assert "TER0001" in page
    assert "TER0002" in page
    wrong = browser.post(url, {"choice": "edited", "value": "TER9999"})
    assert wrong.status_code == 422
    assert "There is no such territory" in wrong.content.decode()
    assert browser.post(url, {"choice": "theirs"}).status_code == 302
    site.refresh_from_db()
    assert site.territory.territory_id == "TER0002"
    assert text_of(browser.get(url))
    assert text_of(browser.get(reverse("conflict_list") + "?status=resolved"))


def test_conflicts_are_decided_in_bulk(browser, site):
    conflict = SyncConflict.objects.get(status="open")
    form = {"conflict": [str(conflict.pk), "nonsense"], "choice": "ours"}
    answer = browser.post(reverse("conflicts_resolve"), form, follow=True)
    assert "1 conflict was decided." in text_of(answer)
    conflict.refresh_from_db()
    assert conflict.resolution == "ours"
    assert browser.post(reverse("conflicts_resolve"), {"choice": "both"}).status_code == 302


def test_a_webhook_shows_its_secret_once(browser, receiver, acme):
    form = {"url": receiver.url(scheme="http"), "description": "Books", "topics": ["invoice.*"]}
    page = text_of(browser.post(reverse("webhook_new"), form))
    with organisation_context(acme):
        endpoint = WebhookEndpoint.objects.get()
        secret = endpoint.secret
    assert secret in page
    detail = reverse("webhook_detail", args=[endpoint.pk])
    assert secret not in text_of(browser.get(detail))
    tested = browser.post(reverse("webhook_test", args=[endpoint.pk]), follow=True)
    assert "test.ping" in text_of(tested)
    assert "Send again" not in text_of(browser.get(detail))
    rotated = text_of(
        browser.post(reverse("webhook_rotate", args=[endpoint.pk]), {"overlap_hours": 5})
    )
    assert secret not in rotated
    edited = browser.post(
        reverse("webhook_edit", args=[endpoint.pk]), {"url": "https://hooks.example.com/"}
    )
    assert edited.status_code == 302
    assert browser.post(reverse("webhook_state", args=[endpoint.pk]), {"active": "0"}).status_code
    with organisation_context(acme):
        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.topics) == ("paused", [])
        assert WebhookDelivery.objects.count() >= 1
    assert browser.post(reverse("webhook_delete", args=[endpoint.pk])).status_code == 302


def test_the_weekly_report(browser, in_acme):
    from datetime import date
    from decimal import Decimal

    from tenants.activity.models import RevenueRecord

    site = make_site()
    RevenueRecord.objects.create(
        site=site, day=date(2026, 11, 3), gross_amount=Decimal(9), net_amount=Decimal(9)
    )
    run = start_performance(actor=SYSTEM, week_start=date(2026, 11, 2))
    process_run(run_id=run.pk)
    assert "2026" in text_of(browser.get(reverse("weekly_performance")))
    assert site.name in text_of(browser.get(reverse("weekly_sites", args=["2026-11-02"])))
    assert browser.get(reverse("weekly_sites", args=["yesterday"])).status_code == 404
    started = browser.post(reverse("weekly_start"), {"week_start": "2026-11-03"}, follow=True)
    assert "Monday" in text_of(started)


def test_thresholds_are_changed(browser, acme):
    form = {
        "completeness_min": "90",
        "currency_min": "98",
        "error_rate_max": "101",
        "log_months": "24",
    }
    assert browser.post(reverse("quality_settings"), form).status_code == 422
    answer = browser.post(reverse("quality_settings"), {**form, "error_rate_max": "3"})
    assert answer.status_code == 302
    assert browser.post(reverse("quality_measure")).status_code == 302
