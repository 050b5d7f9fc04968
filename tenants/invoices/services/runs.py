"""All contracts billed for a period: isolated, resumable, safe to start twice.

Progress is in the database: each item is marked in the transaction that made its invoice, so a
killed worker loses nothing and the next one doubles nothing.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import DatabaseError, OperationalError, transaction
from django.db.models import Q
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from billing.periods import Frequency, Period
from shared.audit.services import record, record_many
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import AppError
from shared.kernel.tasks import enqueue_after_commit
from tenants.invoices.calculation import BillingContext, Calculation, calculate
from tenants.invoices.models import BillingRun, BillingRunItem
from tenants.invoices.selectors import live_invoices_of, load_contexts
from tenants.invoices.selectors.runs import billable_contracts, periods_due
from tenants.invoices.services.generation import refuse_blocked
from tenants.invoices.services.issuing import issue_locked
from tenants.invoices.services.storing import generated_acts, store_invoices

logger = logging.getLogger(__name__)

BATCH = 100
LEASE = timedelta(seconds=20)  # a batch takes a second or so
Status = BillingRunItem.Status
_INPUT_NAMES = {
    "billing_data.revenue_amount": gettext_lazy("Revenue"),
    "billing_data.labor_hours": gettext_lazy("Hours"),
    "billing_data.labor": gettext_lazy("Hours"),
    "billing_data.costs": gettext_lazy("Costs"),
}


def start_run(*, actor: Actor, period: Period, issue: bool = True) -> BillingRun:
    """Start billing every contract due in the period; a worker does the rest."""
    authorize(actor, "invoices.generate")
    if issue:
        authorize(actor, "invoices.issue")
    with transaction.atomic():
        run = BillingRun.objects.create(
            period_start=period.start_date,
            period_end=period.end_date,
            issues=issue,
            started_by={"kind": actor.kind, "id": actor.id, "label": actor.label},
        )
        contracts = billable_contracts(period).values_list("pk", flat=True)
        BillingRunItem.objects.bulk_create(
            (BillingRunItem(run=run, contract_id=pk) for pk in contracts), batch_size=5000
        )
        from tenants.invoices.tasks import continue_run

        # Reasons of failures are kept as text: in the language of whoever asks for the run.
        enqueue_after_commit(continue_run, run_id=str(run.pk), language=get_language())
        record(
            actor=actor,
            action="billing_run.started",
            target=run,
            after={"from": str(period.start_date), "to": str(period.end_date)},
        )
    return run


def process_run(*, run_id: UUID) -> BillingRun:
    """Work through what is left of a run. Two workers at once share it without harm."""
    run = BillingRun.objects.get(pk=run_id)
    actor = Actor(kind="system", id=f"run:{run.pk}", label=str(run.started_by.get("label", "run")))
    period = Period(run.period_start, run.period_end)
    _extend_lease(run)
    while _process_batch(run, period, actor):
        _extend_lease(run)
    if not run.items.filter(status=Status.WAITING).exists():
        BillingRun.objects.filter(pk=run.pk).update(
            status=BillingRun.Status.DONE, finished_at=now(), leased_until=None
        )
    run.refresh_from_db()
    return run


def runs_to_resume() -> list[UUID]:
    """Runs that a worker left behind: their lease has run out, or nobody ever took it."""
    present = now()
    left = Q(leased_until__lt=present) | Q(
        leased_until__isnull=True, created_at__lt=present - LEASE
    )
    running = BillingRun.objects.filter(left, status=BillingRun.Status.RUNNING)
    return list(running.order_by("created_at").values_list("pk", flat=True))


def _extend_lease(run: BillingRun) -> None:
    BillingRun.objects.filter(pk=run.pk).update(leased_until=now() + LEASE)


def _process_batch(run: BillingRun, period: Period, actor: Actor) -> bool:
    """Bill up to BATCH waiting contracts in one transaction; one by one where that fails."""
    with transaction.atomic():
        items = list(
            run.items.select_for_update(skip_locked=True).filter(status=Status.WAITING)[:BATCH]
        )
        if not items:
            return False
        try:
            with transaction.atomic():
                _bill(items, period, actor, issue=run.issues)
        except OperationalError:
            raise  # the database is gone or wants a retry: no contract is to blame
        except DatabaseError:
            logger.warning("billing_run.batch_failed", exc_info=True)
            for item in items:
                _bill_alone(item, period, actor, issue=run.issues)
        BillingRunItem.objects.bulk_update(items, ["status", "reason", "field", "invoice"])
    return True


def _bill_alone(item: BillingRunItem, period: Period, actor: Actor, *, issue: bool) -> None:
    try:
        with transaction.atomic():
            _bill([item], period, actor, issue=issue)
    except OperationalError:
        raise
    except DatabaseError as error:
        logger.exception("billing_run.contract_failed")
        item.status, item.reason = Status.FAILED, type(error).__name__
        item.invoice = None


def _bill(items: Sequence[BillingRunItem], period: Period, actor: Actor, *, issue: bool) -> None:
    ready = [
        (item, calculation)
        for own, members in _by_own_period(items, period).items()
        for item, calculation in _calculate_all(members, own)
    ]
    if not ready:
        return
    invoices = store_invoices(actor=actor, calculations=[c for _item, c in ready])
    acts = generated_acts(invoices)
    if issue:
        acts += issue_locked(actor=actor, invoices=invoices, render=False)
    record_many(actor=actor, acts=acts)
    for (item, _calculation), invoice in zip(ready, invoices, strict=True):
        item.status, item.invoice = Status.BILLED, invoice


def _by_own_period(
    items: Sequence[BillingRunItem], period: Period
) -> dict[Period, list[BillingRunItem]]:
    """The items by what their contracts are billed for: a quarterly one for its quarter."""
    frequencies = dict(
        billable_contracts(period)
        .filter(pk__in=[item.contract_id for item in items])
        .values_list("pk", "frequency")
    )
    due = periods_due(period)
    groups: dict[Period, list[BillingRunItem]] = defaultdict(list)
    for item in items:
        frequency = frequencies.get(item.contract_id)
        if frequency is None:
            item.status, item.reason = Status.SKIPPED, _("No longer due in this period.")
        else:
            groups[due[Frequency(frequency)]].append(item)
    return groups


def _calculate_all(
    items: Sequence[BillingRunItem], period: Period
) -> list[tuple[BillingRunItem, Calculation]]:
    """What can be billed; on the other items the reason is noted."""
    contexts = {
        context.contract.pk: context
        for context in load_contexts(
            [item.contract_id for item in items], period, on=period.end_date
        )
    }
    existing = live_invoices_of(contexts, period)
    ready = []
    for item in items:
        if item.contract_id in existing:
            item.status, item.invoice = Status.SKIPPED, existing[item.contract_id]
            item.reason = str(item.invoice)
            continue
        calculation = _calculate(item, contexts[item.contract_id], period)
        if calculation is not None:
            ready.append((item, calculation))
    return ready


def _calculate(item: BillingRunItem, context: BillingContext, period: Period) -> Calculation | None:
    """The calculation, or None with the reason noted on the item."""
    try:
        calculation = calculate(context, period)
        refuse_blocked(calculation)
    except AppError as error:
        item.status, item.reason = Status.FAILED, reason_of(error)
        item.field = error.errors[0].field if error.errors else ""
        return None
    return calculation


def reason_of(error: AppError) -> str:
    """What is wrong with each input, by its name, else what the error says as a whole."""
    messages = dict.fromkeys(
        _("%(label)s: %(value)s") % {"label": _INPUT_NAMES[problem.field], "value": problem.message}
        if problem.field in _INPUT_NAMES
        else str(problem.message)
        for problem in error.errors
    )
    return " ".join(messages) or str(error.detail)
