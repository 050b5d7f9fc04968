"""Statements of account of the demo: those of the last full months, left to the workers."""

from collections.abc import Sequence

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from tenants.statements.services import Order, start_run


def order_statements(months: Sequence[Period]) -> None:
    """A run for each month, oldest first: the demo is ready before they are printed."""
    for month in months:
        start_run(actor=SYSTEM, order=Order(period=month))
