"""Billing runs: all contracts of a period, each with what became of it."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.actor import Actor
from shared.kernel.fields import WordingField
from shared.kernel.models import Row
from tenants.contracts.models import Contract
from tenants.invoices.models.invoices import Invoice
from tenants.templates.models import REVIEW_KIND as BROKEN_TEMPLATE


class BillingRun(Row):
    """All contracts billed for a period: each by itself, resumable, safe to start twice."""

    class Status(models.TextChoices):
        """Where the run stands."""

        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    period_start = models.DateField()
    period_end = models.DateField()
    filters: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.RUNNING)
    issues = models.BooleanField(default=True)
    distributes = models.BooleanField(default=False)
    holds_warned = models.BooleanField(
        default=False, help_text="Whether an invoice with a warning waits as a draft."
    )
    started_by: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True, blank=True)
    distribute_after = models.DateTimeField(
        null=True, blank=True, help_text="When invoices are next handed to delivery; empty: never."
    )
    distribution_attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=["-created_at", "-id"], name="run_by_age"),
            models.Index(
                fields=["distribute_after"],
                condition=Q(distribute_after__isnull=False),
                name="run_to_distribute",
            ),
        )

    def __str__(self) -> str:
        return f"{self.period_start} – {self.period_end}"

    @property
    def actor(self) -> Actor:
        """Who bills: the run, in the name of whoever started it."""
        label = str(self.started_by.get("label", "run"))
        return Actor(kind="system", id=f"run:{self.pk}", label=label)


class RunShare(Row):
    """One of the workers that share a run: a chain of tasks, each doing a slice of the work.

    The task that holds the present `ticket` takes the next number; one that comes twice finds
    its ticket used and ends. So a share that was taken for lost is never worked on twice.
    """

    run = models.ForeignKey(BillingRun, on_delete=models.CASCADE, related_name="shares")
    slot = models.PositiveSmallIntegerField()
    ticket = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, help_text="Empty while there is nothing to do.")

    class Meta:
        ordering = ("run", "slot")
        constraints = (models.UniqueConstraint(fields=["run", "slot"], name="one_share_a_slot"),)
        indexes = (
            models.Index(
                fields=["leased_until"],
                condition=Q(leased_until__isnull=False),
                name="run_share_by_lease",
            ),
        )

    def __str__(self) -> str:
        return f"{self.run_id} {self.slot}"


class ErrorKind(models.TextChoices):
    """Why a contract could not be billed. Source: seed 001, error handling and recovery."""

    DATA_VALIDATION = "data_validation", _("Data")
    CALCULATION = "calculation", _("Calculation")
    TEMPLATE = BROKEN_TEMPLATE, _("Template")
    DISTRIBUTION = "distribution", _("Delivery")


class BillingRunItem(Row):
    """One contract of a run: what became of it, and why where nothing did."""

    class Status(models.TextChoices):
        """What became of the contract."""

        WAITING = "waiting", _("Waiting")
        BILLED = "billed", _("Billed")
        SKIPPED = "skipped", _("Skipped")
        FAILED = "failed", _("Failed")

    class Distribution(models.TextChoices):
        """Whether the invoice was handed to delivery."""

        NONE = "", _("Not asked for")
        WAITING = "waiting", _("Waiting")
        REQUESTED = "requested", _("Handed over")
        FAILED = "failed", _("Failed")

    run = models.ForeignKey(BillingRun, on_delete=models.CASCADE, related_name="items")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.SET_NULL, null=True, related_name="+")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    error_kind = models.CharField(max_length=16, choices=ErrorKind.choices, blank=True)
    code = models.CharField(max_length=60, blank=True)
    reason = WordingField(blank=True)
    field = models.CharField(max_length=200, blank=True)
    corrections: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    warnings: "models.JSONField[Any, Any]" = models.JSONField(
        default=list, help_text="The checks that the invoice failed without being stopped."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(null=True)
    distribution = models.CharField(
        max_length=10, choices=Distribution.choices, default=Distribution.NONE, blank=True
    )

    class Meta:
        ordering = ("contract",)
        constraints = (
            models.UniqueConstraint(fields=["run", "contract"], name="contract_once_a_run"),
        )
        indexes = (
            models.Index(fields=["run", "status", "contract"], name="run_item_by_status"),
            models.Index(
                fields=["run"],
                condition=Q(distribution="waiting"),
                name="run_item_to_distribute",
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(status="failed") | ~Q(error_kind=""),
                name="run_item_failed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.contract_id} {self.status}"
