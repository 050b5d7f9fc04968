"""Keeping schedules of reports."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shared.accounts.models import User
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.tenancy import require_organisation
from tenants.reporting.exporting import FileForm
from tenants.reporting.models import REVIEW_KIND, ReportMailing, ReportSchedule
from tenants.reporting.reports import LIBRARY
from tenants.reporting.reports.base import Parameter
from tenants.reporting.selectors.schedules import people_who_may_read
from tenants.review.services import close_items
from tenants.schedules.models import PeriodRule
from tenants.schedules.timing import check_cron, due_times

SCHEDULES_MAX = 100
RECIPIENTS_MAX = 50
NAME_MAX = 120
EDITABLE = ("name", "report", "cron", "period_rule", "file_form", "is_enabled")


@dataclass(frozen=True)
class ReportScheduleInput:
    """What a person says about a schedule; `recipients` are people of the organisation."""

    name: str
    report: str
    cron: str
    recipients: Sequence[UUID]
    period_rule: str = PeriodRule.PREVIOUS_MONTH
    file_form: str = FileForm.PDF
    is_enabled: bool = True

    def as_columns(self) -> dict[str, Any]:
        """The values of EDITABLE."""
        return {**{name: getattr(self, name) for name in EDITABLE}, "name": self.name.strip()}


def create_report_schedule(*, actor: Actor, given: ReportScheduleInput) -> ReportSchedule:
    """Make a schedule; it is first due at its next time from now.

    Raises Invalid naming each field, Conflict for more than a hundred, Forbidden for a report
    that the actor may not read.
    """
    authorize(actor, "reports.read")
    authorize(actor, "delivery.write")
    people = _check(actor, given)
    schedule = ReportSchedule(**given.as_columns(), language=get_language() or "")
    _set_next(schedule)
    with transaction.atomic():
        if ReportSchedule.objects.count() >= SCHEDULES_MAX:
            raise Conflict(_("There are 100 schedules already; delete one first."))
        _save_named(lambda: schedule.save(force_insert=True))
        schedule.recipients.set(people)
        record(
            actor=actor,
            action="report_schedule.created",
            target=schedule,
            after={**given.as_columns(), "recipients": _ids(people)},
        )
    return schedule


def change_report_schedule(
    *,
    actor: Actor,
    schedule_id: UUID,
    given: ReportScheduleInput,
    expected_revision: int | None = None,
) -> ReportSchedule:
    """Replace what a schedule says. Times that passed while it was off are not made up for.

    Raises NotFound, PreconditionFailed when stale, and as `create_report_schedule`.
    """
    authorize(actor, "reports.read")
    authorize(actor, "delivery.write")
    with transaction.atomic():
        schedule = _locked(schedule_id)
        schedule.require_revision(expected_revision)
        people = _check(actor, given)
        before = {name: getattr(schedule, name) for name in EDITABLE}
        before["recipients"] = _ids(schedule.recipients.all())
        columns = given.as_columns()
        for name, value in columns.items():
            setattr(schedule, name, value)
        if any(before[name] != columns[name] for name in ("cron", "is_enabled")):
            _set_next(schedule)
        schedule.language = get_language() or ""
        _save_named(lambda: schedule.save_changes(*EDITABLE, "next_due_at", "language"))
        schedule.recipients.set(people)
        after = {**columns, "recipients": _ids(people)}
        changed = [name for name in after if before[name] != after[name]]
        record(
            actor=actor,
            action="report_schedule.changed",
            target=schedule,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
    return schedule


def send_report_now(*, actor: Actor, schedule_id: UUID) -> ReportMailing:
    """Send a schedule's report out of turn, also of one that is switched off.

    Its period is the one of a time that is due now. Raises NotFound, Conflict while one waits.
    """
    from tenants.reporting.tasks import send_report

    authorize(actor, "reports.read")
    authorize(actor, "delivery.write")
    with transaction.atomic():
        schedule = _locked(schedule_id)
        if schedule.mailings.filter(status=ReportMailing.Status.WAITING).exists():
            raise Conflict(_("It is on its way already."))
        mailing = ReportMailing.objects.create(schedule=schedule, due_at=now())
        enqueue_after_commit(send_report, mailing_id=str(mailing.pk))
        record(actor=actor, action="report_schedule.sent_now", target=schedule)
    return mailing


def delete_report_schedule(
    *, actor: Actor, schedule_id: UUID, expected_revision: int | None = None
) -> None:
    """Delete a schedule with its history; what waits is not sent any more.

    Raises NotFound, PreconditionFailed when stale.
    """
    authorize(actor, "reports.read")
    authorize(actor, "delivery.write")
    with transaction.atomic():
        schedule = _locked(schedule_id)
        schedule.require_revision(expected_revision)
        close_items(actor=actor, kind=REVIEW_KIND, target_id=schedule.pk)
        pk, name = schedule.pk, schedule.name
        schedule.delete()
        schedule.pk = pk
        record(
            actor=actor, action="report_schedule.deleted", target=schedule, before={"name": name}
        )


def _locked(schedule_id: UUID) -> ReportSchedule:
    schedule = ReportSchedule.objects.select_for_update().filter(pk=schedule_id).first()
    if schedule is None:
        raise NotFound(_("There is no such schedule."))
    return schedule


def _set_next(schedule: ReportSchedule) -> None:
    zone = ZoneInfo(require_organisation().time_zone)
    times = due_times(schedule.cron, zone, after=now())
    schedule.next_due_at = next(times) if schedule.is_enabled else None


def _save_named(save: Callable[[], object]) -> None:
    """Save it; a name that is taken is an error of that field."""
    try:
        with transaction.atomic():
            save()
    except IntegrityError as error:
        message = _("Another schedule has this name.")
        raise Invalid(errors=[FieldError("name", "taken", message)]) from error


def _ids(people: Iterable[Any]) -> list[str]:
    return sorted(str(one.pk) for one in people)


def _check(actor: Actor, given: ReportScheduleInput) -> list[User]:
    errors: list[FieldError] = []
    if not given.name.strip():
        errors.append(FieldError("name", "required", _("This field is required.")))
    if len(given.name.strip()) > NAME_MAX:
        errors.append(FieldError("name", "too_long", _("At most 120 characters.")))
    report = LIBRARY.get(given.report)
    people: list[User] = []
    if report is None or report.parameter == Parameter.INVOICE:
        message = _("This report cannot be sent at set times.")
        errors.append(FieldError("report", "choice", message))
    else:
        authorize(actor, report.permission)
        may = {one.pk: one for one in people_who_may_read(report)}
        people = [may[pk] for pk in given.recipients if pk in may]
        if not people or len(people) != len(set(given.recipients)) or len(people) > RECIPIENTS_MAX:
            message = _("Choose 1 to 50 people who may read this report.")
            errors.append(FieldError("recipients", "choice", message))
    for field, value, allowed in (
        ("period_rule", given.period_rule, PeriodRule.values),
        ("file_form", given.file_form, list(FileForm)),
    ):
        if value not in allowed:
            errors.append(FieldError(field, "choice", _("Choose one of the list.")))
    try:
        check_cron(given.cron, ZoneInfo(require_organisation().time_zone), after=now())
    except Invalid as error:
        errors += error.errors
    if errors:
        raise Invalid(errors=errors)
    return people
