"""`/api/v1/connections` and `/api/v1/sync`: the billing system and what is synchronised."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import expected_revision, require_fresh, set_etag
from shared.kernel.api.pagination import Page, Paging, paginate
from tenants.connections.models import SyncConflict, SyncLog, SyncRun
from tenants.connections.schemas.sync import (
    ConflictDetailOut,
    ConflictOut,
    ConnectionIn,
    ConnectionOut,
    ConnectionPatch,
    DismissIn,
    LogOut,
    PerformanceIn,
    ResolvedItemOut,
    ResolvedManyOut,
    ResolveIn,
    ResolveManyIn,
    SyncRunOut,
    SyncStatusOut,
    TaskOut,
)
from tenants.connections.selectors import sync as selectors
from tenants.connections.services import conflicts as conflict_services
from tenants.connections.services import connections as services
from tenants.connections.services import runs as run_services

connections_router = Router(tags=["Connections"])
sync_router = Router(tags=["Synchronisation"])


@connections_router.get("", response=Page[ConnectionOut])
def list_connections(request: ApiRequest, paging: Query[Paging]) -> Any:
    """Connections by name."""
    found = selectors.connections(actor=request.actor)
    page = paginate(found, paging, orderings=("name",), default="name")
    return {"items": [ConnectionOut.of(one) for one in page.items], "next": page.next}


@connections_router.post("", response={201: ConnectionOut})
def create_connection(request: ApiRequest, response: HttpResponse, body: ConnectionIn) -> Any:
    """Connect the billing system."""
    connection = services.create_connection(
        actor=request.actor, name=body.name, base_url=body.base_url, token=body.token
    )
    set_etag(response, connection)
    return Status(201, ConnectionOut.of(connection))


@connections_router.get("/{connection_id}", response=ConnectionOut)
def get_connection(request: ApiRequest, response: HttpResponse, connection_id: UUID) -> Any:
    """One connection."""
    connection = selectors.connection_by_id(actor=request.actor, connection_id=connection_id)
    set_etag(response, connection)
    return ConnectionOut.of(connection)


@connections_router.patch("/{connection_id}", response=ConnectionOut)
def update_connection(
    request: ApiRequest, response: HttpResponse, connection_id: UUID, body: ConnectionPatch
) -> Any:
    """Change, pause or activate a connection."""
    connection = services.update_connection(
        actor=request.actor,
        connection_id=connection_id,
        name=body.name,
        base_url=body.base_url,
        token=body.token,
        active=body.active,
        expected_revision=expected_revision(request),
    )
    set_etag(response, connection)
    return ConnectionOut.of(connection)


@connections_router.delete("/{connection_id}", response={204: None})
def delete_connection(request: ApiRequest, connection_id: UUID) -> Any:
    """Disconnect; credentials, copies and waiting changes go, the log stays."""
    services.delete_connection(
        actor=request.actor,
        connection_id=connection_id,
        expected_revision=expected_revision(request),
    )
    return Status(204, None)


@connections_router.post("/{connection_id}/test", response=ConnectionOut)
def check_connection(request: ApiRequest, connection_id: UUID) -> Any:
    """Reach the system with the credentials; `state` and `problem` tell the rest."""
    connection = services.check_connection(actor=request.actor, connection_id=connection_id)
    return ConnectionOut.of(connection)


@sync_router.get("/status", response=SyncStatusOut)
def get_status(request: ApiRequest) -> Any:
    """Where the synchronisation stands."""
    status = selectors.sync_status(actor=request.actor)
    runs = {
        name: SyncRunOut.of(run) if (run := getattr(status, name)) else None
        for name in ("last_reconciliation", "last_performance")
    }
    return SyncStatusOut(
        connection=ConnectionOut.of(status.connection) if status.connection else None,
        waiting=status.waiting,
        oldest_waiting=status.oldest_waiting,
        failed=status.failed,
        open_conflicts=status.open_conflicts,
        customers=status.customers,
        configurations=status.configurations,
        last_day=status.last_day,
        **runs,
    )


@sync_router.post("/reconcile", response={202: SyncRunOut})
def reconcile(request: ApiRequest) -> Any:
    """Start a reconciliation; one that is under way already is the answer."""
    return Status(202, SyncRunOut.of(run_services.start_reconciliation(actor=request.actor)))


@sync_router.post("/performance", response={202: SyncRunOut})
def sync_performance(request: ApiRequest, body: PerformanceIn) -> Any:
    """Add up a week and send it."""
    run = run_services.start_performance(actor=request.actor, week_start=body.week_start)
    return Status(202, SyncRunOut.of(run))


class RunFilters(Paging):
    """Which runs."""

    kind: SyncRun.Kind | None = None


@sync_router.get("/runs", response=Page[SyncRunOut])
def list_runs(request: ApiRequest, filters: Query[RunFilters]) -> Any:
    """Runs, newest first."""
    found = selectors.sync_runs(actor=request.actor, kind=filters.kind or "")
    page = paginate(found, filters, orderings=("created_at",), default="-created_at")
    return {"items": [SyncRunOut.of(one) for one in page.items], "next": page.next}


@sync_router.get("/runs/{run_id}", response=SyncRunOut)
def get_run(request: ApiRequest, run_id: UUID) -> Any:
    """One run with its counts."""
    return SyncRunOut.of(selectors.sync_run(actor=request.actor, run_id=run_id))


class LogFilters(Paging):
    """Which lines."""

    status: SyncLog.Status | None = None
    process_name: str = ""
    site_id: str = ""


@sync_router.get("/logs", response=Page[LogOut])
def list_logs(request: ApiRequest, filters: Query[LogFilters]) -> Any:
    """The sync log, newest first."""
    found = selectors.sync_logs(
        actor=request.actor,
        status=filters.status or "",
        process=filters.process_name,
        site_id=filters.site_id,
    )
    page = paginate(found, filters, orderings=("execution_date",), default="-execution_date")
    return {"items": [LogOut.of(one) for one in page.items], "next": page.next}


@sync_router.get("/failed", response=Page[TaskOut])
def list_failed(request: ApiRequest, paging: Query[Paging]) -> Any:
    """Changes that were given up and wait for a person, newest first."""
    found = selectors.failed_tasks(actor=request.actor)
    page = paginate(found, paging, orderings=("happened_at",), default="-happened_at")
    return {"items": [TaskOut.of(one) for one in page.items], "next": page.next}


@sync_router.post("/failed/{task_id}/retry", response={202: TaskOut})
def retry_task(request: ApiRequest, task_id: UUID) -> Any:
    """Send a failed change again."""
    return Status(202, TaskOut.of(services.retry_task(actor=request.actor, task_id=task_id)))


@sync_router.post("/failed/{task_id}/dismiss", response=TaskOut)
def dismiss_task(request: ApiRequest, task_id: UUID, body: DismissIn) -> Any:
    """Leave a failed change unsent, with the reason."""
    task = services.dismiss_task(actor=request.actor, task_id=task_id, note=body.note)
    return TaskOut.of(task)


class ConflictFilters(Paging):
    """Which conflicts; the open ones where nothing is said."""

    status: SyncConflict.Status = SyncConflict.Status.OPEN
    type: SyncConflict.Kind | None = None


@sync_router.get("/conflicts", response=Page[ConflictOut])
def list_conflicts(request: ApiRequest, filters: Query[ConflictFilters]) -> Any:
    """Conflicts, newest first."""
    found = selectors.conflicts(actor=request.actor, status=filters.status, kind=filters.type or "")
    page = paginate(found, filters, orderings=("created_at",), default="-created_at")
    return {"items": [ConflictOut.of(one) for one in page.items], "next": page.next}


@sync_router.post("/conflicts/resolve", response=ResolvedManyOut)
def resolve_conflicts(request: ApiRequest, body: ResolveManyIn) -> Any:
    """Decide several the same way; one that cannot be decided does not stop the others."""
    outcomes = conflict_services.resolve_conflicts(
        actor=request.actor,
        conflict_ids=body.conflict_ids,
        choice=conflict_services.Choice(body.choice, None, body.effective_date),
    )
    return ResolvedManyOut(
        items=[
            ResolvedItemOut(
                id=one.conflict_id,
                resolved=one.conflict is not None,
                error=str(one.error.detail) if one.error else "",
            )
            for one in outcomes
        ]
    )


@sync_router.get("/conflicts/{conflict_id}", response=ConflictDetailOut)
def get_conflict(request: ApiRequest, response: HttpResponse, conflict_id: UUID) -> Any:
    """One conflict with its history."""
    conflict = selectors.conflict_by_id(actor=request.actor, conflict_id=conflict_id)
    require_fresh(request, response, conflict)
    return ConflictDetailOut.of_detail(conflict)


@sync_router.post("/conflicts/{conflict_id}/resolve", response=ConflictOut)
def resolve_conflict(
    request: ApiRequest, response: HttpResponse, conflict_id: UUID, body: ResolveIn
) -> Any:
    """Decide a conflict; ours is sent to the billing system afterwards."""
    conflict = conflict_services.resolve_conflict(
        actor=request.actor,
        conflict_id=conflict_id,
        choice=conflict_services.Choice(body.choice, body.value, body.effective_date),
        expected_revision=expected_revision(request),
    )
    set_etag(response, conflict)
    return ConflictOut.of(conflict)
