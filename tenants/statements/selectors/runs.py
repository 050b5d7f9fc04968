"""Reading statement runs and how far they are."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import NotFound
from tenants.statements.models import (
    Statement,
    StatementRun,
    StatementRunChunk,
    StatementRunItem,
)

RATE_OVER = timedelta(minutes=1)
SECONDS_MIN = 1.0


@dataclass(frozen=True)
class RunProgress:
    """How many statements of a run are in which state, and how many are made a minute.

    `per_minute` is that of the last minute while the run goes on, else of the whole run.
    """

    total: int
    made: int
    skipped: int
    failed: int
    per_minute: int

    @property
    def finished(self) -> int:
        """Statements that the run is done with."""
        return self.made + self.skipped + self.failed

    @property
    def waiting(self) -> int:
        """Statements still to be made."""
        return max(0, self.total - self.finished)


def statement_runs(*, actor: Actor) -> QuerySet[StatementRun]:
    """All runs, newest first."""
    authorize(actor, "statements.read")
    return StatementRun.objects.order_by("-created_at", "-pk")


def statement_run(*, actor: Actor, run_id: UUID) -> StatementRun:
    """One run. Raises NotFound."""
    run = statement_runs(actor=actor).filter(pk=run_id).first()
    if run is None:
        raise NotFound(_("There is no such statement run."))
    return run


def run_progress(run: StatementRun) -> RunProgress:
    """The run's statements by state and its rate, from its chunks, in one query."""
    since = now() - RATE_OVER
    lately = Q(finished_at__gt=since)
    sums = StatementRunChunk.objects.filter(run=run).aggregate(
        all_made=Sum("made"),
        all_skipped=Sum("skipped"),
        all_failed=Sum("failed"),
        made_lately=Sum("made", filter=lately),
    )
    made = sums["all_made"] or 0
    counted, seconds = _measured(run, made, sums["made_lately"] or 0)
    rate = Decimal(counted * 60) / Decimal(str(max(seconds, SECONDS_MIN)))
    return RunProgress(
        total=run.total,
        made=made,
        skipped=sums["all_skipped"] or 0,
        failed=sums["all_failed"] or 0,
        per_minute=round(rate) if run.started_at else 0,
    )


def _measured(run: StatementRun, made: int, lately: int) -> tuple[int, float]:
    """How many statements in how many seconds the rate is reckoned from."""
    if run.started_at is None:
        return 0, SECONDS_MIN
    until = run.finished_at or now()
    whole = (until - run.started_at).total_seconds()
    if run.finished_at is None and whole > RATE_OVER.total_seconds():
        return lately, RATE_OVER.total_seconds()
    return made, whole


def run_items(*, actor: Actor, run: StatementRun, status: str = "") -> QuerySet[StatementRunItem]:
    """What became of each account of a run, with customer, entity and statement."""
    authorize(actor, "statements.read")
    items = run.items.select_related("customer", "entity").prefetch_related(
        Prefetch("statement", queryset=Statement.objects.defer("parties"))
    )
    return items.filter(status=status) if status in StatementRunItem.Status.values else items
