"""Billing a batch of the contracts of a run in one transaction, each by itself.

Progress is in the database: each item is marked in the transaction that made its invoice, so a
killed worker loses nothing and the next one doubles nothing.
"""

import json
import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import OperationalError, connection, transaction

from billing.periods import Period, is_aligned
from shared.audit.services import Act, record_many
from shared.kernel.wording import worded as _
from shared.kernel.wording import wording_of
from tenants.contracts.models import Contract
from tenants.invoices.calculation import BillingContext, Calculation
from tenants.invoices.dating import misfit, usual_date
from tenants.invoices.explanation import check_as_json
from tenants.invoices.models import BillingRun, BillingRunItem, ErrorKind, Invoice
from tenants.invoices.selectors import live_invoices_of, load_contexts
from tenants.invoices.selectors.runs import (
    due_contracts,
    load_open_contexts,
    periods_due,
)
from tenants.invoices.services.distribution import distribution_of, plan_distribution
from tenants.invoices.services.generation import calculate_open
from tenants.invoices.services.issuing import issue_calculated
from tenants.invoices.services.recovery import ask_for_review, close_reviews, problem_of
from tenants.invoices.services.storing import generated_acts, store_invoices
from tenants.ledger.periods import closed_through, period_closed, share_books

logger = logging.getLogger(__name__)

BATCH = 200  # half a second's work: what all of them share is asked for once
Status = BillingRunItem.Status


@dataclass(frozen=True)
class Attempt:
    """One item with what it is billed from.

    `due` is its month, quarter or year of the run, `open` what no invoice bills of it yet.
    """

    item: BillingRunItem
    context: BillingContext
    due: Period
    open: tuple[Period, ...]

    @property
    def period(self) -> Period:
        """The days to bill: the one open stretch."""
        return self.open[0]


def bill_batch(run: BillingRun) -> bool:
    """Bill up to BATCH waiting contracts that nobody else is at; whether there were any.

    In one transaction, and one by one where that fails: a contract that the database or the
    engine refuses never stops the others.
    """
    with transaction.atomic():
        items = list(
            run.items.select_for_update(skip_locked=True, of=("self",))
            .filter(status=Status.WAITING)
            .order_by("contract_id")[:BATCH]
        )
        if not items:
            return False
        _lock_contracts(items)
        try:
            with transaction.atomic():
                _bill(run, items)
        except OperationalError:
            raise  # the database is gone or wants a retry: no contract is to blame
        except Exception:
            logger.warning("billing_run.batch_failed", exc_info=True)
            for item in items:
                _bill_alone(run, item)
        plan_distribution(run, items)
    return True


def _lock_contracts(items: Sequence[BillingRunItem]) -> None:
    """All of the batch in one order, so that two runs at once never wait for each other.

    Their keys stay free: a run that starts meanwhile only points at them.
    """
    contracts = Contract.objects.select_for_update(no_key=True)
    keys = [item.contract_id for item in items]
    list(contracts.filter(pk__in=keys).order_by("pk").values_list("pk"))


def _bill_alone(run: BillingRun, item: BillingRunItem) -> None:
    started = time.perf_counter()
    try:
        with transaction.atomic():
            _bill(run, [item])
    except OperationalError:
        raise
    except Exception as error:
        logger.exception("billing_run.contract_failed")
        _fail(item, error)
        _save_outcomes([item], started)
        contract = Contract.objects.select_related("site").get(pk=item.contract_id)
        period = Period(run.period_start, run.period_end)
        due = due_contracts(period, [item.contract_id])
        own = periods_due(period)[due[0].frequency] if due else period
        ask_for_review([(item, contract, own)])


def _bill(run: BillingRun, items: Sequence[BillingRunItem]) -> None:
    started = time.perf_counter()
    for item in items:
        item.status, item.error_kind, item.code = Status.WAITING, "", ""
        item.reason, item.field, item.corrections, item.invoice = "", "", [], None
        item.distribution, item.warnings = BillingRunItem.Distribution.NONE, []
    attempts = _attempts(items, Period(run.period_start, run.period_end))
    ready = _in_open_books(_calculate_all(attempts))
    acts = _store(run, ready)
    _save_outcomes(items, started)
    failed = [one for one in attempts if one.item.status == Status.FAILED]
    ask_for_review([(one.item, one.context.contract, one.due) for one in failed])
    close_reviews(
        actor=run.actor,
        billed=[
            (one.item.contract_id, one.due) for one in attempts if one.item.status != Status.FAILED
        ],
    )
    if acts:
        record_many(actor=run.actor, acts=acts)


def _store(run: BillingRun, ready: Sequence[tuple[Attempt, Calculation]]) -> list[Act]:
    """Issue or draft what was calculated, and note it on the items; what is to be recorded."""
    issued: list[tuple[Attempt, Calculation]] = []
    kept: list[tuple[Attempt, Calculation]] = []
    for one in ready:
        waits = not run.issues or (run.holds_warned and one[1].warnings)
        (kept if waits else issued).append(one)
    invoices: list[Invoice] = []
    acts: list[Act] = []
    if issued:
        calculations = [calculation for _attempt, calculation in issued]
        invoices, acts = issue_calculated(actor=run.actor, calculations=calculations, render=False)
    if kept:
        calculations = [calculation for _attempt, calculation in kept]
        drafts = store_invoices(actor=run.actor, calculations=calculations)
        invoices, acts = [*invoices, *drafts], [*acts, *generated_acts(drafts)]
    for (attempt, calculation), invoice in zip([*issued, *kept], invoices, strict=True):
        item = attempt.item
        item.status, item.invoice = Status.BILLED, invoice
        item.corrections = sorted(calculation.corrections)
        item.warnings = [check_as_json(check) for check in calculation.warnings]
        if invoice.number:
            item.distribution = distribution_of(run)
    return acts


def _attempts(items: Sequence[BillingRunItem], period: Period) -> list[Attempt]:
    """The items with their contexts; one that is no longer due, or not so, is skipped."""
    due = {one.pk: one for one in due_contracts(period, [item.contract_id for item in items])}
    periods = periods_due(period)
    groups: dict[Period, dict[UUID, BillingRunItem]] = defaultdict(dict)
    for item in items:
        contract = due.get(item.contract_id)
        if contract is None:
            item.status, item.reason = Status.SKIPPED, _("No longer due in this period.")
        elif not is_aligned(contract.frequency, period):
            item.status, item.reason = Status.SKIPPED, misfit(contract.frequency)
            item.field, item.code = "billing_period", "not_aligned"
        else:
            groups[periods[contract.frequency]][contract.pk] = item
    return [
        Attempt(members[context.contract.pk], context, own, stretches)
        for own, members in groups.items()
        for context, stretches in load_open_contexts([due[pk] for pk in members], own)
    ]


def _calculate_all(attempts: Sequence[Attempt]) -> list[tuple[Attempt, Calculation]]:
    """What can be billed; on the other items the reason is noted."""
    existing = _billed_before(attempts)
    ready = []
    for attempt in attempts:
        item = attempt.item
        if not attempt.open:
            item.status, item.invoice = Status.SKIPPED, existing[item.contract_id]
            item.reason = str(item.invoice)
            continue
        calculation = _calculate(attempt)
        if calculation is not None:
            ready.append((attempt, calculation))
    return ready


def _in_open_books(
    ready: Sequence[tuple[Attempt, Calculation]],
) -> list[tuple[Attempt, Calculation]]:
    """What can be posted; on the other items it is noted that the books are closed."""
    companies = {calculation.context.entity.pk for _attempt, calculation in ready}
    if companies:
        share_books(companies)
    closed = closed_through(companies) if companies else {}
    kept = []
    for attempt, calculation in ready:
        entity, dated = calculation.context.entity.pk, calculation.invoice_date
        through = closed.get(entity)
        if through is not None and dated <= through:
            error = period_closed(entity, dated, through, field="invoice_date")
            _fail(attempt.item, error)
        else:
            kept.append((attempt, calculation))
    return kept


def _billed_before(attempts: Sequence[Attempt]) -> dict[UUID, Invoice]:
    by_period: dict[Period, list[UUID]] = defaultdict(list)
    for attempt in attempts:
        if not attempt.open:
            by_period[attempt.due].append(attempt.item.contract_id)
    found: dict[UUID, Invoice] = {}
    for period, members in by_period.items():
        found.update(live_invoices_of(members, period))
    return found


def _calculate(attempt: Attempt) -> Calculation | None:
    """The calculation, or None with the reason noted on the item.

    Where the engine itself is at fault it calculates once more from freshly loaded data.
    """
    try:
        return calculate_open(attempt.context, attempt.open)
    except Exception as error:
        if problem_of(error).kind != ErrorKind.CALCULATION:
            _fail(attempt.item, error)
            return None
        logger.warning("billing_run.calculated_again", exc_info=True)
    try:
        (fresh,) = load_contexts(
            [attempt.item.contract_id],
            attempt.period,
            on=usual_date(attempt.period),
            lock=False,
        )
        return calculate_open(fresh, attempt.open)
    except OperationalError:
        raise
    except Exception as error:
        _fail(attempt.item, error)
        return None


def _fail(item: BillingRunItem, error: Exception) -> None:
    problem = problem_of(error)
    item.status, item.invoice = Status.FAILED, None
    item.error_kind, item.code = problem.kind, problem.code
    item.reason, item.field = problem.reason, problem.field


def _save_outcomes(items: Sequence[BillingRunItem], started: float) -> None:
    """One statement however many items there are."""
    each = round((time.perf_counter() - started) * 1000 / len(items))
    rows = [
        (
            item.pk,
            item.status,
            item.error_kind,
            item.code,
            wording_of(item.reason).as_json(),
            item.field,
            item.corrections,
            item.warnings,
            item.distribution,
            item.invoice_id,
        )
        for item in items
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    for number in (4, 6, 7):  # reasons, corrections and warnings
        columns[number] = [json.dumps(value) for value in columns[number]]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE invoices_billingrunitem AS item SET status = new.status, "
            "error_kind = new.error_kind, code = new.code, reason = new.reason::jsonb, "
            "field = new.field, corrections = new.corrections::jsonb, "
            "warnings = new.warnings::jsonb, distribution = new.distribution, "
            "invoice_id = new.invoice_id, attempts = item.attempts + 1, milliseconds = %s "
            "FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], "
            "%s::text[], %s::text[], %s::text[], %s::uuid[]) AS new (id, status, error_kind, code, "
            "reason, field, corrections, warnings, distribution, invoice_id) "
            "WHERE item.id = new.id",
            [each, *columns],
        )
