"""Runs that nobody works on although there is work left."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q

from shared.kernel.clock import now
from tenants.statements.models import StatementRun, StatementRunChunk

QUEUED_RECENTLY = timedelta(minutes=1)
NOTICE_EXPECTED_WITHIN = timedelta(minutes=10)
RUNS_MAX = 50
Status = StatementRun.Status


@dataclass(frozen=True)
class Left:
    """Runs by what they lack: a plan, a worker, a notice to who started them."""

    unplanned: list[StatementRun]
    idle: list[StatementRun]
    unnoticed: list[StatementRun]


def runs_to_resume() -> Left:
    """What a killed worker or a lost message left behind.

    A run is idle while none of its chunks is leased; paused ones count as leased.
    """
    present = now()
    leased = StatementRunChunk.objects.filter(run=OuterRef("pk"), leased_until__gt=present)
    runs = StatementRun.objects.order_by("created_at")
    unplanned = runs.filter(status=Status.PLANNING, created_at__lt=present - QUEUED_RECENTLY)
    idle = runs.filter(status=Status.RUNNING).filter(~Exists(leased))
    unnoticed = runs.filter(
        Q(finished_at__lt=present - NOTICE_EXPECTED_WITHIN),
        status=Status.DONE,
        notified_at__isnull=True,
    )
    return Left(list(unplanned[:RUNS_MAX]), list(idle[:RUNS_MAX]), list(unnoticed[:RUNS_MAX]))
