"""Keeping schedules of reports."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from shared.kernel.tenancy import require_organisation
from tenants.reporting.exporting import FileForm
from tenants.reporting.models import ReportSchedule
from tenants.reporting.reports import LIBRARY
from tenants.reporting.reports.base import Parameter
from tenants.reporting.selectors.schedules import people_who_may_read
from tenants.schedules.models import PeriodRule
from tenants.schedules.timing import check_cron, due_times

SCHEDULES_MAX = 100
RECIPIENTS_MAX = 50


@dataclass(frozen=True)
class ReportScheduleInput:
    """What a person says about a schedule; `recipients` are people of the organisation."""

    name: str
    report: str
    cron: str
    recipients: Sequence[UUID]
    period_rule: str = PeriodRule.PREVIOUS_MONTH
    file_form: str = FileForm.PDF


def create_report_schedule(*, actor: Actor, given: ReportScheduleInput) -> ReportSchedule:
    """Make a schedule; it is first due at its next time from now.

    Raises Invalid naming each field, Conflict for more than a hundred, Forbidden for a report
    that the actor may not read.
    """
    authorize(actor, "reports.read")
    authorize(actor, "delivery.write")
    people = _check(actor, given)
    zone = ZoneInfo(require_organisation().time_zone)
    schedule = ReportSchedule(
        name=given.name.strip(),
        report=given.report,
        cron=given.cron,
        period_rule=given.period_rule,
        file_form=given.file_form,
        language=get_language() or "",
        next_due_at=next(due_times(given.cron, zone, after=now())),
    )
    with transaction.atomic():
        if ReportSchedule.objects.count() >= SCHEDULES_MAX:
            raise Conflict(_("There are 100 schedules already; delete one first."))
        try:
            with transaction.atomic():
                schedule.save(force_insert=True)
        except IntegrityError as error:
            message = _("Another schedule has this name.")
            raise Invalid(errors=[FieldError("name", "taken", message)]) from error
        schedule.recipients.set(people)
        record(
            actor=actor,
            action="report_schedule.created",
            target=schedule,
            after={
                "name": schedule.name,
                "report": schedule.report,
                "cron": schedule.cron,
                "recipients": sorted(str(one.pk) for one in people),
            },
        )
    return schedule


def delete_report_schedule(*, actor: Actor, schedule_id: UUID) -> None:
    """Delete a schedule with its history; what waits is not sent any more. Raises NotFound."""
    authorize(actor, "reports.read")
    authorize(actor, "delivery.write")
    with transaction.atomic():
        schedule = ReportSchedule.objects.select_for_update().filter(pk=schedule_id).first()
        if schedule is None:
            raise NotFound(_("There is no such schedule."))
        pk, name = schedule.pk, schedule.name
        schedule.delete()
        schedule.pk = pk
        record(
            actor=actor, action="report_schedule.deleted", target=schedule, before={"name": name}
        )


def _check(actor: Actor, given: ReportScheduleInput) -> list[User]:
    errors: list[FieldError] = []
    if not given.name.strip():
        errors.append(FieldError("name", "required", _("This field is required.")))
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
