"""Billing runs: the preview that writes nothing, the pages, and runs a worker left behind."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Forbidden
from shared.kernel.tenancy import current_schema, organisation_context
from tenants.activity.services import DayRevenue, record_revenue
from tenants.invoices import tasks
from tenants.invoices.models import BillingRun, Invoice, RunShare
from tenants.invoices.services import generate_invoice, process_run, run_preview, start_run
from tenants.invoices.services.run_preview import preview_run
from tenants.invoices.services.run_shares import LEASE, QUEUED, resume_shares, work_on_share
from tests.support.billing import make_contract, make_site
from tests.support.browsers import signed_in

MARCH = month_period(2025, 3)
FEBRUARY = month_period(2025, 2)


def three_contracts():
    """A fee of 1,000.00 and one of 10.10 in Ontario (13%), and a share without revenue."""
    site = make_site()
    return (
        make_contract(site),
        make_contract(site, configuration={"monthly_fee": "10.10"}),
        make_contract(
            site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.1"}
        ),
    )


def test_the_preview_says_what_the_run_then_makes(in_acme):
    _fee, small, share = three_contracts()
    generate_invoice(
        actor=SYSTEM, site_id=small.site.site_id, contract_id=small.contract_id, period=MARCH
    )
    before = Invoice.objects.count()
    preview = preview_run(actor=SYSTEM, period=MARCH)
    assert (preview.due, preview.billed_before, preview.unbilled) == (3, 1, 2)
    assert (preview.ready, preview.totals) == (1, {"CAD": Decimal("1130.00")})
    assert [one.contract.pk for one in preview.failing] == [share.pk]
    assert str(preview.failing[0].problem.reason).startswith("Revenue:")
    assert not preview.is_partial
    assert Invoice.objects.count() == before
    run = process_run(run_id=start_run(actor=SYSTEM, period=MARCH).pk)
    made = run.items.filter(status="billed")
    assert [item.invoice.total for item in made] == [Decimal("1130.00")]


def test_the_preview_is_bounded_and_says_so(in_acme, monkeypatch):
    site = make_site()
    for _ in range(3):
        make_contract(site)
    monkeypatch.setattr(run_preview, "CONTRACTS_MAX", 2)
    preview = preview_run(actor=SYSTEM, period=MARCH)
    assert (preview.due, preview.examined, preview.ready) == (3, 2, 2)
    assert preview.totals == {"CAD": Decimal("2260.00")}
    assert preview.is_partial


def test_the_preview_costs_the_same_queries_however_many_contracts(in_acme):
    three_contracts()
    with CaptureQueriesContext(connection) as few:
        preview_run(actor=SYSTEM, period=MARCH)
    for _ in range(3):
        three_contracts()
    with CaptureQueriesContext(connection) as many:
        preview_run(actor=SYSTEM, period=MARCH)
    assert len(many) == len(few)
    assert not [query for query in many if "FOR NO KEY UPDATE" in query["sql"]]


def test_a_quarterly_contract_is_billed_once_for_its_whole_quarter(in_acme):
    site = make_site()
    make_contract(site, frequency="quarterly")
    assert process_run(run_id=start_run(actor=SYSTEM, period=FEBRUARY).pk).items.count() == 0
    preview = preview_run(actor=SYSTEM, period=MARCH)
    assert preview.totals == {"CAD": Decimal("3390.00")}  # 3 × 1,000.00 and 13%
    run = process_run(run_id=start_run(actor=SYSTEM, period=MARCH).pk)
    invoice = run.items.get().invoice
    assert (invoice.period_start, invoice.period_end) == (date(2025, 1, 1), date(2025, 3, 31))
    assert invoice.total == Decimal("3390.00")


def test_a_share_billed_by_the_quarter_takes_the_quarters_revenue(in_acme):
    site = make_site()
    make_contract(
        site,
        contract_type="revenue_share",
        configuration={"revenue_share_rate": "0.1"},
        frequency="quarterly",
    )
    days = [date(2025, 1, 15), date(2025, 2, 15), date(2025, 3, 15)]
    record_revenue(
        actor=SYSTEM,
        site_id=site.site_id,
        records=[DayRevenue(day, Decimal("1000.00")) for day in days],
    )
    run = process_run(run_id=start_run(actor=SYSTEM, period=MARCH).pk)
    assert run.items.get().invoice.subtotal == Decimal("300.00")


def test_an_annual_contract_is_due_in_december(in_acme):
    make_contract(frequency="annual")
    assert preview_run(actor=SYSTEM, period=month_period(2025, 11)).due == 0
    december = preview_run(actor=SYSTEM, period=month_period(2025, 12))
    assert december.totals == {"CAD": Decimal("13560.00")}  # 12 × 1,000.00 and 13%


def test_the_page_previews_starts_and_leads_to_the_run(
    acme, client_for, django_capture_on_commit_callbacks, monkeypatch
):
    with organisation_context(acme):
        three_contracts()
    queued = []
    monkeypatch.setattr(
        tasks.continue_run, "apply_async", lambda **options: queued.append(options["kwargs"])
    )
    browser = signed_in(client_for, acme, "billing_manager")
    lazy = browser.get("/billing-runs").content.decode()
    assert 'hx-trigger="load"' in lazy
    text = browser.get("/billing-runs?month=2025-03").content.decode()
    assert "$1,141.41" in text  # 1,130.00 + 11.41
    assert "Start the run" in text
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post("/billing-runs", {"month": "2025-03", "issue": "on"})
    with organisation_context(acme):
        run = BillingRun.objects.get()
        assert (run.period_start, run.period_end, run.issues) == (
            MARCH.start_date,
            MARCH.end_date,
            True,
        )
    assert answer["Location"] == f"/billing-runs/{run.pk}"
    assert queued == [{"run_id": str(run.pk), "slot": 0, "ticket": 0, "schema": "acme"}]


@pytest.mark.parametrize("month", ["2025-13", "march", "", "0000-01"])
def test_a_month_that_is_none_is_an_error_beside_the_field(acme, client_for, month):
    browser = signed_in(client_for, acme)
    page = browser.post("/billing-runs", {"month": month})
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.content.decode()
    with organisation_context(acme):
        assert BillingRun.objects.count() == 0


def test_a_run_without_issuing_leaves_drafts(acme, client_for):
    with organisation_context(acme):
        three_contracts()
    signed_in(client_for, acme).post("/billing-runs", {"month": "2025-03"})
    with organisation_context(acme):
        run = process_run(run_id=BillingRun.objects.get().pk)
        assert not run.issues
        assert set(Invoice.objects.values_list("document_status", flat=True)) == {"validated"}


@pytest.mark.parametrize("role", ["approver", "viewer", "contractor"])
def test_who_may_not_bill_neither_previews_nor_starts(acme, client_for, actor_in, role):
    browser = signed_in(client_for, acme, role)
    assert browser.get("/billing-runs?month=2025-03").status_code == 403
    assert browser.post("/billing-runs", {"month": "2025-03"}).status_code == 403
    with organisation_context(acme), pytest.raises(Forbidden):
        preview_run(actor=actor_in(role), period=MARCH)


def test_the_run_asks_for_itself_while_it_works_and_then_shows_every_outcome(acme, client_for):
    with organisation_context(acme):
        _fee, _small, share = three_contracts()
        run = start_run(actor=SYSTEM, period=MARCH)
    browser = signed_in(client_for, acme)
    address = f"/billing-runs/{run.pk}"
    text = browser.get(address).content.decode()
    assert f'hx-get="{address}"' in text
    assert "0 of 3 contracts" in text
    with organisation_context(acme):
        process_run(run_id=run.pk)
    part = browser.get(address, headers={"HX-Request": "true", "HX-Target": "run-progress"})
    assert part["HX-Refresh"] == "true"  # the button to try again stands above
    text = part.content.decode()
    assert "<html" not in text
    assert "hx-get" not in text
    assert "3 of 3 contracts" in text
    assert "Revenue: " in text
    assert f"/sites/{share.site.site_id}/revenue" in text
    assert "$1,130.00" in text
    failed = browser.get(f"{address}?status=failed").content.decode()
    assert share.contract_id in failed
    assert "$1,130.00" not in failed


def test_an_unknown_run_is_not_found(acme, client_for):
    assert signed_in(client_for, acme).get(f"/billing-runs/{uuid4()}").status_code == 404


def test_a_run_of_another_organisation_is_not_found(acme, globex, client_for):
    with organisation_context(globex):
        run = start_run(actor=SYSTEM, period=MARCH)
    assert signed_in(client_for, acme).get(f"/billing-runs/{run.pk}").status_code == 404


def test_the_run_page_costs_the_same_queries_however_many_contracts(acme, client_for):
    browser = signed_in(client_for, acme)

    def count():
        with organisation_context(acme):
            three_contracts()
            run = process_run(run_id=start_run(actor=SYSTEM, period=MARCH).pk)
        browser.get(f"/billing-runs/{run.pk}")
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"/billing-runs/{run.pk}")
        return len(queries)

    assert count() == count()


def test_a_share_is_queued_again_when_its_lease_has_run_out(in_acme):
    three_contracts()
    run = start_run(actor=SYSTEM, period=MARCH)
    assert resume_shares() == 0  # its worker may be about to start
    with time_machine.travel(now() + QUEUED + timedelta(seconds=1)):
        assert resume_shares() == 1
        assert resume_shares() == 0
        RunShare.objects.update(ticket=1, leased_until=now() + LEASE)  # a worker is at it
    with time_machine.travel(now() + 2 * QUEUED + 2 * LEASE):
        assert resume_shares() == 1
        work_on_share(run_id=run.pk, slot=0, ticket=1)
        assert BillingRun.objects.get().status == "done"
    with time_machine.travel(now() + 9 * QUEUED):
        assert resume_shares() == 0


def test_the_sweep_looks_into_every_organisation(db, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.resume_runs, "delay", lambda **given: asked.append(given["schema"]))
    tasks.sweep_runs()
    assert {"acme", "globex"} <= set(asked)
    assert "public" not in asked


def test_resuming_queues_the_run_in_its_own_organisation(
    acme, monkeypatch, django_capture_on_commit_callbacks
):
    with organisation_context(acme):
        three_contracts()
        run = start_run(actor=SYSTEM, period=MARCH)
    queued = []
    monkeypatch.setattr(
        tasks.continue_run, "apply_async", lambda **options: queued.append(options["kwargs"])
    )
    later = time_machine.travel(now() + 2 * QUEUED)
    with later, django_capture_on_commit_callbacks(execute=True):
        tasks.resume_runs(schema="acme")
    assert queued == [{"run_id": str(run.pk), "slot": 0, "ticket": 0, "schema": "acme"}]
    assert current_schema() == "public"


def test_continuing_a_finished_run_changes_nothing(acme):
    with organisation_context(acme):
        three_contracts()
        run = process_run(run_id=start_run(actor=SYSTEM, period=MARCH).pk)
        made = Invoice.objects.count()
    tasks.continue_run(run_id=str(run.pk), slot=0, ticket=0, schema="acme")
    with organisation_context(acme):
        assert Invoice.objects.count() == made
