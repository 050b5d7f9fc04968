"""Taking and finishing ordered work, whatever is killed on the way.

Work in hand belongs to whoever took it last: `attempts` counts the takers, and only the last one
may finish it. An event of a key is taken only when no earlier one of that key is open, so a
failing one holds its key back (and no other) until it is done or given up after three days.
"""

import random
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from shared.kernel.clock import now
from shared.kernel.errors import Text
from tenants.connections.models import OrderedWork

LEASE = timedelta(minutes=2)
PAUSE_FIRST = timedelta(seconds=10)
PAUSE_MAX = timedelta(hours=6)
DOUBLINGS_MAX = 12  # beyond it the pause is at its limit
TRIED_FOR = timedelta(days=3)

Work = TypeVar("Work", bound=OrderedWork)


def due_work(moment: datetime) -> Q:
    """Open work that anybody may take at a moment: due, and in nobody's hands."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=moment)
    return free & Q(status__in=OrderedWork.OPEN, due_at__lte=moment)


def claim_next(model: type[Work], *, lane: str, receiver: object) -> Work | None:
    """Take the first due work of a receiver (`lane` is its field) whose key waits for nothing.

    None where there is none. Two callers never get the same row, nor two rows of one key.
    """
    moment = now()
    earlier = model._default_manager.filter(
        **{lane: OuterRef(lane)},
        key=OuterRef("key"),
        event_id__lt=OuterRef("event_id"),
        status__in=OrderedWork.OPEN,
    )
    with transaction.atomic():
        work = (
            model._default_manager.select_for_update(skip_locked=True, of=("self",))
            .filter(due_work(moment), **{lane: receiver})
            .exclude(Exists(earlier))
            .order_by("event_id")
            .first()
        )
        if work is None:
            return None
        work.status = OrderedWork.Status.WORKING
        work.attempts += 1
        work.first_tried_at = work.first_tried_at or moment
        work.leased_until = moment + LEASE
        work.save(update_fields=["status", "attempts", "first_tried_at", "leased_until"])
    return work


def finish(work: OrderedWork, status: str, *, error: Text = "", **values: object) -> bool:
    """Close the work as done, skipped or failed; False where another has taken it over."""
    changed = _ours(work).update(
        status=status,
        finished_at=now(),
        leased_until=None,
        error=error,
        **values,
    )
    return bool(changed)


def give_back(
    work: OrderedWork, error: Text, *, after: timedelta | None = None, **values: object
) -> bool:
    """Let it be tried again later; True where the three days are over and it is given up.

    The pause doubles with each attempt and is shortened by chance, so that what failed together
    does not come back together; `after` is the least the other side asked for.
    """
    moment = now()
    due_at = moment + pause_after(work.attempts, after)
    first = work.first_tried_at or moment
    if due_at > first + TRIED_FOR:
        return finish(work, OrderedWork.Status.FAILED, error=error, **values)
    _ours(work).update(
        status=OrderedWork.Status.WAITING,
        due_at=due_at,
        leased_until=None,
        error=error,
        **values,
    )
    return False


def pause_after(attempts: int, asked: timedelta | None = None) -> timedelta:
    """How long to wait after so many attempts: half to all of 10 s, 20 s, 40 s … 6 h."""
    longest: timedelta = min(PAUSE_FIRST * 2 ** min(attempts - 1, DOUBLINGS_MAX), PAUSE_MAX)
    pause: timedelta = longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, protects nothing
    return max(pause, asked or timedelta(0))


def _ours(work: OrderedWork) -> "QuerySet[OrderedWork]":
    return type(work)._default_manager.filter(
        pk=work.pk, attempts=work.attempts, status=OrderedWork.Status.WORKING
    )
