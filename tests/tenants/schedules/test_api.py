"""`/api/v1/billing/schedules`, and their pages."""

from datetime import UTC, datetime

import pytest
import time_machine
from support.api import Program, key_of
from support.browsers import signed_in

from shared.kernel.tenancy import organisation_context
from tenants.schedules.models import BillingSchedule
from tenants.schedules.services import start_due_runs

BODY = {"name": "Month end", "cron": "0 6 1 * *"}
FORM = {
    "name": "Month end",
    "when": "0 6 1 * *",
    "period_rule": "previous_month",
    "issues": "on",
    "is_enabled": "on",
}


def test_a_schedule_is_made_read_changed_and_deleted(api):
    with time_machine.travel(datetime(2026, 1, 15, 12, tzinfo=UTC), tick=False):
        made = api.post("/billing/schedules", BODY)
        assert made.status == 201
        schedule = made.body
        assert schedule["time_zone"] == "America/Toronto"
        assert schedule["next_runs"][:3] == [
            "2026-02-01T11:00:00Z",
            "2026-03-01T11:00:00Z",
            "2026-04-01T10:00:00Z",
        ]
        path = f"/billing/schedules/{schedule['schedule_id']}"
        read = api.get(path)
        assert read.body == schedule
        changed = api.put(path, {**BODY, "enabled": False}, **{"if-match": read.headers["ETag"]})
        assert (changed.status, changed.body["next_runs"]) == (200, [])
        assert api.put(path, BODY, **{"if-match": read.headers["ETag"]}).status == 412
        assert [one["name"] for one in api.get("/billing/schedules").body["items"]] == ["Month end"]
        assert api.send("DELETE", path).status == 204
        assert api.get(path).status == 404


def test_wrong_fields_are_named(api):
    body = {"name": "", "cron": "soon", "time_zone": "Mars/Olympus", "period_rule": "never"}
    assert api.post("/billing/schedules", body).status == 422
    wrong = api.post("/billing/schedules", {**BODY, "cron": "* * * * *"})
    assert wrong.fields == {"cron": "too_often"}


def test_the_history_is_paged_and_leads_to_the_runs(api, acme):
    with time_machine.travel(datetime(2026, 1, 15, 12, tzinfo=UTC), tick=False):
        schedule = api.make("/billing/schedules", BODY)
    with time_machine.travel(datetime(2026, 4, 2, tzinfo=UTC), tick=False):
        with organisation_context(acme):
            start_due_runs()
        path = f"/billing/schedules/{schedule['schedule_id']}/history?limit=2"
        first = api.get(path).body
        assert [one["period_start"] for one in first["items"]] == ["2026-03-01", "2026-02-01"]
        second = api.get(f"{path}&cursor={first['next']}").body
        assert [one["due_at"] for one in second["items"]] == ["2026-02-01T11:00:00Z"]
        run = api.get(f"/billing/runs/{second['items'][0]['run_id']}").body
        assert run["started_by"] == "Month end"


def test_a_reader_keeps_none_and_another_organisation_sees_none(api, acme, globex, client_for):
    schedule = api.make("/billing/schedules", BODY)
    path = f"/billing/schedules/{schedule['schedule_id']}"
    reader = Program(client_for(acme), key_of(acme, ["invoices:read"]))
    assert reader.post("/billing/schedules", {**BODY, "name": "Mine"}).status == 403
    assert reader.get(path).status == 200
    assert reader.send("DELETE", path).status == 403
    other = Program(client_for(globex), key_of(globex))
    assert other.get(path).status == 404


def test_the_pages_make_show_change_and_delete_one(acme, client_for):
    browser = signed_in(client_for, acme, "billing_manager")
    assert "No schedule yet" in browser.get("/billing-schedules").content.decode()
    assert browser.get("/billing-schedules/new").status_code == 200
    made = browser.post("/billing-schedules/new", FORM)
    with organisation_context(acme):
        schedule = BillingSchedule.objects.get()
    assert made["Location"] == f"/billing-schedules/{schedule.pk}"
    shown = browser.get(made["Location"]).content.decode()
    assert "Month end" in shown
    assert "On the first of each month at 6:00" in shown
    refused = browser.post(
        f"{made['Location']}/edit", {**FORM, "when": "", "cron": "soon", "name": "Kept"}
    )
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.content.decode()
    assert 'value="Kept"' in refused.content.decode()
    browser.post(f"{made['Location']}/edit", {**FORM, "when": "", "cron": "0 7 3 * *"})
    assert "0 7 3 * *" in browser.get(made["Location"]).content.decode()
    browser.post(f"{made['Location']}/delete")
    with organisation_context(acme):
        assert BillingSchedule.objects.count() == 0


@pytest.mark.parametrize("role", ["approver", "viewer"])
def test_who_may_not_bill_makes_none(acme, client_for, role):
    browser = signed_in(client_for, acme, role)
    assert browser.get("/billing-schedules").status_code == 200
    assert browser.post("/billing-schedules/new", FORM).status_code == 403
