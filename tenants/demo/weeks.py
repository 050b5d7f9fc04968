"""The demo's weekly figures and the day's quality of its data."""

from datetime import date, timedelta

from shared.kernel.actor import SYSTEM
from tenants.connections.services.runs import start_performance
from tenants.connections.work.measuring import take_snapshot
from tenants.connections.work.performing import week_of
from tenants.connections.work.runs import process_run

WEEKS = 8


def add_up_weeks(today: date) -> None:
    """What the sites took in the last eight full weeks, and how good the data is today."""
    for number in range(WEEKS, 0, -1):
        week = week_of(today) - timedelta(weeks=number)
        run = start_performance(actor=SYSTEM, week_start=week)
        process_run(run_id=run.pk)
    take_snapshot()
