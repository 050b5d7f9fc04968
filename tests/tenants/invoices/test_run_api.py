"""`/api/v1/billing/runs`, rules, metrics: started, followed, tried again over HTTP."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from support.api import JANUARY, Program, active_contract, key_of, site_body
from support.billing import make_site
from support.payments import open_invoices

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.activity.services import DayRevenue, record_revenue
from tenants.invoices.models import BillingRun
from tenants.invoices.selectors.generation_metrics import generation_metrics
from tenants.invoices.services import process_run

FEE = {"contract_type": "fixed_fee", "billing_configuration": {"monthly_fee": Decimal(1000)}}


@pytest.fixture
def contracts(api):
    """A fee, and a share of a site without revenue."""
    fee_site, share_site = (api.make("/customer-sites", site_body())["site_id"] for _ in range(2))
    return {
        "fee": active_contract(api, fee_site, **FEE),
        "share": active_contract(api, share_site),
        "share_site": share_site,
    }


def work(acme, run_id):
    with organisation_context(acme):
        process_run(run_id=run_id)


def start(api, **body):
    answer = api.post("/billing/runs", {"billing_period": JANUARY, **body})
    assert answer.status == 202, answer.raw
    return answer.body


def test_a_run_is_started_followed_and_tried_again(api, acme, contracts):
    run = start(api)
    assert (run["status"], run["progress"]) == (
        "running",
        {"total": 2, "waiting": 2, "billed": 0, "skipped": 0, "failed": 0},
    )
    work(acme, run["run_id"])
    found = api.get(f"/billing/runs/{run['run_id']}").body
    assert (found["status"], found["errors"]) == ("done", {"data_validation": 1})
    assert found["totals"] == [{"currency": "CAD", "amount": Decimal("1130.00")}]
    results = {one["contract_id"]: one for one in found["results"]["items"]}
    assert results[contracts["fee"]]["total_amount"] == Decimal("1130.00")
    failed = results[contracts["share"]]
    assert (failed["status"], failed["error_kind"], failed["field"], failed["link"]) == (
        "failed",
        "data_validation",
        "billing_data.revenue_amount",
        f"/sites/{contracts['share_site']}/revenue",
    )
    only = api.get(f"/billing/runs/{run['run_id']}?status=failed").body["results"]["items"]
    assert [one["contract_id"] for one in only] == [contracts["share"]]
    kind = api.get(f"/billing/runs/{run['run_id']}?error_kind=calculation").body
    assert kind["results"]["items"] == []
    with organisation_context(acme):
        record_revenue(
            actor=SYSTEM,
            site_id=contracts["share_site"],
            records=[DayRevenue(date(2025, 1, day), Decimal(1000)) for day in range(1, 32)],
        )
    again = api.post(f"/billing/runs/{run['run_id']}/retry-failed")
    assert (again.status, again.body["progress"]["waiting"]) == (202, 1)
    work(acme, run["run_id"])
    found = api.get(f"/billing/runs/{run['run_id']}").body
    assert found["progress"]["billed"] == 2
    assert api.post(f"/billing/runs/{run['run_id']}/retry-failed").status == 409


def test_results_are_paged(api, acme, contracts):
    run = start(api)
    work(acme, run["run_id"])
    first = api.get(f"/billing/runs/{run['run_id']}?limit=1").body["results"]
    second = api.get(f"/billing/runs/{run['run_id']}?limit=1&cursor={first['next']}").body
    ids = [one["contract_id"] for one in (*first["items"], *second["results"]["items"])]
    assert ids == sorted([contracts["fee"], contracts["share"]])
    assert second["results"]["next"] is None


def test_filters_are_kept_and_wrong_ones_named(api, contracts):
    run = start(api, contract_types=["fixed_fee"])
    assert run["progress"]["total"] == 1
    assert run["filters"]["contract_types"] == ["fixed_fee"]
    assert run["auto_distribute"] is False
    by_site = start(api, customer_site_ids=[contracts["share_site"]])
    assert by_site["progress"]["total"] == 1
    wrong = api.post(
        "/billing/runs", {"billing_period": JANUARY, "customer_site_ids": ["SITE999999"]}
    )
    assert (wrong.status, wrong.fields) == (422, {"customer_site_ids[0]": "unknown"})
    unknown = api.post("/billing/runs", {"billing_period": JANUARY, "contract_types": ["barter"]})
    assert unknown.status == 422
    sends_nothing = api.post(
        "/billing/runs", {"billing_period": JANUARY, "issue": False, "auto_distribute": True}
    )
    assert sends_nothing.fields == {"auto_distribute": "not_issued"}


def test_the_preview_writes_nothing(api, acme, contracts):
    seen = api.post("/billing/runs/preview", {"billing_period": JANUARY}).body
    assert (seen["due"], seen["ready"]) == (2, 1)
    assert seen["totals"] == [{"currency": "CAD", "amount": Decimal("1130.00")}]
    assert [one["contract_id"] for one in seen["exceptions"]] == [contracts["share"]]
    with organisation_context(acme):
        assert BillingRun.objects.count() == 0


def test_runs_are_listed_newest_first(api, contracts):
    first, second = start(api), start(api)
    listed = api.get("/billing/runs").body["items"]
    assert [one["run_id"] for one in listed] == [second["run_id"], first["run_id"]]


def test_the_same_key_starts_one_run(api, acme, contracts):
    body, key = {"billing_period": JANUARY}, {"idempotency-key": "january"}
    first, second = (api.post("/billing/runs", body, **key) for _ in range(2))
    assert first.body["run_id"] == second.body["run_id"]
    with organisation_context(acme):
        assert BillingRun.objects.count() == 1


def test_a_reader_starts_nothing_and_another_organisation_sees_nothing(
    api, acme, globex, client_for, contracts
):
    run = start(api)
    reader = Program(client_for(acme), key_of(acme, ["invoices:read"]))
    assert reader.post("/billing/runs", {"billing_period": JANUARY}).status == 403
    assert reader.get(f"/billing/runs/{run['run_id']}").status == 200
    other = Program(client_for(globex), key_of(globex))
    assert other.get(f"/billing/runs/{run['run_id']}").status == 404
    assert other.post(f"/billing/runs/{run['run_id']}/retry-failed").status == 404
    assert api.get(f"/billing/runs/{uuid4()}").status == 404


def test_an_invoice_is_checked_again(api, contracts):
    made = api.make(
        "/billing/generate-invoice",
        {"site_id": contracts["share_site"], "billing_period": JANUARY}
        | {"billing_data": {"revenue_amount": Decimal(50000)}},
    )
    answer = api.post(f"/billing/invoices/{made['invoice_id']}/validate")
    assert (answer.status, answer.body["passed"], answer.body["stored"]) == (200, True, False)
    names = {one["name"] for one in answer.body["checks"]}
    assert {"contract_active", "guarantee_and_cap", "revenue_variance"} <= names
    assert api.post("/billing/invoices/INV999999999/validate").status == 404


def test_rules_are_read_and_chosen(api):
    found = api.get("/billing/validation-settings")
    rules = {one["name"]: one for one in found.body["rules"]}
    assert found.body["variance_limit"] == Decimal("0.25")
    assert rules["calculation_agrees"]["critical"] is True
    body = {
        "variance_limit": Decimal("0.4"),
        "severities": {"revenue_variance": "error"},
        "off": ["total_not_zero"],
        "missing_days_are_zero": True,
    }
    saved = api.put("/billing/validation-settings", body)
    rules = {one["name"]: one for one in saved.body["rules"]}
    assert rules["revenue_variance"]["chosen_severity"] == "error"
    assert rules["total_not_zero"]["enabled"] is False
    stale = api.put("/billing/validation-settings", body, **{"if-match": '"1"'})
    assert stale.status == 412
    critical = api.put("/billing/validation-settings", {**body, "off": ["lines_add_up"]})
    assert critical.fields == {"off": "critical"}


def test_metrics_count_what_was_made_and_what_was_not(api, acme, contracts):
    run = start(api)
    work(acme, run["run_id"])
    found = api.get("/billing/reports/generation?start_date=2025-01-01&end_date=2025-01-31").body
    assert found["total_invoices_generated"] == 1
    assert found["success_rate"] == Decimal("0.5")
    assert found["validation_error_rate"] == Decimal("0.5")
    assert found["manual_review_rate"] == Decimal("0.5")
    assert found["delivery_success_rate"] is None
    assert found["average_generation_ms"] >= 0
    assert found["amounts"] == [
        {
            "currency": "CAD",
            "invoices": 1,
            "subtotal": Decimal("1000.00"),
            "tax": Decimal("130.00"),
            "total": Decimal("1130.00"),
        }
    ]
    (kind,) = found["revenue_by_contract_type"]
    assert (kind["name"], kind["amount"]) == ("fixed_fee", Decimal("1000.00"))
    (customer,) = found["top_customers_by_revenue"]
    assert customer["amount"] == Decimal("1000.00")
    empty = api.get("/billing/reports/generation?start_date=2024-01-01&end_date=2024-01-31").body
    assert (empty["total_invoices_generated"], empty["success_rate"]) == (0, None)
    backwards = api.get("/billing/reports/generation?start_date=2025-02-01&end_date=2025-01-01")
    assert backwards.status == 422


def test_the_largest_customers_are_those_of_each_currency(in_acme, monkeypatch):
    monkeypatch.setattr("tenants.invoices.selectors.generation_metrics.TOP_CUSTOMERS", 1)
    for name, currency, fee in (
        ("Small", "CAD", "10.00"),
        ("Large", "CAD", "20.00"),
        ("Abroad", "USD", "5000.00"),
    ):
        open_invoices(site=make_site(site_name=name, currency=currency), currency=currency, fee=fee)
    found = generation_metrics(actor=SYSTEM, period=month_period(2025, 1)).top_customers
    assert [(one.label, one.currency, one.amount) for one in found] == [
        ("Large", "CAD", Decimal("20.00")),
        ("Abroad", "USD", Decimal("5000.00")),
    ]
