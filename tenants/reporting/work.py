"""The background's work: which schedules are due, and sending what waits."""

import logging
import random
from collections import deque
from datetime import datetime, timedelta
from itertools import islice, takewhile
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import override

from shared.accounts.sites import site_name, site_url
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.clock import now
from shared.kernel.tenancy import require_organisation
from shared.kernel.wording import worded as _
from tenants.reporting.exporting import FileForm, ReportFile, make_file
from tenants.reporting.models import REVIEW_KIND, ReportMailing, ReportSchedule
from tenants.reporting.reports import report_named
from tenants.reporting.reports.base import Parameters
from tenants.reporting.selectors.library import run_report
from tenants.reporting.selectors.schedules import people_who_may_read
from tenants.reporting.wording import failure_text
from tenants.review.services import close_items, raise_item
from tenants.schedules.timing import due_times, period_for

LEASE = timedelta(minutes=10)
ATTEMPTS_MAX = 5
PAUSE_FIRST = timedelta(minutes=2)  # doubles with each attempt: about half an hour in all
BATCH = 100
MISSED_MAX = 10_000  # a year of hours
logger = logging.getLogger(__name__)
Status = ReportMailing.Status


def note_due() -> list[UUID]:
    """Note every schedule whose time has come, once, and what else waits to be sent.

    After a pause it is sent once, for the latest of the times that passed.
    """
    with transaction.atomic():
        due = ReportSchedule.objects.select_for_update(skip_locked=True).filter(
            is_enabled=True, next_due_at__lte=now()
        )
        for schedule in due.order_by("next_due_at")[:BATCH]:
            _note(schedule)
    idle = Q(leased_until__isnull=True) | Q(leased_until__lte=now())
    waiting = ReportMailing.objects.filter(idle, status=Status.WAITING).order_by("due_at")
    return list(waiting.values_list("pk", flat=True)[:BATCH])


def _note(schedule: ReportSchedule) -> None:
    zone = ZoneInfo(require_organisation().time_zone)
    assert schedule.next_due_at is not None
    due, present = schedule.next_due_at, now()
    passed = takewhile(lambda at: at <= present, due_times(schedule.cron, zone, after=due))
    due = next(iter(deque(islice(passed, MISSED_MAX), maxlen=1)), due)
    following = next(due_times(schedule.cron, zone, after=present), None)
    ReportMailing.objects.get_or_create(schedule=schedule, due_at=due)
    schedule.next_due_at, schedule.is_enabled = following, following is not None
    schedule.save(update_fields=["next_due_at", "is_enabled"])


def send_mailing(*, mailing_id: UUID) -> bool:
    """Make the report and send it; whether it was sent. Safe to call twice at once."""
    mailing = _claim(mailing_id)
    if mailing is None:
        return False
    with override(mailing.schedule.language or None):
        try:
            mailing.people = _send(mailing)
        except Exception as error:
            logger.exception("report_mailing.failed", extra={"mailing_id": str(mailing_id)})
            _put_off(mailing, type(error).__name__)
            return False
        if mailing.people:
            _finish(mailing)
        else:
            _fail(mailing, "no_reader")
    return bool(mailing.people)


def _finish(mailing: ReportMailing) -> None:
    with transaction.atomic():
        mailing.status, mailing.reason, mailing.leased_until = Status.SENT, "", None
        mailing.save(update_fields=["people", "leased_until", "status", "reason"])
        close_items(
            actor=SYSTEM, kind=REVIEW_KIND, target_id=mailing.schedule_id, note=_("It was sent.")
        )


def _put_off(mailing: ReportMailing, why: str) -> None:
    """Try again later, each time after twice the pause; after the last attempt ask a person."""
    if mailing.attempts >= ATTEMPTS_MAX:
        _fail(mailing, why)
        return
    pause = PAUSE_FIRST * 2 ** (mailing.attempts - 1) * random.uniform(0.75, 1.25)  # noqa: S311
    mailing.reason, mailing.leased_until = why[:500], now() + pause
    mailing.save(update_fields=["leased_until", "reason"])


def _fail(mailing: ReportMailing, why: str) -> None:
    schedule = mailing.schedule
    mailing.status, mailing.reason, mailing.leased_until = Status.FAILED, why[:500], None
    with transaction.atomic():
        mailing.save(update_fields=["people", "leased_until", "status", "reason"])
        raise_item(
            kind=REVIEW_KIND,
            target=schedule,
            cause=failure_text(why),
            link=reverse("report_schedule_detail", args=[schedule.pk]),
            details={"due_at": mailing.due_at.isoformat()},
        )


def _claim(mailing_id: UUID) -> ReportMailing | None:
    """Take the mailing for a while; None where another has it, it is done or failed too often."""
    with transaction.atomic():
        mailing = (
            ReportMailing.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("schedule")
            .filter(pk=mailing_id, status=Status.WAITING)
            .first()
        )
        if mailing is None or (mailing.leased_until and mailing.leased_until > now()):
            return None
        if mailing.attempts >= ATTEMPTS_MAX:
            _fail(mailing, "too_many_attempts")
            return None
        mailing.attempts += 1
        mailing.leased_until = now() + LEASE
        mailing.save(update_fields=["attempts", "leased_until"])
    return mailing


def _send(mailing: ReportMailing) -> int:
    """How many people it went to: those who may still read the report, each by their own."""
    schedule = mailing.schedule
    report = report_named(schedule.report)
    chosen = schedule.recipients.values("pk")
    addresses = [one.email for one in people_who_may_read(report).filter(pk__in=chosen)]
    if not addresses:
        return 0
    file = _file(schedule, mailing.due_at)
    body = _("%(report)s of %(organisation)s is attached.") % {
        "report": report.title,
        "organisation": site_name(),
    }
    message = EmailMessage(
        subject=" ".join(f"{report.title} · {schedule.name}".split()),
        body=f"{body}\n\n{site_url('/reports')}\n",
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=addresses,
        headers={"Message-ID": f"<{mailing.pk.hex}@{settings.BASE_DOMAIN}>"},
        attachments=[(file.name, file.content, file.content_type.split(";")[0])],
    )
    message.send()
    return len(addresses)


def _file(schedule: ReportSchedule, due_at: datetime) -> ReportFile:
    zone = ZoneInfo(require_organisation().time_zone)
    form = FileForm(schedule.file_form)
    asked = Parameters(
        period=period_for(schedule.period_rule, due_at, zone), on=due_at.astimezone(zone).date()
    )
    actor = Actor(kind="system", id=f"report_schedule:{schedule.pk}", label=schedule.name)
    table = run_report(actor=actor, name=schedule.report, asked=asked, limit=form.rows_max)
    return make_file(table, form)
