from datetime import timedelta
from decimal import Decimal

import pytest
from support.billing import ADDRESS, make_contract, make_site
from support.outside import Reply

from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Conflict
from tenants.connections.models import (
    BillingContractConfiguration,
    BillingCustomer,
    Connection,
    SyncConflict,
    SyncLog,
    SyncRun,
)
from tenants.connections.services.runs import start_reconciliation
from tenants.connections.work import reconciling
from tenants.connections.work.runs import process_run
from tenants.contracts.models import ContractTerms
from tenants.sites.models import Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(connection, territory):
    return make_site(territory_id="TER0001")


def there(sandbox, site):
    return sandbox.customers[site.site_id]


def test_everything_is_sent_the_first_time_and_nothing_the_second(site, reconcile, sandbox):
    contract = make_contract(site)
    draft = make_contract(site, active=False)
    run = reconcile()
    assert (run.status, run.phase, run.error) == ("done", "finished", "")
    assert run.counts == {"read": 2, "sent_new": 2}
    assert set(sandbox.customers) == {site.site_id}
    assert set(sandbox.configurations) == {contract.contract_id}
    assert draft.contract_id not in sandbox.configurations
    writes = len(sandbox.writes)
    again = reconcile()
    assert again.counts == {"read": 4, "unchanged": 4}  # two read there, two compared here
    assert len(sandbox.writes) == writes
    lines = SyncLog.objects.filter(process_name="DailyBillingReconciliation").order_by("id")
    assert [(line.status, line.records_processed) for line in lines] == [
        ("success", 2),
        ("success", 4),
    ]


def test_a_record_that_was_compared_is_current(site, reconcile):
    reconcile()
    BillingCustomer.objects.update(last_sync_at=now() - timedelta(days=3))
    reconcile()
    assert BillingCustomer.objects.get().last_sync_at > now() - timedelta(minutes=1)


def test_a_newer_address_there_becomes_ours(site, reconcile, sandbox):
    reconcile()
    moved = {**ADDRESS, "street1": "1 New Street", "country": "CA"}
    sandbox.clock = now() + timedelta(hours=1)
    sandbox.change("customers", site.site_id, billing_address=moved)
    run = reconcile()
    site.refresh_from_db()
    assert site.billing_address == moved
    assert run.counts["conflicts"] == 1
    conflict = SyncConflict.objects.get()
    assert (conflict.kind, conflict.strategy, conflict.resolution) == (
        "address_mismatch",
        "use_most_recent_update",
        "theirs",
    )
    assert conflict.history.count() == 1
    assert there(sandbox, site)["billing_address"] == moved


def test_an_older_address_there_is_overwritten(site, reconcile, sandbox):
    reconcile()
    moved = {**ADDRESS, "street1": "1 Old Street"}
    sandbox.change("customers", site.site_id, billing_address=moved)  # by its clock: 1 November
    Site.objects.update(updated_at=now() + timedelta(days=1))
    reconcile()
    assert there(sandbox, site)["billing_address"]["street1"] == ADDRESS["street1"]
    assert SyncConflict.objects.get().resolution == "ours"


def test_our_name_wins(site, reconcile, sandbox):
    reconcile()
    sandbox.clock = now() + timedelta(days=1)
    sandbox.change("customers", site.site_id, customer_name="Their name")
    reconcile()
    assert there(sandbox, site)["customer_name"] == "North Yard"
    conflict = SyncConflict.objects.get()
    assert (conflict.kind, conflict.strategy, conflict.resolution, conflict.status) == (
        "site_name_mismatch",
        "use_customer_sites_value",
        "ours",
        "resolved",
    )


def test_the_contracts_rate_wins(site, reconcile, sandbox):
    contract = make_contract(
        site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.15"}
    )
    reconcile()
    sandbox.clock = now() + timedelta(days=1)
    sandbox.change(
        "contract-configurations",
        contract.contract_id,
        configuration={"revenue_percentage": Decimal("0.25")},
    )
    reconcile()
    sent = sandbox.configurations[contract.contract_id]
    assert sent["configuration"] == {"revenue_percentage": Decimal("0.15")}
    conflict = SyncConflict.objects.get()
    assert (conflict.kind, conflict.strategy, conflict.resolution) == (
        "billing_rate_mismatch",
        "use_contract_system_value",
        "ours",
    )
    assert ContractTerms.objects.count() == 1


def test_another_type_of_contract_waits_for_a_person(site, reconcile, sandbox):
    contract = make_contract(site)
    reconcile()
    sandbox.change(
        "contract-configurations",
        contract.contract_id,
        billing_method="revenue_share",
        configuration={"revenue_percentage": Decimal("0.25")},
    )
    reconcile()
    conflict = SyncConflict.objects.get()
    assert (conflict.kind, conflict.strategy, conflict.status) == (
        "contract_type_mismatch",
        "require_manual_review",
        "open",
    )
    sent = sandbox.configurations[contract.contract_id]
    assert sent["billing_method"] == "revenue_share"  # left as it is until somebody decides
    assert sent["configuration"] == {"revenue_percentage": Decimal("0.25")}
    reconcile()
    assert SyncConflict.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("territory_code", "TER0999"),
        ("invoice_frequency", "annual"),
        ("billing_start_date", "2020-01-01"),
    ],
)
def test_everything_else_waits_for_a_person(site, reconcile, sandbox, field, value):
    contract = make_contract(site)
    reconcile()
    kind, code = (
        ("customers", site.site_id)
        if field == "territory_code"
        else ("contract-configurations", contract.contract_id)
    )
    sandbox.change(kind, code, **{field: value})
    reconcile()
    conflict = SyncConflict.objects.get()
    assert (conflict.kind, conflict.field, conflict.theirs, conflict.status) == (
        "other_mismatch",
        field,
        value,
        "open",
    )


def test_a_conflict_closes_where_the_sides_agree_again(site, reconcile, sandbox):
    reconcile()
    sandbox.change("customers", site.site_id, territory_code="TER0999")
    reconcile()
    sandbox.change("customers", site.site_id, territory_code="TER0001")
    reconcile()
    conflict = SyncConflict.objects.get()
    assert (conflict.status, conflict.resolution) == ("resolved", "gone")


def test_a_customer_that_only_they_have_waits_for_a_person(site, reconcile, sandbox):
    sandbox.change(
        "customers", "SITE777777", customer_name="Who?", billing_address={}, territory_code=""
    )
    reconcile()
    conflict = SyncConflict.objects.get()
    assert (conflict.code, conflict.ours, conflict.status) == ("SITE777777", None, "open")
    assert not Site.objects.filter(site_id="SITE777777").exists()


def test_one_record_that_fails_does_not_stop_the_others(site, reconcile, sandbox):
    incomplete = make_site(site_name="Nowhere")
    other = make_site(site_name="Other", territory_id="TER0001")
    run = reconcile()
    assert run.status == "done"
    assert run.counts == {"read": 3, "sent_new": 2, "errors": 1}
    assert set(sandbox.customers) == {site.site_id, other.site_id}
    line = SyncLog.objects.get(status="error")
    assert (line.site_id, line.details["field"]) == (incomplete.site_id, "territory_id")


def test_a_run_goes_on_where_it_stood(site, connection, sandbox, monkeypatch):
    monkeypatch.setattr(reconciling, "PAGE", 2)
    for number in range(5):
        make_site(site_name=f"Yard {number}", territory_id="TER0001")
    run = start_reconciliation(actor=SYSTEM)
    failing = {"left": 4}

    def break_once(seen):
        if seen.method != "PUT":
            return None
        failing["left"] -= 1
        return Reply(503) if failing["left"] == 0 else None

    sandbox.broken = break_once
    process_run(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.phase) == ("waiting", "push_customers")
    assert run.cursor
    assert process_run(run_id=run.pk) is None  # not due yet
    SyncRun.objects.update(due_at=now())
    process_run(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == "done"
    assert sorted(sandbox.writes) == sorted(f"customers/{s}" for s in sandbox.customers)
    assert len(sandbox.customers) == 6


def test_a_run_whose_worker_was_killed_is_taken_over(site, connection, sandbox):
    run = start_reconciliation(actor=SYSTEM)
    SyncRun.objects.update(status="running", attempts=1, leased_until=now() + timedelta(minutes=1))
    assert process_run(run_id=run.pk) is None
    SyncRun.objects.update(leased_until=now() - timedelta(seconds=1))
    assert process_run(run_id=run.pk) is not None
    run.refresh_from_db()
    assert run.status == "done"


def test_starting_twice_is_one_run(site, connection):
    assert start_reconciliation(actor=SYSTEM) == start_reconciliation(actor=SYSTEM)


def test_refused_credentials_fail_the_run_and_tell(site, reconcile, sandbox):
    sandbox.broken = lambda _seen: Reply(403)
    run = reconcile()
    assert (run.status, "403" in run.error) == ("failed", True)
    assert Connection.objects.get().state == "attention"
    assert SyncLog.objects.get().status == "error"


def test_without_a_billing_system_there_is_nothing_to_reconcile(in_acme):
    with pytest.raises(Conflict):
        start_reconciliation(actor=SYSTEM)


def test_only_what_changed_there_is_read_again(site, reconcile, sandbox):
    reconcile()
    reconcile()
    reads = [seen.path for seen in sandbox.server.seen if "/customers?" in seen.path]
    assert "changed_since" in reads[-1]


def test_comparing_costs_the_same_for_few_and_many(
    site, reconcile, connection, django_assert_num_queries
):
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    make_contract(site)
    reconcile()
    with CaptureQueriesContext(database) as few:
        reconcile()
    for number in range(6):
        make_contract(make_site(site_name=f"Yard {number}", territory_id="TER0001"))
    reconcile()
    BillingCustomer.objects.update(their_updated_at=now())
    BillingContractConfiguration.objects.update(their_updated_at=now())
    with CaptureQueriesContext(database) as many:
        reconcile()
    assert len(many) <= len(few) + 4
