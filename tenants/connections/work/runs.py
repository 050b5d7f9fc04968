"""Runs of the synchronisation: taken with a lease, gone on with where they stand.

A run keeps its phase and its place after each page. Killed, it is taken over after its lease;
doing a page twice changes nothing, because each record is compared before it is sent.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from connectors.billing_system import BillingSystem
from connectors.errors import NeedsAttention, RetryLater
from shared.kernel.clock import now
from shared.kernel.errors import Text
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.connections.models import Connection, SyncLog, SyncRun
from tenants.connections.work import performing, reconciling
from tenants.connections.work.logs import DAILY, WEEKLY, log
from tenants.connections.work.ordered import pause_after
from tenants.connections.work.stepping import Step
from tenants.connections.work.syncing import note_problem, note_success
from tenants.connections.work.systems import billing_system

LEASE = timedelta(minutes=5)
ATTEMPTS_MAX = 12
STEPS_A_TASK = 10_000
Phase = SyncRun.Phase
PROCESSES: Mapping[str, str] = {
    SyncRun.Kind.RECONCILIATION: DAILY,
    SyncRun.Kind.PERFORMANCE: WEEKLY,
}
FIRST_PHASE: Mapping[str, str] = {
    SyncRun.Kind.RECONCILIATION: Phase.PULL_CUSTOMERS,
    SyncRun.Kind.PERFORMANCE: Phase.COMPUTE_WEEK,
}
_Work = Callable[[BillingSystem | None, SyncRun], Step]
WORK: Mapping[str, tuple[_Work, str]] = {
    Phase.PULL_CUSTOMERS: (reconciling.pull_customers, Phase.PULL_CONFIGURATIONS),
    Phase.PULL_CONFIGURATIONS: (reconciling.pull_configurations, Phase.PUSH_CUSTOMERS),
    Phase.PUSH_CUSTOMERS: (reconciling.push_customers, Phase.PUSH_CONFIGURATIONS),
    Phase.PUSH_CONFIGURATIONS: (reconciling.push_configurations, Phase.FINISHED),
    Phase.COMPUTE_WEEK: (performing.compute_week, Phase.SEND_WEEK),
    Phase.SEND_WEEK: (performing.send_week, Phase.FINISHED),
}


def due_runs() -> Q:
    """Runs that anybody may take: open, due, and in nobody's hands."""
    moment = now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=moment)
    return free & Q(status__in=SyncRun.OPEN, due_at__lte=moment)


def process_run(*, run_id: UUID) -> SyncRun | None:
    """Go on with a run to its end. None where there is nothing to do or somebody is at it."""
    run = _take(run_id)
    if run is None:
        return None
    try:
        if run.connection is None:
            _work(None, run)
        else:
            with billing_system(run.connection) as system:
                _work(system, run)
    except RetryLater as error:
        _pause(run, error.why, error.after)
    except NeedsAttention as error:
        if run.connection is not None:
            note_problem(run.connection, error.why)
        _fail(run, error.why)
    else:
        if run.connection is not None:
            note_success(run.connection)
    return run


def _take(run_id: UUID) -> SyncRun | None:
    with transaction.atomic():
        run = (
            SyncRun.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("connection")
            .filter(due_runs(), pk=run_id)
            .first()
        )
        if run is None:
            return None
        run.attempts += 1
        run.status, run.leased_until = SyncRun.Status.RUNNING, now() + LEASE
        run.save(update_fields=["attempts", "status", "leased_until"])
    return run


def _work(system: BillingSystem | None, run: SyncRun) -> None:
    for _step in range(STEPS_A_TASK):
        if run.connection is not None and _is_paused(run.connection):
            raise RetryLater(_("The connection is paused."))
        do, following = WORK[run.phase]
        step = do(system, run)
        if not _note(run, step, following):
            return
        if run.phase == Phase.FINISHED:
            _finish(run)
            return


def _is_paused(connection: Connection) -> bool:
    return Connection.objects.filter(pk=connection.pk, state=Connection.State.PAUSED).exists()


def _note(run: SyncRun, step: Step, following: str) -> bool:
    """Keep counts and place; False where somebody has taken the run over."""
    run.counts = dict(Counter(run.counts) + Counter(step.counts))
    run.cursor = step.cursor
    if not step.cursor:
        run.phase, run.since = following, None
    run.leased_until = now() + LEASE
    names = ("counts", "cursor", "phase", "since", "leased_until")
    return bool(_ours(run).update(**{name: getattr(run, name) for name in names}))


def _finish(run: SyncRun) -> None:
    with transaction.atomic():
        finished = _ours(run).update(
            status=SyncRun.Status.DONE, finished_at=now(), leased_until=None, error=""
        )
        if not finished:
            return
        run.status = SyncRun.Status.DONE
        log(
            PROCESSES[run.kind],
            SyncLog.Status.SUCCESS,
            records=run.counts.get("read", 0),
            details={**run.counts, **_week(run)},
            run_id=run.pk,
        )
        _tell(run)


def _pause(run: SyncRun, why: Text, after: timedelta | None) -> None:
    if run.attempts >= ATTEMPTS_MAX:
        _fail(run, why)
        return
    _ours(run).update(
        status=SyncRun.Status.WAITING,
        due_at=now() + pause_after(run.attempts, after),
        leased_until=None,
        error=why,
    )


def _fail(run: SyncRun, why: Text) -> None:
    with transaction.atomic():
        failed = _ours(run).update(
            status=SyncRun.Status.FAILED,
            finished_at=now(),
            leased_until=None,
            error=why,
        )
        if not failed:
            return
        run.status = SyncRun.Status.FAILED
        log(
            PROCESSES[run.kind],
            SyncLog.Status.ERROR,
            records=run.counts.get("read", 0),
            error=why,
            details={**run.counts, **_week(run)},
            run_id=run.pk,
        )
        _tell(run)


def _tell(run: SyncRun) -> None:
    publish(
        topic=f"sync.{run.kind}_{run.status}",
        key=str(run.pk),
        payload={"run_id": str(run.pk), **run.counts},
    )


def _week(run: SyncRun) -> dict[str, Any]:
    return {"week_start": run.week_start.isoformat()} if run.week_start else {}


def _ours(run: SyncRun) -> Any:
    return SyncRun.objects.filter(pk=run.pk, attempts=run.attempts, status=SyncRun.Status.RUNNING)
