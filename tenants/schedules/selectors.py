"""Reading schedules."""

from datetime import datetime
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, QuerySet, Subquery

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import NotFound
from shared.kernel.tenancy import require_organisation
from shared.kernel.wording import worded as _
from tenants.schedules.models import BillingSchedule, ScheduledRun
from tenants.schedules.timing import due_times

TIMES_SHOWN = 5


def schedules(*, actor: Actor) -> QuerySet[BillingSchedule]:
    """All schedules by name, with the outcome and time of their latest run."""
    authorize(actor, "invoices.read")
    latest = ScheduledRun.objects.filter(schedule=OuterRef("pk")).order_by("-due_at")
    return BillingSchedule.objects.annotate(
        last_due_at=Subquery(latest.values("due_at")[:1]),
        last_outcome=Subquery(latest.values("outcome")[:1]),
    ).order_by("name")


def schedule_by_id(*, actor: Actor, schedule_id: UUID) -> BillingSchedule:
    """One schedule. Raises NotFound."""
    schedule = schedules(actor=actor).filter(pk=schedule_id).first()
    if schedule is None:
        raise NotFound(_("There is no such schedule."))
    return schedule


def history(schedule: BillingSchedule) -> QuerySet[ScheduledRun]:
    """The times the schedule was due, latest first, with their runs."""
    return schedule.scheduled_runs.select_related("run").order_by("-due_at")


def zone_of(schedule: BillingSchedule) -> ZoneInfo:
    """Whose clock the schedule goes by: its own, else the organisation's."""
    return ZoneInfo(schedule.time_zone or require_organisation().time_zone)


def next_times(schedule: BillingSchedule, count: int = TIMES_SHOWN) -> list[datetime]:
    """The next instants (UTC); none while it is switched off."""
    if schedule.next_due_at is None:
        return []
    later = due_times(schedule.cron, zone_of(schedule), after=schedule.next_due_at)
    return [schedule.next_due_at, *islice(later, count - 1)] if count else []


def due_schedules() -> list[UUID]:
    """Schedules whose time has come."""
    due = BillingSchedule.objects.filter(is_enabled=True, next_due_at__lte=now())
    return list(due.order_by("next_due_at").values_list("pk", flat=True))
