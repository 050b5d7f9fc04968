"""Several workers on one run, and one queue fair to every organisation.

A run is worked on in shares, each a chain of tasks. A task works for a slice of time and queues
the next one behind whatever waits, so a long run never keeps another organisation's waiting.
Items are taken with their rows locked, so no contract is worked on twice. The rows of the shares
say what goes on: a share whose lease has run out is queued again, and a task whose ticket was
used by another one ends.
"""

import time
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from shared.kernel.clock import now
from shared.kernel.memory import drop_batch
from shared.kernel.tasks import enqueue_after_commit
from shared.outbox.services import publish
from tenants.invoices.models import BillingRun, BillingRunItem, RunShare
from tenants.invoices.services.billing_batches import BATCH, bill_batch

LEASE = timedelta(seconds=20)  # a batch takes a second or so
QUEUED = timedelta(seconds=60)  # then it is queued once more, in case the queue lost it
SLICE_SECONDS = 5.0
Status = BillingRunItem.Status


def hand_out_shares(run: BillingRun) -> None:
    """Queue a task for each worker that the run's waiting contracts are enough for."""
    batches = -(-run.items.filter(status=Status.WAITING).count() // BATCH)
    wanted = max(1, min(settings.BILLING_RUN_WORKERS, batches))
    RunShare.objects.bulk_create(
        [RunShare(run=run, slot=slot) for slot in range(wanted)], ignore_conflicts=True
    )
    _queue(run.shares.filter(slot__lt=wanted))


def work_on_share(*, run_id: UUID, slot: int, ticket: int) -> None:
    """Do one slice of a share and queue its next one; nothing where the ticket is used.

    Safe to run twice and to be killed: what is committed is done, the rest waits.
    """
    mine = RunShare.objects.filter(run=run_id, slot=slot)
    if not mine.filter(ticket=ticket).update(ticket=ticket + 1, leased_until=now() + LEASE):
        return
    run = BillingRun.objects.get(pk=run_id)
    ends = time.monotonic() + SLICE_SECONDS
    while time.monotonic() < ends:
        if not _bill_next(run):
            mine.update(leased_until=None)
            finish_run(run)
            return
        mine.update(leased_until=now() + LEASE)
    with transaction.atomic():
        _queue(mine.filter(ticket=ticket + 1))


def process_run(*, run_id: UUID) -> BillingRun:
    """Work through what is left of a run at once, without the queue."""
    run = BillingRun.objects.get(pk=run_id)
    while _bill_next(run):
        pass
    finish_run(run)
    run.refresh_from_db()
    return run


def resume_shares() -> int:
    """Queue the shares whose worker is gone, or whose task the queue lost; how many."""
    with transaction.atomic():
        left = RunShare.objects.select_for_update(skip_locked=True).filter(
            leased_until__lt=now(), run__status=BillingRun.Status.RUNNING
        )
        return _queue(RunShare.objects.filter(pk__in=[share.pk for share in left]))


def finish_run(run: BillingRun) -> None:
    """Mark the run as done once nothing waits. The last worker does it, and tells of it once."""
    with transaction.atomic():
        # Looked at under the lock: who retries it meanwhile has something waiting again.
        locked = BillingRun.objects.select_for_update().get(pk=run.pk)
        is_over = locked.status == BillingRun.Status.DONE
        if is_over or locked.items.filter(status=Status.WAITING).exists():
            return
        locked.status, locked.finished_at = BillingRun.Status.DONE, now()
        locked.save(update_fields=["status", "finished_at"])
        publish(topic="billing_run.finished", key=str(run.pk), payload={"run_id": str(run.pk)})


def _bill_next(run: BillingRun) -> bool:
    """Bill the next batch, whether there was one; a run of any length needs the memory of one."""
    billed = bill_batch(run)
    drop_batch()
    return billed


def _queue(shares: QuerySet[RunShare]) -> int:
    """Queue the present ticket of each share; a second task with the same one does nothing."""
    from tenants.invoices.tasks import continue_run

    count = 0
    for share in shares.order_by("slot"):
        enqueue_after_commit(
            continue_run, run_id=str(share.run_id), slot=share.slot, ticket=share.ticket
        )
        count += 1
    shares.update(leased_until=now() + QUEUED)
    return count
