"""Workers share a run, runs cross each other, and no contract is billed twice."""

import gc
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from support.billing import make_contract, make_site
from support.source import ROOT

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.tenancy import organisation_context
from shared.outbox.models import Event
from tenants.contracts.models import ContractTerms
from tenants.invoices.models import BillingRun, BillingRunItem, Invoice, RunShare
from tenants.invoices.services import billing_batches, process_run, run_shares, start_run
from tenants.invoices.services.run_shares import LEASE, work_on_share

MARCH = month_period(2025, 3)


def work(schema, *arguments):
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tests/support/bill_run.py"), schema, *arguments]
    )


def make_contracts(count):
    """Monthly and quarterly ones mixed, so that batches have both."""
    site = make_site()
    for number in range(count):
        make_contract(site, frequency="quarterly" if number % 3 == 0 else "monthly")


def test_a_run_keeps_nothing_of_the_batches_that_are_done(in_acme, monkeypatch):
    """Whether it bills a thousand or a hundred thousand, it needs the memory of one batch."""
    monkeypatch.setattr(billing_batches, "BATCH", 2)
    make_contracts(6)
    run = start_run(actor=SYSTEM, period=MARCH)
    gc.collect()
    before = len([one for one in gc.get_objects() if type(one) is ContractTerms])
    gc.disable()
    try:
        assert process_run(run_id=run.pk).items.filter(status="billed").count() == 6
        kept = [one for one in gc.get_objects() if type(one) is ContractTerms]
    finally:
        gc.enable()
    assert len(kept) == before


@pytest.mark.processes
def test_two_runs_of_four_processes_bill_each_contract_once(throwaway_organisation):
    schema = throwaway_organisation.schema_name
    with organisation_context(throwaway_organisation):
        make_contracts(120)
    workers = [work(schema, "whole", "2025-03") for _ in range(4)]
    assert [worker.wait(120) for worker in workers] == [0] * 4
    with organisation_context(throwaway_organisation):
        assert BillingRun.objects.filter(status="done").count() == 4
        assert Invoice.objects.count() == 120
        assert Invoice.objects.values("contract").distinct().count() == 120
        by_status = BillingRunItem.objects.values_list("status", flat=True)
        assert sorted(by_status) == ["billed"] * 120 + ["skipped"] * 360
        numbers = Invoice.objects.order_by("number_sequence").values_list(
            "number_sequence", flat=True
        )
        assert list(numbers) == list(range(1, 121))


@pytest.mark.processes
def test_two_processes_share_one_run(throwaway_organisation, monkeypatch):
    schema = throwaway_organisation.schema_name
    with organisation_context(throwaway_organisation):
        make_contracts(220)
        run = start_run(actor=SYSTEM, period=MARCH)
        assert run.shares.count() == 2
    workers = [work(schema, "share", str(run.pk), slot) for slot in ("0", "1")]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    with organisation_context(throwaway_organisation):
        run.refresh_from_db()
        assert run.status == "done"
        assert set(run.items.values_list("status", "attempts")) == {("billed", 1)}
        assert Invoice.objects.count() == 220
        # each took a part: both tickets went on
        assert all(ticket > 0 for ticket in run.shares.values_list("ticket", flat=True))
        assert Event.objects.filter(topic="billing_run.finished").count() == 1


def test_a_run_is_handed_to_as_many_workers_as_it_has_batches_for(in_acme, monkeypatch):
    monkeypatch.setattr(run_shares, "BATCH", 2)
    make_contracts(5)
    assert settings.BILLING_RUN_WORKERS == 2
    assert start_run(actor=SYSTEM, period=MARCH).shares.count() == 2
    assert start_run(actor=SYSTEM, period=month_period(2024, 1)).shares.count() == 2
    assert start_run(actor=SYSTEM, period=month_period(2020, 1)).shares.count() == 1


def test_a_task_that_comes_twice_works_once(in_acme):
    make_contracts(1)
    run = start_run(actor=SYSTEM, period=MARCH)
    work_on_share(run_id=run.pk, slot=0, ticket=0)
    assert run.shares.get().ticket == 1
    run.items.update(status="waiting")
    work_on_share(run_id=run.pk, slot=0, ticket=0)  # the queue gave it again
    assert run.items.get().status == "waiting"


def test_a_slice_ends_and_queues_the_next_one(
    in_acme, monkeypatch, django_capture_on_commit_callbacks
):
    """A long run goes behind whatever waits: no organisation waits for another's run to end."""
    from tenants.invoices import tasks

    queued = []
    monkeypatch.setattr(
        tasks.continue_run, "apply_async", lambda **options: queued.append(options["kwargs"])
    )
    monkeypatch.setattr(billing_batches, "BATCH", 2)
    monkeypatch.setattr(run_shares, "SLICE_SECONDS", 0.000001)
    make_contracts(6)
    run = start_run(actor=SYSTEM, period=MARCH)
    for ticket in range(9):
        with django_capture_on_commit_callbacks(execute=True):
            work_on_share(run_id=run.pk, slot=0, ticket=ticket)
        if not queued:
            break
        assert queued.pop() == {
            "run_id": str(run.pk),
            "slot": 0,
            "ticket": ticket + 1,
            "schema": "acme",
        }
    run.refresh_from_db()
    assert run.status in ("running", "done")
    assert ticket >= 1


def test_a_killed_worker_loses_nothing_and_doubles_nothing(in_acme, monkeypatch):
    monkeypatch.setattr(billing_batches, "BATCH", 2)
    make_contracts(5)
    run = start_run(actor=SYSTEM, period=MARCH)
    bill, calls = billing_batches.bill_batch, []

    class Killed(BaseException):
        pass

    def die_after_one(run):
        if calls:
            raise Killed
        calls.append(run)
        return bill(run)

    monkeypatch.setattr(run_shares, "bill_batch", die_after_one)
    with pytest.raises(Killed):
        work_on_share(run_id=run.pk, slot=0, ticket=0)
    assert run.items.filter(status="billed").count() == 2
    monkeypatch.setattr(run_shares, "bill_batch", bill)
    with time_machine.travel(now() + LEASE + timedelta(seconds=1)):
        assert run_shares.resume_shares() == 1
    work_on_share(run_id=run.pk, slot=0, ticket=RunShare.objects.get().ticket)
    assert Invoice.objects.count() == 5
    run.refresh_from_db()
    assert (run.status, run.shares.get().leased_until) == ("done", None)
