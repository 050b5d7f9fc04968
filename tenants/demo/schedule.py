"""A schedule of the story: what most organisations set up first."""

from shared.kernel.actor import SYSTEM
from tenants.schedules.services import ScheduleInput, create_schedule


def make_schedule() -> None:
    """The month before, on each second at six; invoices wait as drafts for a look."""
    create_schedule(
        actor=SYSTEM, given=ScheduleInput(name="Month end", cron="0 6 2 * *", issues=False)
    )
