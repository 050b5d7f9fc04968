"""Runs of statements carried out in the test's own process and transaction."""

from typing import Any

from billing.periods import Period, month_period
from shared.kernel.actor import SYSTEM
from tenants.statements.models import Statement, StatementRun
from tenants.statements.services import Order, finish_run, plan_run, start_run
from tenants.statements.work import work_on_run

JANUARY = month_period(2025, 1)


def run_statements(period: Period = JANUARY, **changes: Any) -> StatementRun:
    """A run from its start to its end."""
    run = start_run(actor=SYSTEM, order=Order(period=period, **changes))
    return carry_out(run)


def carry_out(run: StatementRun) -> StatementRun:
    """Everything that workers do of a started run."""
    plan_run(run_id=run.pk)
    work_on_run(run_id=run.pk, seconds=600)
    finish_run(run_id=run.pk)
    run.refresh_from_db()
    return run


def only_statement(run: StatementRun) -> Statement:
    """The one statement that the run made."""
    return run.statements.get()
