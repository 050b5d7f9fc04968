from datetime import timedelta
from decimal import Decimal

import pytest
from support.billing import make_site
from support.billing_sandbox import TOKEN

from shared.kernel.clock import now
from shared.kernel.tenancy import organisation_context
from tenants.connections.models import SyncConflict, SyncTask, WebhookDelivery
from tenants.connections.work.delivering import deliver_due
from tenants.connections.work.runs import process_run
from tenants.sites.models import Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def connected(api, sandbox):
    body = {"name": "Ledger", "base_url": sandbox.url, "token": TOKEN}
    return api.make("/connections", body)


@pytest.fixture
def conflict(api, connected, sandbox, acme):
    """A conflict about the territory of a site, found by a reconciliation over the API."""
    with organisation_context(acme):
        api.make("/territories", {"name": "Toronto", "territory_id": "TER0001"})
        api.make("/territories", {"name": "Ottawa", "territory_id": "TER0002"})
        site = make_site(territory_id="TER0001")
        reconcile(api)
        sandbox.change("customers", site.site_id, territory_code="TER0002")
        reconcile(api)
    (found,) = api.send("GET", "/sync/conflicts").body["items"]
    return found


def reconcile(api):
    started = api.send("POST", "/sync/reconcile")
    assert started.status == 202
    process_run(run_id=started.body["id"])
    return api.send("GET", f"/sync/runs/{started.body['id']}").body


def test_a_connection_never_answers_its_credentials(api, connected, sandbox):
    assert (connected["state"], connected["kind"]) == ("active", "billing_system")
    path = f"/connections/{connected['id']}"
    for answer in (
        api.send("GET", "/connections"),
        api.send("GET", path),
        api.send("POST", f"{path}/test"),
        api.send("GET", "/sync/status"),
        api.send("GET", "/audit-entries"),
    ):
        assert TOKEN not in answer.raw
    assert api.send("POST", f"{path}/test").body["checked_at"]


def test_one_billing_system_is_connected_once(api, connected, sandbox):
    body = {"name": "Other", "base_url": sandbox.url, "token": TOKEN}
    assert api.send("POST", "/connections", body).status == 409


def test_another_address_needs_the_token_again(api, connected, sandbox):
    path = f"/connections/{connected['id']}"
    answer = api.send("PATCH", path, {"base_url": f"{sandbox.url}/v2"})
    assert (answer.status, answer.fields) == (422, {"token": "required"})
    assert api.send("PATCH", path, {"name": "Renamed"}).body["name"] == "Renamed"
    assert api.send("PATCH", path, {"active": False}).body["state"] == "paused"
    assert api.send("POST", "/sync/reconcile").status == 409


def test_a_stale_change_is_refused(api, connected):
    path = f"/connections/{connected['id']}"
    tag = api.send("GET", path).headers["ETag"]
    assert api.send("PATCH", path, {"name": "A"}, **{"if-match": tag}).status == 200
    assert api.send("PATCH", path, {"name": "B"}, **{"if-match": tag}).status == 412
    assert api.send("DELETE", path, **{"if-match": tag}).status == 412
    assert api.send("DELETE", path).status == 204
    assert api.send("GET", path).status == 404


def test_addresses_inside_are_refused_by_name(api, settings):
    settings.OUTGOING_NETWORKS = []
    body = {"name": "Ledger", "base_url": "https://169.254.169.254/", "token": "x"}
    assert api.send("POST", "/connections", body).fields == {"base_url": "address"}
    answer = api.send("POST", "/webhooks", {"url": "https://[::1]/"})
    assert answer.fields == {"url": "address"}


def test_the_status_of_the_sync(api, conflict):
    status = api.send("GET", "/sync/status").body
    assert (status["open_conflicts"], status["failed"], status["customers"]) == (1, 0, 1)
    assert status["last_reconciliation"]["status"] == "done"
    lines = api.send("GET", "/sync/logs?process_name=DailyBillingReconciliation").body["items"]
    assert [line["status"] for line in lines] == ["success", "success"]


def test_a_conflict_side_by_side_and_decided(api, conflict, acme):
    assert (conflict["customer_sites_value"], conflict["billing_value"]) == ("TER0001", "TER0002")
    assert conflict["type"] == "other_mismatch"
    path = f"/sync/conflicts/{conflict['id']}"
    detail = api.send("GET", path)
    assert [step["what"] for step in detail.body["history"]] == ["found"]
    wrong = api.send("POST", f"{path}/resolve", {"choice": "edited", "value": "TER7777"})
    assert (wrong.status, wrong.fields) == (422, {"territory_id": "unknown"})
    decided = api.send(
        "POST", f"{path}/resolve", {"choice": "theirs"}, **{"if-match": detail.headers["ETag"]}
    )
    assert (decided.body["status"], decided.body["resolution"]) == ("resolved", "theirs")
    assert api.send("POST", f"{path}/resolve", {"choice": "ours"}).status == 409
    site = api.send("GET", f"/customer-sites/{conflict['site_id']}").body
    assert site["territory_id"] == "TER0002"
    assert api.send("GET", "/sync/conflicts").body["items"] == []
    assert len(api.send("GET", "/sync/conflicts?status=resolved").body["items"]) == 1


def test_several_conflicts_at_once(api, conflict):
    unknown = "00000000-0000-4000-8000-000000000000"
    body = {"conflict_ids": [conflict["id"], unknown], "choice": "ours"}
    items = api.send("POST", "/sync/conflicts/resolve", body).body["items"]
    assert [item["resolved"] for item in items] == [True, False]


def test_a_failed_change_is_sent_again_or_left(api, connected, acme):
    with organisation_context(acme):
        task = SyncTask.objects.create(
            connection_id=connected["id"],
            event_id=5,
            topic="site.changed",
            key="SITE000001",
            payload={},
            happened_at=now(),
            due_at=now(),
            status="failed",
            error="why",
        )
    (found,) = api.send("GET", "/sync/failed").body["items"]
    assert (found["id"], found["error"]) == (str(task.pk), "why")
    path = f"/sync/failed/{task.pk}"
    assert api.send("POST", f"{path}/dismiss", {"note": " "}).status == 422
    assert api.send("POST", f"{path}/retry").status == 202
    assert api.send("POST", f"{path}/retry").status in (202, 409)


def test_a_webhook_from_first_to_last(api, receiver, acme):
    made = api.make("/webhooks", {"url": receiver.url(scheme="http"), "topics": ["site.*"]})
    assert made["secret"].startswith("whsec_")
    path = f"/webhooks/{made['id']}"
    assert "secret" not in api.send("GET", path).body
    assert made["secret"] not in api.send("GET", "/webhooks").raw
    sent = api.send("POST", f"{path}/test")
    assert sent.status == 202
    with organisation_context(acme):
        deliver_due(endpoint_id=made["id"])
    one = api.send("GET", f"{path}/deliveries/{sent.body['id']}").body
    assert (one["status"], one["tries"][0]["status_code"]) == ("done", 200)
    assert api.send("POST", f"{path}/deliveries/{sent.body['id']}/replay").status == 202
    listed = api.send("GET", f"{path}/deliveries?status=done").body["items"]
    assert sent.body["id"] in [item["id"] for item in listed]
    rotated = api.send("POST", f"{path}/rotate-secret", {"overlap_hours": 2}).body
    assert rotated["secret"] != made["secret"]
    assert rotated["former_secret_until"]
    assert api.send("PATCH", path, {"active": False}).body["state"] == "paused"
    assert api.send("POST", f"{path}/test").status == 409
    assert api.send("DELETE", path).status == 204
    with organisation_context(acme):
        assert not WebhookDelivery.objects.exists()


def test_data_quality_with_what_is_behind_it(api, acme):
    with organisation_context(acme):
        site = make_site()
    found = api.send("GET", "/data-quality").body
    assert found["site_data_completeness"]["percentage"] == 100  # a territory is optional
    assert found["sites_without_territory"] == 1
    with organisation_context(acme):
        Site.objects.update(billing_address={**site.billing_address, "zip": ""})
    found = api.send("GET", "/data-quality").body
    assert found["site_data_completeness"] == {
        "percentage": 0,
        "total_records": 1,
        "counted_records": 0,
    }
    assert found["sync_currency"]["percentage"] is None
    records = api.send("GET", "/data-quality/records/completeness").body["items"]
    assert [one["code"] for one in records] == [site.site_id]
    settings = api.send("PATCH", "/data-quality/settings", {"currency_min": Decimal("97.50")})
    assert settings.body["currency_min"] == Decimal("97.5")
    assert api.send("GET", "/data-quality/history").body == {"items": []}
    assert api.send("GET", "/data-quality/records/other").status in (404, 422)


def test_lists_cost_the_same_for_few_and_many(api, connected, acme, django_assert_max_num_queries):
    with organisation_context(acme):
        for number in range(30):
            SyncConflict.objects.create(
                connection_id=connected["id"],
                kind="other_mismatch",
                strategy="require_manual_review",
                record="customer",
                code=f"SITE{number:06}",
                field="territory_code",
                ours_at=now() - timedelta(days=1),
            )
    with django_assert_max_num_queries(14):
        assert len(api.send("GET", "/sync/conflicts").body["items"]) == 30
