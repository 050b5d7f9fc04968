"""Reports by e-mail: once a time, to whom may read them, with the figures attached."""

import csv
from datetime import UTC, datetime
from io import StringIO

import pytest
import time_machine
from django.core import mail
from support.billing import make_contract
from support.browsers import signed_in

from billing.periods import month_period
from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Forbidden, Invalid
from shared.kernel.tenancy import organisation_context
from tenants.invoices.services import generate_invoice
from tenants.reporting.models import ReportMailing, ReportSchedule
from tenants.reporting.selectors.schedules import report_schedules
from tenants.reporting.services import (
    ReportScheduleInput,
    create_report_schedule,
    send_report_now,
)
from tenants.reporting.work import note_due, send_mailing
from tenants.review.models import ReviewItem


def at(text):
    return time_machine.travel(datetime.fromisoformat(text).replace(tzinfo=UTC), tick=False)


def person(role="viewer"):
    return add_person(
        actor=SYSTEM,
        role=role,
        email=f"reader-{role}@example.com",
        name="Reader",
        password="a sentence nobody guesses",
    )


def make(people, **changes):
    given = {
        "name": "Month end",
        "report": "revenue-by-customer",
        "cron": "0 6 1 * *",
        "recipients": [one.pk for one in people],
        "file_form": "csv",
        **changes,
    }
    with at("2026-10-15 12:00"):
        return create_report_schedule(actor=SYSTEM, given=ReportScheduleInput(**given))


def sweep():
    for mailing in note_due():
        send_mailing(mailing_id=mailing)


def test_it_is_sent_once_with_the_figures_of_the_month_before(in_acme):
    make([person()])
    with at("2026-11-01 12:00"):
        contract = make_contract(configuration={"monthly_fee": "1234.50"})
        generate_invoice(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            period=month_period(2026, 10),
            render=False,
        )
        first, second = note_due(), note_due()
        assert first == second
        assert [send_mailing(mailing_id=one) for one in (*first, *second)] == [True, False]
        sweep()
    (message,) = mail.outbox
    assert message.to == ["reader-viewer@example.com"]
    ((name, content, _kind),) = message.attachments
    assert name == "revenue-by-customer-2026-10-01-2026-10-31.csv"
    text = content if isinstance(content, str) else content.decode()
    _header, row = csv.reader(StringIO(text.removeprefix("\ufeff")))
    assert row[-1] == "1394.99"
    assert f"{ReportSchedule.objects.get().next_due_at:%Y-%m-%d}" == "2026-12-01"


def test_after_a_pause_only_the_latest_time_is_sent(in_acme):
    make([person()], cron="0 6 * * *")
    with at("2026-10-20 12:00"):
        sweep()
    due = [f"{one.due_at:%Y-%m-%d %H:%M}" for one in ReportMailing.objects.all()]
    assert due == ["2026-10-20 10:00"]
    assert len(mail.outbox) == 1


def test_who_may_not_read_it_any_more_gets_nothing(in_acme):
    reader = person("billing_manager")
    make([reader], report="sox-evidence")
    reader.role = "viewer"
    reader.save()
    with at("2026-11-01 12:00"):
        sweep()
    assert mail.outbox == []
    assert ReportMailing.objects.get().status == "failed"


def test_wrong_fields_are_named_and_viewers_make_none(in_acme, actor_in):
    viewer = person()
    for changes, field in (
        ({"name": " "}, "name"),
        ({"report": "audit-trail"}, "report"),
        ({"report": "sox-evidence"}, "recipients"),
        ({"cron": "soon"}, "cron"),
        ({"recipients": []}, "recipients"),
    ):
        with pytest.raises(Invalid) as error:
            make([viewer], **changes)
        assert [one.field for one in error.value.errors] == [field]
    given = ReportScheduleInput("A", "ageing", "0 6 1 * *", [viewer.pk])
    with pytest.raises(Forbidden):
        create_report_schedule(actor=actor_in("viewer"), given=given)


def test_what_cannot_be_sent_asks_a_person_until_it_is(in_acme, monkeypatch):
    schedule = make([person()])
    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMessage.send", refuse)
        with at("2026-11-01 12:00"):
            (mailing,) = note_due()
        for attempt in range(5):
            with at(f"2026-11-01 {12 + attempt}:00"):
                assert send_mailing(mailing_id=mailing) is False
                assert note_due() == []  # not before its pause is over
    assert ReportMailing.objects.get().status == "failed"
    item = ReviewItem.objects.get(kind="report_mailing")
    assert (item.target_id, item.link) == (schedule.pk, f"/reports/by-email/{schedule.pk}")
    assert "ConnectionRefusedError" in item.cause
    with at("2026-11-02 12:00"):
        again = send_report_now(actor=SYSTEM, schedule_id=schedule.pk)
        with pytest.raises(Conflict):
            send_report_now(actor=SYSTEM, schedule_id=schedule.pk)
        assert send_mailing(mailing_id=again.pk)
    item.refresh_from_db()
    assert item.status == "resolved"


def refuse(message, fail_silently=False):
    raise ConnectionRefusedError


def test_programs_keep_schedules(api, acme):
    with organisation_context(acme):
        reader = person()
    body = {
        "name": "Month end",
        "report": "ageing",
        "cron": "0 6 1 * *",
        "recipients": [str(reader.pk)],
    }
    made = api.post("/reports/schedules", body)
    assert made.status == 201, made.raw
    path = f"/reports/schedules/{made.body['schedule_id']}"
    wrong = api.put(path, {**body, "name": " ", "cron": "soon", "report": "audit-trail"})
    assert set(wrong.fields) == {"name", "cron", "report"}
    assert api.put(path, body, **{"If-Match": '"9"'}).status == 412
    paused = api.put(path, {**body, "enabled": False}, **{"If-Match": made.headers["ETag"]})
    assert (paused.body["enabled"], paused.body["next_due_at"]) == (False, None)
    assert api.put(path, body).body["next_due_at"] is not None
    assert api.post(f"{path}/send").status == 202
    assert api.post(f"{path}/send").status == 409
    assert [one["status"] for one in api.get(f"{path}/history").body["items"]] == ["waiting"]
    assert [one["name"] for one in api.get("/reports/schedules").body["items"]] == ["Month end"]
    assert api.send("DELETE", path).status == 204
    assert api.get(path).status == 404


def test_schedules_of_others_are_not_seen(in_acme, globex):
    make([person()])
    with organisation_context(globex):
        assert list(report_schedules(actor=SYSTEM)) == []
        assert note_due() == []


def test_a_schedule_is_made_and_deleted_on_its_pages(acme, client_for):
    browser = signed_in(client_for, acme)
    with organisation_context(acme):
        reader = person()
    assert browser.get("/reports/by-email").status_code == 200
    assert browser.get("/reports/by-email/new").status_code == 200
    form = {
        "name": "Ageing on Mondays",
        "report": "ageing",
        "when": "0 6 * * 1",
        "period_rule": "previous_month",
        "file_form": "xlsx",
        "recipients": [str(reader.pk)],
        "is_enabled": "on",
    }
    assert browser.post("/reports/by-email/new", {**form, "name": ""}).status_code == 422
    made = browser.post("/reports/by-email/new", form)
    assert made.status_code == 302
    assert "Ageing on Mondays" in browser.get(made["Location"]).content.decode()
    assert "Ageing on Mondays" in browser.get("/reports/by-email").content.decode()
    edit = f"{made['Location']}/edit"
    assert "Ageing on Mondays" in browser.get(edit).content.decode()
    assert browser.post(edit, {**form, "cron": "soon", "when": ""}).status_code == 422
    off = {name: value for name, value in form.items() if name != "is_enabled"}
    assert browser.post(edit, off)["Location"] == made["Location"]
    assert "Switched off" in browser.get(made["Location"]).content.decode()
    for _time in range(2):  # the second finds it on its way
        assert browser.post(f"{made['Location']}/send")["Location"] == made["Location"]
    with organisation_context(acme):
        assert ReportMailing.objects.count() == 1
    assert browser.post(f"{made['Location']}/delete").status_code == 302
    assert "No schedule yet" in browser.get("/reports/by-email").content.decode()
