"""Schedules start each run once: after downtime, over a change of clocks, with two beats."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import time_machine
from support.billing import make_contract
from support.source import ROOT

from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden, Invalid, NotFound, PreconditionFailed
from shared.kernel.tenancy import organisation_context
from tenants.invoices.models import BillingRun
from tenants.invoices.run_filters import RunFilters
from tenants.review.models import ReviewItem
from tenants.schedules import tasks
from tenants.schedules.models import BillingSchedule, ScheduledRun
from tenants.schedules.selectors import next_times
from tenants.schedules.services import (
    ScheduleInput,
    change_schedule,
    create_schedule,
    delete_schedule,
    start_due_runs,
)

MONTHLY = ScheduleInput(name="Month end", cron="0 6 1 * *")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def make(when="2026-01-15 12:00", **changes):
    with time_machine.travel(at(when), tick=False):
        return create_schedule(actor=SYSTEM, given=replace(MONTHLY, **changes))


def sweep(when):
    with time_machine.travel(at(when), tick=False):
        return start_due_runs()


def periods():
    rows = ScheduledRun.objects.order_by("due_at")
    return [(f"{row.due_at:%Y-%m-%d %H:%M}", str(row.period_start), row.missed) for row in rows]


def test_it_starts_on_time_once_and_waits_for_the_next(in_acme):
    contract = make_contract()
    schedule = make()
    assert f"{schedule.next_due_at:%Y-%m-%d %H:%M}" == "2026-02-01 11:00"
    assert sweep("2026-02-01 10:59") == []
    (row,) = sweep("2026-02-01 11:00")
    assert sweep("2026-02-01 11:01") == []
    run = row.run
    assert (run.period_start, run.period_end) == (date(2026, 1, 1), date(2026, 1, 31))
    assert [item.contract_id for item in run.items.all()] == [contract.pk]
    assert run.started_by["label"] == "Month end"
    schedule.refresh_from_db()
    assert f"{schedule.next_due_at:%Y-%m-%d %H:%M}" == "2026-03-01 11:00"


def test_after_downtime_each_missed_period_is_run_once(in_acme):
    make()
    started = sweep("2026-05-20 00:00")  # down since January
    assert len(started) == 4
    assert periods() == [
        ("2026-02-01 11:00", "2026-01-01", 0),
        ("2026-03-01 11:00", "2026-02-01", 0),
        ("2026-04-01 10:00", "2026-03-01", 0),
        ("2026-05-01 10:00", "2026-04-01", 0),
    ]
    assert BillingRun.objects.count() == 4


def test_many_missed_times_of_one_period_are_one_run(in_acme):
    make(cron="0 6 * * *")  # every day: bills what was left over of the month before
    sweep("2026-02-10 12:00")
    assert periods() == [
        ("2026-01-31 11:00", "2025-12-01", 15),
        ("2026-02-10 11:00", "2026-01-01", 9),
    ]


@pytest.mark.parametrize("zone", ["America/Toronto", "America/St_Johns"])
def test_the_hour_that_comes_twice_starts_one_run(in_acme, zone):
    make("2026-10-30 12:00", cron="30 1 * * *", time_zone=zone)
    for hour in range(24):
        for minute in (0, 15, 30, 45):
            sweep(f"2026-11-01 {hour:02}:{minute:02}")
    due = [row.due_at for row in ScheduledRun.objects.order_by("due_at")]
    assert len([one for one in due if one >= at("2026-11-01 00:00")]) == 1


@pytest.mark.parametrize("zone", ["America/Toronto", "America/St_Johns"])
def test_the_hour_that_is_left_out_starts_one_run(in_acme, zone):
    make("2026-03-07 12:00", cron="30 2 * * *", time_zone=zone)
    for hour in range(24):
        sweep(f"2026-03-08 {hour:02}:45")
    assert ScheduledRun.objects.count() == 1


def test_the_database_refuses_the_same_time_twice(in_acme):
    schedule = make()
    sweep("2026-02-01 11:00")
    BillingSchedule.objects.update(next_due_at=at("2026-02-01 11:00"))  # a beat that lags
    assert sweep("2026-02-01 11:05") == []
    assert (BillingRun.objects.count(), schedule.scheduled_runs.count()) == (1, 1)


@pytest.mark.processes
def test_four_sweeps_at_once_start_one_run(throwaway_organisation):
    with organisation_context(throwaway_organisation):
        make()
    script = str(ROOT / "tests/support/bill_run.py")
    sweeps = [
        subprocess.Popen([sys.executable, script, throwaway_organisation.schema_name, "schedules"])
        for _ in range(4)
    ]
    assert [one.wait(60) for one in sweeps] == [0] * 4
    with organisation_context(throwaway_organisation):
        due = ScheduledRun.objects.count()
        assert due >= 9  # February to October 2026 at least
        assert BillingRun.objects.count() == due
        assert BillingRun.objects.values("period_start").distinct().count() == due


def test_a_schedule_that_is_off_never_runs_and_makes_nothing_up(in_acme):
    schedule = make(is_enabled=False)
    assert (schedule.next_due_at, next_times(schedule)) == (None, [])
    assert sweep("2026-06-01 12:00") == []
    with time_machine.travel(at("2026-06-15 12:00"), tick=False):
        change_schedule(actor=SYSTEM, schedule_id=schedule.pk, given=MONTHLY)
    sweep("2026-07-01 12:00")
    assert periods() == [("2026-07-01 10:00", "2026-06-01", 0)]


def test_a_run_by_quarter_bills_only_quarterly_contracts(in_acme):
    make_contract()
    quarterly = make_contract(frequency="quarterly")
    make(cron="0 6 1 1,4,7,10 *", period_rule="previous_quarter")
    (row,) = sweep("2026-04-01 12:00")
    assert [item.contract_id for item in row.run.items.all()] == [quarterly.pk]
    assert row.run.filters == {"frequencies": ["quarterly"]}


def test_its_filters_and_choices_go_with_the_run(in_acme):
    make_contract()
    share = make_contract(
        contract_type="revenue_share", configuration={"revenue_share_rate": "0.1"}
    )
    make(
        filters=RunFilters(contract_types=("revenue_share",)),
        issues=False,
    )
    (row,) = sweep("2026-02-01 12:00")
    assert [item.contract_id for item in row.run.items.all()] == [share.pk]
    assert not row.run.issues


def test_one_that_cannot_start_asks_a_person_and_the_others_run(in_acme):
    site = make_contract().site
    bad = make(name="A bad one", filters=RunFilters(site_ids=(site.site_id,)))
    BillingSchedule.objects.filter(pk=bad.pk).update(filters={"site_ids": ["SITE999999"]})
    make(name="A good one")
    sweep("2026-02-01 12:00")
    outcomes = dict(ScheduledRun.objects.values_list("schedule__name", "outcome"))
    assert outcomes == {"A bad one": "failed", "A good one": "started"}
    item = ReviewItem.objects.get(kind="billing_schedule", status="open")
    assert item.link == f"/billing-schedules/{bad.pk}"
    BillingSchedule.objects.filter(pk=bad.pk).update(filters={})
    sweep("2026-03-01 12:00")
    item.refresh_from_db()
    assert item.status == "resolved"


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": " "}, {"name"}),
        ({"cron": "soon"}, {"cron"}),
        ({"time_zone": "Mars/Olympus"}, {"time_zone"}),
        ({"issues": False, "auto_distribute": True}, {"auto_distribute"}),
        ({"filters": RunFilters(contract_ids=("CON99999999",))}, {"contract_ids[0]"}),
        ({"filters": RunFilters(contract_types=("barter",))}, {"contract_types[0]"}),
    ],
)
def test_each_wrong_field_is_named_and_nothing_kept(in_acme, changes, fields):
    with pytest.raises(Invalid) as refused:
        create_schedule(actor=SYSTEM, given=replace(MONTHLY, **changes))
    assert {one.field for one in refused.value.errors} == fields
    assert BillingSchedule.objects.count() == 0


def test_a_name_is_used_once(in_acme):
    make()
    with pytest.raises(Invalid) as refused:
        make()
    assert [one.field for one in refused.value.errors] == ["name"]


def test_a_stale_change_is_refused_and_a_deleted_one_is_gone(in_acme):
    schedule = make()
    change_schedule(actor=SYSTEM, schedule_id=schedule.pk, given=replace(MONTHLY, name="New"))
    with pytest.raises(PreconditionFailed):
        change_schedule(actor=SYSTEM, schedule_id=schedule.pk, given=MONTHLY, expected_revision=1)
    sweep("2027-01-01 12:00")
    runs = BillingRun.objects.count()
    delete_schedule(actor=SYSTEM, schedule_id=schedule.pk)
    assert BillingRun.objects.count() == runs > 0
    with pytest.raises(NotFound):
        delete_schedule(actor=SYSTEM, schedule_id=schedule.pk)


def test_who_may_not_bill_keeps_no_schedule(in_acme, actor_in):
    with pytest.raises(Forbidden):
        create_schedule(actor=actor_in("approver"), given=MONTHLY)


def test_the_sweep_looks_into_every_organisation(db, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.start_due, "delay", lambda **given: asked.append(given["schema"]))
    tasks.sweep_schedules()
    assert {"acme", "globex"} <= set(asked)
    assert "public" not in asked


def test_the_organisations_zone_counts_where_none_is_named(acme, globex):
    with organisation_context(acme):
        assert make().time_zone == ""
    with organisation_context(globex):
        assert BillingSchedule.objects.count() == 0
