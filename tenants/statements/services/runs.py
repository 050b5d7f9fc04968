"""Starting, planning and ending statement runs. The work itself is in `statements.work`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import get_language

from billing.periods import Period
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now, today
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.contracts.models import ContractType
from tenants.statements.models import StatementRun, StatementRunChunk, StatementRunItem
from tenants.statements.selectors.accounts import (
    Account,
    Segment,
    accounts_of,
    customers_by_name,
)
from tenants.statements.selectors.warnings import period_warnings
from tenants.statements.template_choice import DEFAULT, LATEST, known_version

CHUNK = 50  # statements: a second or two of rendering
TASKS_A_RUN = 8  # more workers than that do not share one run
PERIOD_DAYS_MAX = 366
DATED_AHEAD_MAX = timedelta(days=31)
ROWS_AT_ONCE = 5_000
Status = StatementRun.Status


@dataclass(frozen=True)
class Order:
    """What a run is asked for. Customers by their code (CUS000001) or id."""

    period: Period
    kind: str = StatementRun.Kind.REGULAR
    statement_date: date | None = None
    contract_types: Sequence[str] = ()
    customer_ids: Sequence[str] = ()
    detailed: bool = True
    template: str = LATEST
    delivery_method: str = StatementRun.Delivery.NONE


def start_run(*, actor: Actor, order: Order) -> StatementRun:
    """Start making the statements of a period; workers do the rest.

    Raises Invalid naming each field that is wrong; then nothing is started.
    """
    authorize(actor, "statements.generate")
    if order.delivery_method != StatementRun.Delivery.NONE:
        authorize(actor, "statements.send")
    customers = customers_by_name(order.customer_ids)
    _check(order, customers)
    from tenants.statements.tasks import plan_run as planning

    with transaction.atomic():
        run = StatementRun.objects.create(
            kind=order.kind,
            period_start=order.period.start_date,
            period_end=order.period.end_date,
            statement_date=order.statement_date or order.period.end_date,
            filters={
                "contract_types": sorted(set(order.contract_types)),
                "customer_ids": sorted(str(pk) for pk in set(customers.values())),
            },
            detailed=order.detailed,
            template=order.template,
            delivery_method=order.delivery_method,
            started_by={"kind": actor.kind, "id": actor.id, "label": actor.label},
            language=get_language() or "",
        )
        enqueue_after_commit(planning, run_id=str(run.pk), language=run.language)
        record(
            actor=actor,
            action="statement_run.started",
            target=run,
            after={
                "kind": run.kind,
                "from": str(run.period_start),
                "to": str(run.period_end),
                "delivery_method": run.delivery_method,
                **run.filters,
            },
        )
    return run


def plan_run(*, run_id: UUID) -> bool:
    """Decide which statements a run makes and cut it into chunks; whether it did so now.

    One transaction: a planner that is killed leaves nothing, and a second one finds it done.
    """
    with transaction.atomic():
        run = StatementRun.objects.select_for_update(skip_locked=True).filter(pk=run_id).first()
        if run is None or run.status != Status.PLANNING:
            return False
        period = Period(run.period_start, run.period_end)
        accounts = accounts_of(
            period,
            contract_types=run.filters["contract_types"],
            customer_ids=[UUID(pk) for pk in run.filters["customer_ids"]],
        )
        _store_plan(run, accounts)
        run.warnings = period_warnings(period)
        run.total, run.status, run.started_at = len(accounts), Status.RUNNING, now()
        run.save()
        hand_out(run)
    return True


def hand_out(run: StatementRun) -> None:
    """Queue the run's work after commit, for as many workers as may share it."""
    from tenants.statements.tasks import work_run

    chunks = run.chunks.exclude(status=StatementRunChunk.Status.DONE).count()
    for _number in range(max(1, min(chunks, TASKS_A_RUN))):
        enqueue_after_commit(work_run, run_id=str(run.pk), language=run.language)


def finish_run(*, run_id: UUID) -> bool:
    """End a run whose chunks are all done, tell browsers and who started it; whether it did."""
    from tenants.statements.tasks import send_notice

    with transaction.atomic():
        run = StatementRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None or run.status != Status.RUNNING:
            return False
        if run.chunks.exclude(status=StatementRunChunk.Status.DONE).exists():
            return False
        run.status, run.finished_at = Status.DONE, now()
        run.save(update_fields=["status", "finished_at"])
        publish(topic="statement_run.finished", key=str(run.pk), payload={"run_id": str(run.pk)})
        enqueue_after_commit(send_notice, run_id=str(run.pk), language=run.language)
    return True


def mark_notified(*, run_id: UUID) -> None:
    """Note that who started the run was told that it is over."""
    StatementRun.objects.filter(pk=run_id).update(notified_at=now())


def retry_failed(*, actor: Actor, run_id: UUID) -> StatementRun:
    """Try again what failed in a run; what was made stays.

    Raises NotFound, and Conflict where nothing failed.
    """
    authorize(actor, "statements.generate")
    with transaction.atomic():
        run = StatementRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise NotFound(_("There is no such statement run."))
        failed = list(
            run.items.filter(status=StatementRunItem.Status.FAILED).select_related("chunk")
        )
        if not failed:
            raise Conflict(_("Nothing in this run failed."))
        _move_to_new_chunks(run, failed)
        run.status, run.finished_at, run.notified_at = Status.RUNNING, None, None
        run.save(update_fields=["status", "finished_at", "notified_at"])
        hand_out(run)
        record(
            actor=actor,
            action="statement_run.retried",
            target=run,
            after={"statements": len(failed)},
        )
    return run


def _check(order: Order, customers: dict[str, UUID]) -> None:
    errors = [*_wrong_days(order), *_wrong_names(order, customers)]
    if errors:
        raise Invalid(errors=errors)


def _wrong_days(order: Order) -> Iterator[FieldError]:
    period = order.period
    if period.days > PERIOD_DAYS_MAX:
        message = _("A statement covers at most %(days)s days.") % {"days": PERIOD_DAYS_MAX}
        yield FieldError("billingPeriod.endDate", "too_long", message)
    if period.end_date > today() + DATED_AHEAD_MAX:
        message = _("The period lies in the future.")
        yield FieldError("billingPeriod.endDate", "future", message)
    if order.statement_date and order.statement_date < period.end_date:
        message = _("A statement is dated on the last day of its period or later.")
        yield FieldError("statementDate", "before_end", message)


def _wrong_names(order: Order, customers: dict[str, UUID]) -> Iterator[FieldError]:
    for number, name in enumerate(order.contract_types):
        if name not in ContractType.values:
            message = _("Use one of: %(choices)s.") % {"choices": ", ".join(ContractType.values)}
            yield FieldError(f"customerFilters.contractTypes[{number}]", "choice", message)
    for number, name in enumerate(order.customer_ids):
        if name not in customers:
            message = _("There is no customer %(id)s.") % {"id": name}
            yield FieldError(f"customerFilters.customerIds[{number}]", "unknown", message)
    if order.template not in (LATEST, DEFAULT) and known_version(order.template) is None:
        message = _("Use “latest”, “default”, or the id of a version of a statement template.")
        yield FieldError("options.templateVersion", "unknown", message)


def _store_plan(run: StatementRun, accounts: Sequence[tuple[Account, Segment]]) -> None:
    chunks, items = [], []
    for number, start in enumerate(range(0, len(accounts), CHUNK), 1):
        few = accounts[start : start + CHUNK]
        chunk = StatementRunChunk(run=run, number=number, size=len(few))
        chunks.append(chunk)
        items += [_item(run, chunk, account, segment) for account, segment in few]
    StatementRunChunk.objects.bulk_create(chunks, batch_size=ROWS_AT_ONCE)
    StatementRunItem.objects.bulk_create(items, batch_size=ROWS_AT_ONCE)


def _item(
    run: StatementRun, chunk: StatementRunChunk, account: Account, segment: Segment
) -> StatementRunItem:
    return StatementRunItem(
        run=run,
        chunk=chunk,
        customer_id=account.customer_id,
        entity_id=account.entity_id,
        currency=account.currency,
        contract_type=segment.contract_type,
        billing_cycle=segment.billing_cycle,
        contract_id=segment.contract_id,
    )


def _move_to_new_chunks(run: StatementRun, failed: Sequence[StatementRunItem]) -> None:
    """New chunks for failed items, which are counted in their old ones no longer."""
    last = run.chunks.aggregate(last=Max("number"))["last"] or 0
    old: dict[UUID, StatementRunChunk] = {}
    chunks = []
    for number, start in enumerate(range(0, len(failed), CHUNK), last + 1):
        few = failed[start : start + CHUNK]
        chunk = StatementRunChunk(run=run, number=number, size=len(few))
        chunks.append(chunk)
        for item in few:
            before = old.setdefault(item.chunk_id, item.chunk)
            before.failed -= 1
            before.size -= 1
            item.chunk, item.status, item.reason = chunk, StatementRunItem.Status.WAITING, ""
    StatementRunChunk.objects.bulk_update(old.values(), ["failed", "size"])
    StatementRunChunk.objects.bulk_create(chunks)
    StatementRunItem.objects.bulk_update(
        failed, ["chunk", "status", "reason"], batch_size=ROWS_AT_ONCE
    )
