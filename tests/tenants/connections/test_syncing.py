from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override
from support.billing import make_contract, make_site
from support.outside import Reply

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from tenants.connections.models import (
    BillingContractConfiguration,
    BillingCustomer,
    Connection,
    SyncConflict,
    SyncLog,
    SyncTask,
)
from tenants.connections.services.connections import delete_connection, dismiss_task, retry_task
from tenants.contracts.services import TermsInput, change_terms
from tenants.invoices.services import generate_invoice
from tenants.payments.services import record_payment
from tenants.review.models import ReviewItem
from tenants.sites.services import BillingContact, update_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(connection, territory):
    return make_site(territory_id="TER0001")


def test_a_new_site_is_sent_at_once(site, sync, sandbox):
    assert sync() == [("site.created", "done")]
    assert sandbox.customers[site.site_id] | {"updated_at": ""} == {
        "customer_id": site.site_id,
        "customer_name": "North Yard",
        "billing_address": site.billing_address,
        "territory_code": "TER0001",
        "updated_at": "",
    }
    copy = BillingCustomer.objects.get()
    assert (copy.customer_id, copy.customer_name) == (site.site_id, "North Yard")
    line = SyncLog.objects.get()
    assert (line.process_name, line.status, line.records_processed, line.site_id) == (
        "site_change_sync",
        "success",
        1,
        site.site_id,
    )


def test_a_change_without_an_effect_on_billing_is_not_sent(site, sync, sandbox):
    sync()
    before = len(sandbox.server.seen)
    contact = BillingContact("Somebody Else", "else@example.com")
    update_site(actor=SYSTEM, site_id=site.site_id, billing_contact=contact)
    assert sync()[-1] == ("site.changed", "skipped")
    assert len(sandbox.server.seen) == before
    assert SyncLog.objects.order_by("-id")[0].status == "skipped"


def test_the_log_tells_what_mattered_and_from_when(site, sync, sandbox):
    sync()
    update_site(actor=SYSTEM, site_id=site.site_id, site_name="South Yard", is_active=True)
    sync()
    line = SyncLog.objects.order_by("-id")[0]
    assert line.details["changes"] == {"customer_name": ["North Yard", "South Yard"]}
    assert line.details["effective_date"]
    assert line.details["milliseconds"] >= 0
    assert sandbox.customers[site.site_id]["customer_name"] == "South Yard"


def test_a_contract_goes_behind_its_customer_once_it_is_active(site, sync, sandbox):
    contract = make_contract(site, active=False)
    sync()
    assert sandbox.configurations == {}
    contract = make_contract(
        site,
        contract_type="revenue_share",
        configuration={"revenue_share_rate": "0.15", "minimum_guarantee": "5000.00"},
    )
    sync()
    sent = sandbox.configurations[contract.contract_id]
    assert sent["billing_method"] == "revenue_share"
    assert sent["configuration"] == {
        "revenue_percentage": Decimal("0.15"),
        "minimum_amount": Decimal("5000.00"),
    }
    assert sent["billing_start_date"] == "2024-01-01"
    kinds = [write.split("/")[0] for write in sandbox.writes]
    assert kinds == ["customers", "contract-configurations"]


def test_new_terms_count_from_their_day(site, sync, sandbox):
    contract = make_contract(site)
    sync()
    change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput("fixed_fee", {"monthly_fee": "1200.00"}),
        effective_date=date(2027, 1, 1),
    )
    sync()
    body = next(s.body for s in reversed(sandbox.server.seen) if s.method == "PUT")
    assert b'"effective_date":"2027-01-01"' in body
    assert b'"monthly_fee":1200.00' in body
    copy = BillingContractConfiguration.objects.get()
    assert copy.configuration == {"monthly_fee": Decimal("1200.00")}


def test_invoices_and_payments_are_told(site, sync, sandbox):
    contract = make_contract(site)
    sync()
    made = generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        contract_id=contract.contract_id,
        period=month_period(2026, 9),
    )
    sync()
    told = sandbox.invoices[made.invoice.invoice_id]
    assert told["total_amount"] == Decimal("1130.00")  # 1,000.00 and 13 % HST
    assert (told["amount_paid"], told["status"]) == (0, made.invoice.status)
    record_payment(
        actor=SYSTEM,
        invoice_id=made.invoice.invoice_id,
        amount=Decimal("130.00"),
        received_on=date(2026, 10, 20),
        method="ACH",
    )
    sync()
    told = sandbox.invoices[made.invoice.invoice_id]
    assert (told["amount_paid"], told["status"]) == (130, "partially_paid")


def test_events_of_a_site_go_one_after_the_other(site, sync, sandbox):
    sandbox.broken = lambda _seen: Reply(503)
    assert sync() == [("site.created", "waiting")]
    update_site(actor=SYSTEM, site_id=site.site_id, site_name="South Yard")
    other = make_site(site_name="Other", territory_id="TER0001")
    states = sync()
    assert [status for _topic, status in states] == ["waiting", "waiting", "waiting"]
    tasks = list(SyncTask.objects.order_by("event_id"))
    assert [task.attempts for task in tasks] == [2, 0, 1]  # the second waits for the first
    sandbox.broken = lambda _seen: None
    assert [status for _topic, status in sync()] == ["done", "skipped", "done"]
    assert sandbox.customers[site.site_id]["customer_name"] == "South Yard"
    assert sandbox.customers[other.site_id]["customer_name"] == "Other"


def test_what_the_mapping_refuses_waits_for_a_person(connection, territory, sync, sandbox):
    site = make_site()
    assert sync() == [("site.created", "failed")]
    task = SyncTask.objects.get()
    assert "territory_id" in task.error
    with override("fr-ca"):
        assert task.error == "territory_id est obligatoire."
    item = ReviewItem.objects.get(kind="sync_failed")
    assert (item.target_id, item.field) == (task.pk, "territory_id")
    assert SyncLog.objects.get().status == "error"
    assert sandbox.writes == []
    update_site(actor=SYSTEM, site_id=site.site_id, territory_id="TER0001")
    retry_task(actor=SYSTEM, task_id=task.pk)
    assert [status for _topic, status in sync()] == ["done", "skipped"]
    assert not ReviewItem.objects.filter(status="open").exists()


def test_a_later_change_of_the_record_carries_what_failed(connection, territory, sync):
    site = make_site()
    sync()
    item = ReviewItem.objects.get(kind="sync_failed")
    update_site(actor=SYSTEM, site_id=site.site_id, territory_id="TER0001")
    assert [status for _topic, status in sync()] == ["skipped", "done"]
    item.refresh_from_db()
    assert item.status == "resolved"


def test_disconnecting_leaves_nothing_to_look_after(connection, sync):
    make_site()
    sync()
    delete_connection(actor=SYSTEM, connection_id=connection.pk)
    item = ReviewItem.objects.get(kind="sync_failed")
    assert (item.status, item.closing_note) == ("resolved", "The billing system was disconnected.")


def test_a_failed_change_may_be_left(connection, sync):
    make_site()
    sync()
    task = SyncTask.objects.get()
    dismiss_task(actor=SYSTEM, task_id=task.pk, note="Billed elsewhere")
    task.refresh_from_db()
    assert task.status == "skipped"
    assert ReviewItem.objects.get().closing_note == "Billed elsewhere"


def test_refused_credentials_keep_everything_and_tell(site, sync, sandbox):
    sandbox.broken = lambda _seen: Reply(401)
    assert sync() == [("site.created", "waiting")]
    connection = Connection.objects.get()
    assert connection.state == "attention"
    assert "401" in connection.problem
    with override("fr-ca"):
        assert "les identifiants ne sont pas acceptés" in connection.problem
    sandbox.broken = lambda _seen: None
    assert sync() == [("site.created", "done")]
    connection.refresh_from_db()
    assert (connection.state, connection.problem) == ("active", "")


def test_an_address_inside_our_network_is_not_reached(site, sync, sandbox, settings):
    settings.OUTGOING_NETWORKS = []
    assert sync() == [("site.created", "waiting")]
    assert sandbox.server.seen == []
    assert Connection.objects.get().state == "attention"


def test_a_change_made_there_meanwhile_is_not_overwritten(site, sync, sandbox):
    """They moved the territory, we renamed the site: one goes, the other is asked about."""
    sync()
    sandbox.change("customers", site.site_id, territory_code="TER0077")
    update_site(actor=SYSTEM, site_id=site.site_id, site_name="South Yard")
    sync()
    there = sandbox.customers[site.site_id]
    assert (there["customer_name"], there["territory_code"]) == ("South Yard", "TER0077")
    conflict = SyncConflict.objects.get()
    assert (conflict.kind, conflict.status, conflict.field) == (
        "other_mismatch",
        "open",
        "territory_code",
    )
    assert (conflict.ours, conflict.theirs) == ("TER0001", "TER0077")


def test_the_other_organisation_sees_nothing(site, sync, globex):
    from shared.kernel.tenancy import organisation_context

    sync()
    with organisation_context(globex):
        for model in (BillingCustomer, Connection, SyncLog, SyncTask):
            assert not model.objects.exists()
