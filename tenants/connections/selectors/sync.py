"""Reading the connection, what is on its way, the log and the conflicts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import NotFound
from tenants.connections.models import (
    Connection,
    OrderedWork,
    SyncConflict,
    SyncLog,
    SyncRun,
    SyncTask,
)

SHOWN_FOR = timedelta(days=1)


@dataclass(frozen=True)
class SyncStatus:
    """Where the synchronisation stands: the connection, what waits, what was done in a day."""

    connection: Connection | None
    waiting: int
    oldest_waiting: datetime | None
    failed: int
    open_conflicts: int
    customers: int
    configurations: int
    last_day: dict[str, int]
    last_reconciliation: SyncRun | None
    last_performance: SyncRun | None


def connections(*, actor: Actor) -> QuerySet[Connection]:
    """Every connection; nobody reads the credentials out."""
    authorize(actor, "connections.read")
    return Connection.objects.defer("token")


def connection_by_id(*, actor: Actor, connection_id: UUID) -> Connection:
    """One connection. Raises NotFound."""
    connection = connections(actor=actor).filter(pk=connection_id).first()
    if connection is None:
        raise NotFound(_("There is no such connection."))
    return connection


def sync_status(*, actor: Actor) -> SyncStatus:
    """The synchronisation in a few numbers, in a constant number of queries."""
    connection = connections(actor=actor).first()
    waiting = SyncTask.objects.filter(status__in=OrderedWork.OPEN)
    oldest = waiting.order_by("happened_at").values_list("happened_at", flat=True).first()
    lines = (
        SyncLog.objects.filter(execution_date__gte=now() - SHOWN_FOR)
        .order_by()
        .values("status")
        .annotate(number=Count("pk"))
    )
    runs = SyncRun.objects.order_by("-created_at")
    return SyncStatus(
        connection=connection,
        waiting=waiting.count(),
        oldest_waiting=oldest,
        failed=SyncTask.objects.filter(status=OrderedWork.Status.FAILED).count(),
        open_conflicts=SyncConflict.objects.filter(status=SyncConflict.Status.OPEN).count(),
        customers=connection.customers.count() if connection else 0,
        configurations=connection.configurations.count() if connection else 0,
        last_day={row["status"]: row["number"] for row in lines},
        last_reconciliation=runs.filter(kind=SyncRun.Kind.RECONCILIATION).first(),
        last_performance=runs.filter(kind=SyncRun.Kind.PERFORMANCE).first(),
    )


def failed_tasks(*, actor: Actor) -> QuerySet[SyncTask]:
    """Changes that were given up, newest first."""
    authorize(actor, "connections.read")
    return SyncTask.objects.filter(status=OrderedWork.Status.FAILED)


def sync_runs(*, actor: Actor, kind: str = "") -> QuerySet[SyncRun]:
    """Runs, newest first."""
    authorize(actor, "connections.read")
    return SyncRun.objects.filter(kind=kind) if kind else SyncRun.objects.all()


def sync_run(*, actor: Actor, run_id: UUID) -> SyncRun:
    """One run. Raises NotFound."""
    run = sync_runs(actor=actor).filter(pk=run_id).first()
    if run is None:
        raise NotFound(_("There is no such run."))
    return run


def sync_logs(
    *, actor: Actor, status: str = "", process: str = "", site_id: str = ""
) -> QuerySet[SyncLog]:
    """Lines of the log, newest first."""
    authorize(actor, "connections.read")
    asked = {"status": status, "process_name": process, "site_id": site_id}
    return SyncLog.objects.filter(**{name: value for name, value in asked.items() if value})


def conflicts(*, actor: Actor, status: str = "open", kind: str = "") -> QuerySet[SyncConflict]:
    """Conflicts, newest first; those that are open unless another status is asked for."""
    authorize(actor, "connections.read")
    found = SyncConflict.objects.select_related("connection").defer("connection__token")
    if status:
        found = found.filter(status=status)
    return found.filter(kind=kind) if kind else found


def conflict_by_id(*, actor: Actor, conflict_id: UUID) -> SyncConflict:
    """One conflict with its history. Raises NotFound."""
    conflict = (
        conflicts(actor=actor, status="").filter(pk=conflict_id).prefetch_related("history").first()
    )
    if conflict is None:
        raise NotFound(_("There is no such conflict."))
    return conflict


def open_conflict_count(actor: Actor) -> int:
    """For the navigation: how many conflicts wait for a person."""
    authorize(actor, "connections.read")
    return SyncConflict.objects.filter(status=SyncConflict.Status.OPEN).count()
