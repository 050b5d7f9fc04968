"""Handing the invoices of a run to whatever delivers them.

Not in the transaction that issues: a delivery that fails must not take the invoice with it. What
waits stands on the run's items; a failure is tried again with growing pauses, then a person is
asked. Source: seed 001, error handling.
"""

import logging
import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import OperationalError, transaction

from shared.kernel.clock import now
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.wording import worded as _
from tenants.invoices.fixing import invoice_page
from tenants.invoices.hooks import distributor
from tenants.invoices.models import BillingRun, BillingRunItem, ErrorKind
from tenants.review.services import NewItem, close_many, raise_items

logger = logging.getLogger(__name__)

BATCH = 100
ATTEMPTS_MAX = 6
PAUSE_FIRST = timedelta(seconds=10)  # doubles with each attempt, up to five minutes in all
Distribution = BillingRunItem.Distribution


class NothingDelivers(Exception):
    """No app has registered to deliver invoices."""


def distribution_of(run: BillingRun) -> str:
    """What an item just billed waits for."""
    return Distribution.WAITING if run.distributes and run.issues else Distribution.NONE


def plan_distribution(run: BillingRun, items: Sequence[BillingRunItem]) -> None:
    """Have the invoices of these items handed over once the present transaction commits."""
    if any(item.distribution == Distribution.WAITING for item in items):
        _plan(run)


def ask_again(run: BillingRun) -> int:
    """Hand over again what delivery refused for good; how many invoices. Part of a retry."""
    failed = run.items.filter(distribution=Distribution.FAILED)
    count = failed.update(
        distribution=Distribution.WAITING, error_kind="", code="", reason="", field=""
    )
    if count:
        BillingRun.objects.filter(pk=run.pk).update(distribution_attempts=0)
        _plan(run)
    return count


def due_distributions() -> list[UUID]:
    """Runs with invoices whose time to be handed over has come."""
    due = BillingRun.objects.filter(distribute_after__lte=now()).order_by("distribute_after")
    return list(due.values_list("pk", flat=True))


def distribute_run(*, run_id: UUID) -> None:
    """Hand over what waits, a hundred at a time. Safe to run twice and to be killed."""
    run = BillingRun.objects.get(pk=run_id)
    try:
        while _hand_over(run):
            pass
    except OperationalError:
        raise
    except Exception as error:
        logger.warning("billing_run.distribution_failed", exc_info=True)
        _put_off(run_id, error)
    else:
        waiting = run.items.filter(distribution=Distribution.WAITING)
        if not waiting.exists():
            BillingRun.objects.filter(pk=run_id).update(distribute_after=None)


def _plan(run: BillingRun) -> None:
    from tenants.invoices.tasks import distribute

    # Where the queue loses the task, beat's sweep finds the run by this time.
    BillingRun.objects.filter(pk=run.pk).update(distribute_after=now() + PAUSE_FIRST)
    enqueue_after_commit(distribute, run_id=str(run.pk))


def _hand_over(run: BillingRun) -> bool:
    with transaction.atomic():
        items = list(
            run.items.select_for_update(skip_locked=True, of=("self",))
            .filter(distribution=Distribution.WAITING, invoice__isnull=False)
            .select_related("invoice")
            .defer("invoice__parties", "invoice__inputs", "invoice__checks")
            .order_by("contract_id")[:BATCH]
        )
        if not items:
            return False
        take = distributor()
        if take is None:
            raise NothingDelivers
        take(
            actor=run.actor,
            invoice_ids=[item.invoice.invoice_id for item in items if item.invoice],
        )
        keys = [item.pk for item in items]
        run.items.filter(pk__in=keys).update(distribution=Distribution.REQUESTED)
        close_many(
            actor=run.actor,
            kinds=[ErrorKind.DISTRIBUTION],
            target_ids=[item.invoice.pk for item in items if item.invoice],
            note=_("Handed over to delivery."),
        )
    return True


def _put_off(run_id: UUID, error: Exception) -> None:
    """Try again later; after the last attempt ask a person."""
    with transaction.atomic():
        run = BillingRun.objects.select_for_update().get(pk=run_id)
        run.distribution_attempts += 1
        if run.distribution_attempts < ATTEMPTS_MAX:
            pause = PAUSE_FIRST * 2 ** (run.distribution_attempts - 1)
            run.distribute_after = now() + pause * random.uniform(0.8, 1.2)  # noqa: S311
        else:
            run.distribute_after = None
            _give_up(run, error)
        run.save(update_fields=["distribution_attempts", "distribute_after"])


def _give_up(run: BillingRun, error: Exception) -> None:
    reason = _("The invoice could not be handed over to delivery (%(name)s).") % {
        "name": type(error).__name__
    }
    if isinstance(error, NothingDelivers):
        reason = _("Nothing is set up that delivers invoices.")
    waiting = run.items.filter(distribution=Distribution.WAITING, invoice__isnull=False)
    items = list(waiting.select_related("invoice", "contract__site"))
    raise_items(
        [
            NewItem(
                kind=ErrorKind.DISTRIBUTION,
                target_type="invoices.invoice",
                target_id=item.invoice.pk,
                target_label=f"{item.invoice} · {item.contract.site.name}",
                site_id=item.contract.site_id,
                cause=reason,
                link=invoice_page(item.invoice.invoice_id),
                details={"invoice_id": item.invoice.invoice_id, "run_id": str(run.pk)},
            )
            for item in items
            if item.invoice
        ]
    )
    waiting.update(
        distribution=Distribution.FAILED,
        error_kind=ErrorKind.DISTRIBUTION,
        code=type(error).__name__[:60],
        reason=reason,
    )
