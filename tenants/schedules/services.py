"""Keeping schedules, and starting the runs that are due."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from django.urls import reverse

from billing.periods import Frequency, Period
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import AppError, Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from tenants.invoices.run_filters import EVERYTHING, RunFilters
from tenants.invoices.services import start_run
from tenants.review.services import close_items, raise_item
from tenants.schedules.models import REVIEW_KIND, BillingSchedule, PeriodRule, ScheduledRun
from tenants.schedules.selectors import due_schedules, zone_of
from tenants.schedules.timing import check_cron, due_times, frequency_of, period_for, zone_named

logger = logging.getLogger(__name__)

SCHEDULES_MAX = 100
MISSED_MAX = 10_000  # a year of hours; what was missed before is not looked at
EDITABLE = (
    "name",
    "cron",
    "time_zone",
    "period_rule",
    "filters",
    "issues",
    "auto_distribute",
    "holds_warned",
    "is_enabled",
)


@dataclass(frozen=True)
class ScheduleInput:
    """What a person says about a schedule."""

    name: str
    cron: str
    period_rule: str = PeriodRule.PREVIOUS_MONTH
    time_zone: str = ""
    filters: RunFilters = EVERYTHING
    issues: bool = True
    auto_distribute: bool = False
    holds_warned: bool = False
    is_enabled: bool = True

    def as_columns(self) -> dict[str, Any]:
        """The values of EDITABLE.

        A schedule by quarter or year bills only contracts of that frequency, where it names
        none: a monthly one must not be billed for three months at once.
        """
        filters, frequency = self.filters, frequency_of(self.period_rule)
        if frequency != Frequency.MONTHLY and not filters.frequencies:
            filters = replace(filters, frequencies=(str(frequency),))
        return {**asdict(self), "name": self.name.strip(), "filters": filters.as_json()}


def create_schedule(*, actor: Actor, given: ScheduleInput) -> BillingSchedule:
    """Make a schedule; it is first due at its next time from now.

    Raises Invalid naming each field, Conflict for more than a hundred.
    """
    _authorize(actor, given)
    schedule = BillingSchedule(**given.as_columns())
    _check(given, schedule)
    with transaction.atomic():
        if BillingSchedule.objects.count() >= SCHEDULES_MAX:
            raise Conflict(_("There are 100 schedules already; delete one first."))
        _set_next(schedule, after=now())
        _save_named(schedule, lambda: schedule.save(force_insert=True))
        record(actor=actor, action="schedule.created", target=schedule, after=given.as_columns())
    return schedule


def change_schedule(
    *,
    actor: Actor,
    schedule_id: UUID,
    given: ScheduleInput,
    expected_revision: int | None = None,
) -> BillingSchedule:
    """Replace what a schedule says. Times that passed before are not made up for.

    Raises NotFound, Invalid naming each field, PreconditionFailed when stale.
    """
    _authorize(actor, given)
    with transaction.atomic():
        schedule = _locked(schedule_id)
        schedule.require_revision(expected_revision)
        before = {name: getattr(schedule, name) for name in EDITABLE}
        columns = given.as_columns()
        for name, value in columns.items():
            setattr(schedule, name, value)
        _check(given, schedule)
        timing = ("cron", "time_zone", "is_enabled")
        if any(before[name] != columns[name] for name in timing):
            _set_next(schedule, after=now())
        _save_named(schedule, lambda: schedule.save_changes(*EDITABLE, "next_due_at"))
        changed = [name for name in EDITABLE if before[name] != columns[name]]
        record(
            actor=actor,
            action="schedule.changed",
            target=schedule,
            before={name: before[name] for name in changed},
            after={name: columns[name] for name in changed},
        )
    return schedule


def delete_schedule(
    *, actor: Actor, schedule_id: UUID, expected_revision: int | None = None
) -> None:
    """Delete a schedule with its history; the runs it started stay. Raises NotFound."""
    authorize(actor, "invoices.generate")
    with transaction.atomic():
        schedule = _locked(schedule_id)
        schedule.require_revision(expected_revision)
        close_items(actor=actor, kind=REVIEW_KIND, target_id=schedule.pk)
        pk, name = schedule.pk, schedule.name
        schedule.delete()
        schedule.pk = pk
        record(actor=actor, action="schedule.deleted", target=schedule, before={"name": name})


def start_due_runs() -> list[ScheduledRun]:
    """Start the runs of all schedules whose time has come. Safe to run twice at once.

    After a time in which nothing ran, each period that was missed is run once.
    """
    started: list[ScheduledRun] = []
    for schedule_id in due_schedules():
        try:
            started += _start_due(schedule_id)
        except OperationalError:
            raise
        except Exception:  # the others are due as well
            logger.exception("schedule.failed", extra={"schedule_id": str(schedule_id)})
    return started


def _start_due(schedule_id: UUID) -> list[ScheduledRun]:
    with transaction.atomic():
        schedule = (
            BillingSchedule.objects.select_for_update(skip_locked=True)
            .filter(pk=schedule_id, is_enabled=True, next_due_at__lte=now())
            .first()
        )
        if schedule is None:
            return []  # another sweep is at it, or was
        missed = _missed(schedule)
        started = [_start_once(schedule, period, times) for period, times in missed.items()]
        schedule.save(update_fields=["next_due_at", "is_enabled"])
    return [one for one in started if one is not None]


def _missed(schedule: BillingSchedule) -> Mapping[Period, list[datetime]]:
    """The times that have come, by the period they bill; sets the next one."""
    zone, present = zone_of(schedule), now()
    due: datetime | None = schedule.next_due_at
    found: dict[Period, list[datetime]] = {}
    times = due_times(schedule.cron, zone, after=due or present)
    count = 0
    while due is not None and due <= present:
        if count == MISSED_MAX:
            times, count = due_times(schedule.cron, zone, after=present), 0
        else:
            period = period_for(schedule.period_rule, due, zone)
            found.setdefault(period, []).append(due)
            count += 1
        due = next(times, None)
    schedule.next_due_at, schedule.is_enabled = due, due is not None
    return found


def _start_once(
    schedule: BillingSchedule, period: Period, times: list[datetime]
) -> ScheduledRun | None:
    """Start the period's run for the last of these times, unless that was done already."""
    row = ScheduledRun(
        schedule=schedule,
        due_at=times[-1],
        period_start=period.start_date,
        period_end=period.end_date,
        missed=len(times) - 1,
    )
    actor = Actor(kind="system", id=f"schedule:{schedule.pk}", label=schedule.name)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return None
    try:
        with transaction.atomic():
            row.run = start_run(
                actor=actor,
                period=period,
                issue=schedule.issues,
                filters=RunFilters.of_json(schedule.filters),
                auto_distribute=schedule.auto_distribute,
                hold_warned=schedule.holds_warned,
            )
    except AppError as error:
        _note_failure(schedule, row, error)
    else:
        close_items(actor=actor, kind=REVIEW_KIND, target_id=schedule.pk)
    row.save(update_fields=["run", "outcome", "reason"])
    return row


def _note_failure(schedule: BillingSchedule, row: ScheduledRun, error: AppError) -> None:
    row.outcome = ScheduledRun.Outcome.FAILED
    row.reason = error.wording()
    raise_item(
        kind=REVIEW_KIND,
        target=schedule,
        cause=row.reason,
        field=error.errors[0].field[:200] if error.errors else "",
        link=reverse("billing_schedule_detail", args=[schedule.pk]),
        details={"due_at": row.due_at.isoformat()},
    )


def _authorize(actor: Actor, given: ScheduleInput) -> None:
    authorize(actor, "invoices.generate")
    if given.issues:
        authorize(actor, "invoices.issue")


def _locked(schedule_id: UUID) -> BillingSchedule:
    schedule = BillingSchedule.objects.select_for_update().filter(pk=schedule_id).first()
    if schedule is None:
        raise NotFound(_("There is no such schedule."))
    return schedule


def _check(given: ScheduleInput, schedule: BillingSchedule) -> None:
    errors: list[FieldError] = []
    if not given.name.strip():
        errors.append(FieldError("name", "required", _("This field is required.")))
    if given.auto_distribute and not given.issues:
        message = _("Only issued invoices can be sent to customers.")
        errors.append(FieldError("auto_distribute", "not_issued", message))
    for check in (
        lambda: given.time_zone and zone_named(given.time_zone),
        lambda: check_cron(given.cron, zone_of(schedule), after=now()),
        given.filters.check,
    ):
        try:
            check()
        except Invalid as error:
            errors += error.errors
            if any(one.field == "time_zone" for one in error.errors):
                break
    if errors:
        raise Invalid(errors=errors)


def _set_next(schedule: BillingSchedule, *, after: datetime) -> None:
    times = due_times(schedule.cron, zone_of(schedule), after=after)
    schedule.next_due_at = next(times) if schedule.is_enabled else None


def _save_named(schedule: BillingSchedule, save: Any) -> None:
    """Save it; a name that is taken is an error of that field."""
    try:
        with transaction.atomic():
            save()
    except IntegrityError as error:
        message = _("Another schedule has this name.")
        raise Invalid(errors=[FieldError("name", "taken", message)]) from error
