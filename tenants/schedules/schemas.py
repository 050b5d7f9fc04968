"""What the API takes and answers about schedules."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.kernel.api.schemas import Schema, Worded
from tenants.invoices.run_filters import RunFilters
from tenants.invoices.run_schemas import RunFiltersIn, RunFiltersOut
from tenants.schedules.models import BillingSchedule, PeriodRule, ScheduledRun
from tenants.schedules.selectors import next_times, zone_of
from tenants.schedules.services import ScheduleInput


class ScheduleIn(RunFiltersIn):
    """When which contracts are billed. `cron` has five fields and goes by `time_zone`'s clock."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    cron: Annotated[
        str, Field(max_length=100, description="0 6 1 * * is the first of a month at 06:00.")
    ]
    time_zone: Annotated[str, Field(max_length=50, description="Empty: the organisation's.")] = ""
    period_rule: PeriodRule = PeriodRule.PREVIOUS_MONTH
    issue: bool = True
    auto_distribute: bool = False
    hold_warned: bool = False
    enabled: bool = True

    @property
    def given(self) -> ScheduleInput:
        """What the services take."""
        return ScheduleInput(
            name=self.name,
            cron=self.cron,
            time_zone=self.time_zone,
            period_rule=self.period_rule,
            filters=self.filters,
            issues=self.issue,
            auto_distribute=self.auto_distribute,
            holds_warned=self.hold_warned,
            is_enabled=self.enabled,
        )


class ScheduleOut(Schema):
    """A schedule and the next times it is due."""

    schedule_id: UUID
    name: str
    cron: str
    time_zone: str
    period_rule: str
    filters: RunFiltersOut
    issue: bool
    auto_distribute: bool
    hold_warned: bool
    enabled: bool
    next_runs: list[datetime]

    @staticmethod
    def of(schedule: BillingSchedule) -> "ScheduleOut":
        """The answer about a schedule."""
        return ScheduleOut(
            schedule_id=schedule.pk,
            name=schedule.name,
            cron=schedule.cron,
            time_zone=zone_of(schedule).key,
            period_rule=schedule.period_rule,
            filters=RunFiltersOut.of(RunFilters.of_json(schedule.filters)),
            issue=schedule.issues,
            auto_distribute=schedule.auto_distribute,
            hold_warned=schedule.holds_warned,
            enabled=schedule.is_enabled,
            next_runs=next_times(schedule),
        )


class ScheduledRunOut(Schema):
    """One time at which a schedule was due, and what became of it."""

    due_at: datetime
    period_start: date
    period_end: date
    outcome: str
    missed: int
    reason: Worded
    run_id: UUID | None

    @staticmethod
    def of(row: ScheduledRun) -> "ScheduledRunOut":
        """The answer about one time."""
        return ScheduledRunOut(
            due_at=row.due_at,
            period_start=row.period_start,
            period_end=row.period_end,
            outcome=row.outcome,
            missed=row.missed,
            reason=row.reason,
            run_id=row.run_id,
        )
