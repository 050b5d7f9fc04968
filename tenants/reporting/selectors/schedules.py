"""Reading the schedules of reports."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shared.accounts.models import User
from shared.accounts.permissions import permissions_of_role
from shared.accounts.roles import Role
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from tenants.reporting.models import ReportMailing, ReportSchedule
from tenants.reporting.reports.base import Report


def report_schedules(*, actor: Actor) -> QuerySet[ReportSchedule]:
    """All schedules by name."""
    authorize(actor, "reports.read")
    return ReportSchedule.objects.prefetch_related("recipients").order_by("name")


def report_schedule(*, actor: Actor, schedule_id: UUID) -> ReportSchedule:
    """One schedule. Raises NotFound."""
    schedule = report_schedules(actor=actor).filter(pk=schedule_id).first()
    if schedule is None:
        raise NotFound(_("There is no such schedule."))
    return schedule


def mailings(schedule: ReportSchedule) -> QuerySet[ReportMailing]:
    """The times it was due, latest first."""
    return schedule.mailings.order_by("-due_at")


def people_who_may_read(report: Report) -> QuerySet[User]:
    """The active people whose role may read the report."""
    needed = {"reports.read", report.permission}
    roles = [role.value for role in Role if needed <= permissions_of_role(role.value)]
    return User.objects.filter(is_active=True, role__in=roles).order_by("email")
