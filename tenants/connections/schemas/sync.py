"""What the API takes and answers about connections and the synchronisation."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from shared.kernel.api.schemas import Schema, Worded
from tenants.connections.models import (
    ConflictChange,
    Connection,
    SyncConflict,
    SyncLog,
    SyncRun,
    SyncTask,
)

Url = Annotated[str, Field(max_length=2000)]


class ConnectionIn(Schema):
    """The billing system's address and credentials."""

    name: Annotated[str, Field(max_length=100)]
    base_url: Url
    token: Annotated[str, Field(max_length=2000)]


class ConnectionPatch(Schema):
    """What to change of a connection; what is left out stays."""

    name: Annotated[str, Field(max_length=100)] | None = None
    base_url: Url | None = None
    token: Annotated[str, Field(max_length=2000)] | None = None
    active: bool | None = None


class ConnectionOut(Schema):
    """A connection; its credentials are never answered."""

    id: UUID
    kind: str
    name: str
    base_url: str
    state: str
    problem: Worded
    checked_at: datetime | None
    synced_at: datetime | None

    @staticmethod
    def of(connection: Connection) -> "ConnectionOut":
        """The answer about a connection."""
        return ConnectionOut(
            id=connection.pk,
            kind=str(connection.kind),
            name=connection.name,
            base_url=connection.base_url,
            state=str(connection.state),
            problem=connection.problem,
            checked_at=connection.checked_at,
            synced_at=connection.synced_at,
        )


class SyncRunOut(Schema):
    """A reconciliation or a weekly performance sync."""

    id: UUID
    kind: str
    status: str
    phase: str
    counts: dict[str, int]
    week_start: date | None
    error: Worded
    started_at: datetime
    finished_at: datetime | None

    @staticmethod
    def of(run: SyncRun) -> "SyncRunOut":
        """The answer about a run."""
        return SyncRunOut(
            id=run.pk,
            kind=str(run.kind),
            status=str(run.status),
            phase=str(run.phase),
            counts=run.counts,
            week_start=run.week_start,
            error=run.error,
            started_at=run.created_at,
            finished_at=run.finished_at,
        )


class SyncStatusOut(Schema):
    """Where the synchronisation stands."""

    connection: ConnectionOut | None
    waiting: int
    oldest_waiting: datetime | None
    failed: int
    open_conflicts: int
    customers: int
    configurations: int
    last_day: dict[str, int]
    last_reconciliation: SyncRunOut | None
    last_performance: SyncRunOut | None


class PerformanceIn(Schema):
    """Which week, by its Monday; the last full one where none is given."""

    week_start: date | None = None


class LogOut(Schema):
    """A line of the sync log."""

    log_id: int
    process_name: str
    execution_date: datetime
    status: str
    records_processed: int
    error_message: Worded
    site_id: str
    details: dict[str, Any]

    @staticmethod
    def of(line: SyncLog) -> "LogOut":
        """The answer about a line."""
        return LogOut(
            log_id=line.pk,
            process_name=line.process_name,
            execution_date=line.execution_date,
            status=str(line.status),
            records_processed=line.records_processed,
            error_message=line.error_message,
            site_id=line.site_id,
            details=line.details,
        )


class TaskOut(Schema):
    """A change on its way to the billing system, or given up."""

    id: UUID
    topic: str
    site_id: str
    status: str
    attempts: int
    error: Worded
    happened_at: datetime

    @staticmethod
    def of(task: SyncTask) -> "TaskOut":
        """The answer about a change."""
        return TaskOut(
            id=task.pk,
            topic=task.topic,
            site_id=task.key,
            status=str(task.status),
            attempts=task.attempts,
            error=task.error,
            happened_at=task.happened_at,
        )


class DismissIn(Schema):
    """Why a change need not be sent."""

    note: Annotated[str, Field(min_length=1, max_length=500)]


class SyncChangeOut(Schema):
    """One step in a conflict's history."""

    what: str
    actor: str
    at: datetime
    details: dict[str, Any]

    @staticmethod
    def of(change: ConflictChange) -> "SyncChangeOut":
        """The answer about a step."""
        return SyncChangeOut(
            what=change.what, actor=change.actor, at=change.created_at, details=change.details
        )


class ConflictOut(Schema):
    """A field on which the two sides disagree, or did."""

    id: UUID
    type: str
    strategy: str
    record: str
    record_id: str
    site_id: str
    field: str
    customer_sites_value: Any = None
    billing_value: Any = None
    customer_sites_timestamp: datetime | None
    billing_timestamp: datetime | None
    status: str
    resolution: str
    resolved_value: Any = None
    resolved_at: datetime | None
    resolved_by: str
    found_at: datetime

    @staticmethod
    def fields_of(conflict: SyncConflict) -> dict[str, Any]:
        """What both answers about a conflict have in common."""
        return {
            "id": conflict.pk,
            "type": str(conflict.kind),
            "strategy": str(conflict.strategy),
            "record": str(conflict.record),
            "record_id": conflict.code,
            "site_id": conflict.site_code,
            "field": conflict.field,
            "customer_sites_value": conflict.ours,
            "billing_value": conflict.theirs,
            "customer_sites_timestamp": conflict.ours_at,
            "billing_timestamp": conflict.theirs_at,
            "status": str(conflict.status),
            "resolution": str(conflict.resolution),
            "resolved_value": conflict.value,
            "resolved_at": conflict.resolved_at,
            "resolved_by": conflict.resolved_by,
            "found_at": conflict.created_at,
        }

    @staticmethod
    def of(conflict: SyncConflict) -> "ConflictOut":
        """The answer about a conflict."""
        return ConflictOut(**ConflictOut.fields_of(conflict))


class ConflictDetailOut(ConflictOut):
    """A conflict with its history."""

    history: list[SyncChangeOut]

    @staticmethod
    def of_detail(conflict: SyncConflict) -> "ConflictDetailOut":
        """The answer about one conflict."""
        return ConflictDetailOut(
            **ConflictOut.fields_of(conflict),
            history=[SyncChangeOut.of(one) for one in conflict.history.all()],
        )


class ResolveIn(Schema):
    """Whose value counts: `ours`, `theirs`, or `edited` with a `value`.

    `effective_date` is the first day of terms that are taken over; today where none is given.
    """

    choice: Literal["ours", "theirs", "edited"]
    value: str | dict[str, Any] | None = None
    effective_date: date | None = None


class ResolveManyIn(Schema):
    """Several conflicts, all decided the same way."""

    conflict_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]
    choice: Literal["ours", "theirs"]
    effective_date: date | None = None


class ResolvedItemOut(Schema):
    """What became of one conflict of several."""

    id: UUID
    resolved: bool
    error: str


class ResolvedManyOut(Schema):
    """What became of each conflict, in the order given."""

    items: list[ResolvedItemOut]
