"""Starting runs of the synchronisation: by a person, or when their time has come."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now, today
from shared.kernel.errors import Conflict, FieldError, Invalid
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.tenancy import require_organisation
from tenants.connections.models import Connection, OrderedWork, SyncRun, SyncTask, WebhookDelivery
from tenants.connections.work.performing import week_of
from tenants.connections.work.runs import FIRST_PHASE, due_runs

RECONCILE_FROM_HOUR = 2
WEEK = timedelta(days=7)
SENT_KEPT = timedelta(days=30)
WEEKS_BACK_MAX = 104
RESUMED_MAX = 20


def start_reconciliation(*, actor: Actor) -> SyncRun:
    """Start a reconciliation; one that is under way already is the answer.

    Raises Conflict where no billing system is connected, or its connection is paused.
    """
    authorize(actor, "connections.resolve")
    connection = Connection.objects.filter(kind=Connection.Kind.BILLING_SYSTEM).first()
    if connection is None:
        raise Conflict(_("Connect the billing system first."))
    if connection.state == Connection.State.PAUSED:
        raise Conflict(_("The connection is paused. Activate it first."))
    return _start(actor, SyncRun.Kind.RECONCILIATION, connection, None)


def start_performance(*, actor: Actor, week_start: date | None = None) -> SyncRun:
    """Add up a week (the last full one where none is given) and send it where connected.

    Raises Invalid for a day that is no Monday, or a week that has not ended.
    """
    authorize(actor, "connections.resolve")
    last = week_of(today()) - WEEK
    week = week_start or last
    if week != week_of(week) or not last - WEEKS_BACK_MAX * WEEK <= week <= last:
        message = _("Choose the Monday of a week that has ended, at most two years ago.")
        raise Invalid(errors=[FieldError("week_start", "range", message)])
    connection = (
        Connection.objects.filter(kind=Connection.Kind.BILLING_SYSTEM)
        .exclude(state=Connection.State.PAUSED)
        .first()
    )
    return _start(actor, SyncRun.Kind.PERFORMANCE, connection, week)


def start_due_runs() -> list[SyncRun]:
    """Start today's reconciliation and last week's performance sync where nobody has yet.

    From two in the morning, by the organisation's clock; what a stopped service missed is
    caught up with, once.
    """
    local = datetime.now(ZoneInfo(require_organisation().time_zone))
    if local.hour < RECONCILE_FROM_HOUR:
        return []
    started = []
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    active = Connection.objects.exclude(state=Connection.State.PAUSED).exists()
    reconciled = SyncRun.objects.filter(
        kind=SyncRun.Kind.RECONCILIATION, created_at__gte=midnight
    ).exists()
    if active and not reconciled:
        started.append(start_reconciliation(actor=SYSTEM))
    week = week_of(local.date()) - WEEK
    performed = SyncRun.objects.filter(kind=SyncRun.Kind.PERFORMANCE, week_start=week).exists()
    if active and not performed:
        started.append(start_performance(actor=SYSTEM, week_start=week))
    return started


def _start(
    actor: Actor, kind: str, connection: Connection | None, week_start: date | None
) -> SyncRun:
    from tenants.connections.tasks.runs import continue_sync_run

    with transaction.atomic():
        running = SyncRun.objects.filter(kind=kind, status__in=SyncRun.OPEN).first()
        if running is not None:
            return running
        try:
            with transaction.atomic():
                run = SyncRun.objects.create(
                    kind=kind,
                    connection=connection,
                    phase=FIRST_PHASE[kind],
                    week_start=week_start,
                    due_at=now(),
                    started_by=actor.label,
                )
        except IntegrityError:  # somebody else was quicker
            return SyncRun.objects.get(kind=kind, status__in=SyncRun.OPEN)
        enqueue_after_commit(continue_sync_run, run_id=str(run.pk))
        record(actor=actor, action="sync.started", target=run, after={"kind": kind})
    return run


def runs_to_resume() -> list[UUID]:
    """Runs that wait for their time or whose worker is gone, oldest first."""
    found = SyncRun.objects.filter(due_runs()).order_by("created_at")
    return list(found.values_list("pk", flat=True)[:RESUMED_MAX])


def purge_sent() -> int:
    """Remove deliveries and tasks finished more than 30 days ago; returns how many."""
    removed = 0
    for model in (WebhookDelivery, SyncTask):
        old = model.objects.filter(finished_at__lt=now() - SENT_KEPT)
        number, _by_model = old.exclude(status=OrderedWork.Status.WORKING).delete()
        removed += number
    return removed
