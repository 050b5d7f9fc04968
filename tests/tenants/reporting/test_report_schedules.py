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
from shared.kernel.errors import Forbidden, Invalid
from shared.kernel.tenancy import organisation_context
from tenants.invoices.services import generate_invoice
from tenants.reporting.models import ReportMailing, ReportSchedule
from tenants.reporting.selectors.schedules import report_schedules
from tenants.reporting.services import ReportScheduleInput, create_report_schedule
from tenants.reporting.work import note_due, send_mailing


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
    }
    assert browser.post("/reports/by-email/new", {**form, "name": ""}).status_code == 422
    made = browser.post("/reports/by-email/new", form)
    assert made.status_code == 302
    assert "Ageing on Mondays" in browser.get(made["Location"]).content.decode()
    assert "Ageing on Mondays" in browser.get("/reports/by-email").content.decode()
    assert browser.post(f"{made['Location']}/delete").status_code == 302
    assert "No schedule yet" in browser.get("/reports/by-email").content.decode()
