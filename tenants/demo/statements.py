"""Statements of account of the demo: those of the last full months, made as a run makes them."""

from collections.abc import Sequence

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from tenants.statements.services import Order, finish_run, plan_run, start_run
from tenants.statements.work import work_on_run

SECONDS_MAX = 120.0


def make_statements(months: Sequence[Period]) -> None:
    """A run for each month, oldest first, done in this process."""
    for month in months:
        run = start_run(actor=SYSTEM, order=Order(period=month))
        plan_run(run_id=run.pk)
        work_on_run(run_id=run.pk, seconds=SECONDS_MAX)
        finish_run(run_id=run.pk)
