"""When billing runs start by themselves, and what became of each time."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import WordingField
from shared.kernel.models import RevisedRow, Row
from tenants.invoices.models import BillingRun

REVIEW_KIND = "billing_schedule"


class PeriodRule(models.TextChoices):
    """Which period a run bills, seen from the day it starts on."""

    PREVIOUS_MONTH = "previous_month", _("The month before")
    CURRENT_MONTH = "current_month", _("The present month, in advance")
    PREVIOUS_QUARTER = "previous_quarter", _("The quarter before")
    CURRENT_QUARTER = "current_quarter", _("The present quarter, in advance")
    PREVIOUS_YEAR = "previous_year", _("The year before")
    CURRENT_YEAR = "current_year", _("The present year, in advance")


class BillingSchedule(RevisedRow):
    """A billing run that starts by itself, in the organisation's own time zone."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    cron = models.CharField(_("when"), max_length=100)
    time_zone = models.CharField(
        _("time zone"), max_length=50, blank=True, help_text="Empty: the organisation's."
    )
    period_rule = models.CharField(
        _("period"), max_length=20, choices=PeriodRule.choices, default=PeriodRule.PREVIOUS_MONTH
    )
    filters: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    issues = models.BooleanField(_("issue the invoices at once"), default=True)
    auto_distribute = models.BooleanField(_("send the invoices"), default=False)
    holds_warned = models.BooleanField(_("keep as a draft where a check warns"), default=False)
    is_enabled = models.BooleanField(_("switched on"), default=True)
    next_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=Q(is_enabled=True, next_due_at__isnull=False)
                | Q(is_enabled=False, next_due_at__isnull=True),
                name="schedule_due_while_on",
            ),
            models.CheckConstraint(
                condition=Q(auto_distribute=False) | Q(issues=True),
                name="schedule_sends_what_it_issues",
            ),
        )
        indexes = (
            models.Index(
                fields=["next_due_at"], condition=Q(is_enabled=True), name="schedule_by_due"
            ),
        )

    def __str__(self) -> str:
        return self.name


class ScheduledRun(Row):
    """One time at which a schedule was due: the database lets it start only once."""

    class Outcome(models.TextChoices):
        """What became of it."""

        STARTED = "started", _("Started")
        FAILED = "failed", _("Failed")

    schedule = models.ForeignKey(
        BillingSchedule, on_delete=models.CASCADE, related_name="scheduled_runs"
    )
    due_at = models.DateTimeField()
    period_start = models.DateField()
    period_end = models.DateField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.STARTED)
    missed = models.PositiveIntegerField(
        default=0, help_text="Earlier times of the same period that passed while nothing ran."
    )
    reason = WordingField(blank=True)
    run = models.ForeignKey(BillingRun, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("-due_at",)
        constraints = (
            models.UniqueConstraint(fields=["schedule", "due_at"], name="once_at_a_time"),
        )

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.due_at}"
