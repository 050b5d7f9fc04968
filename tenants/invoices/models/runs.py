"""Billing runs: all contracts of a period, each with what became of it."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from shared.kernel.models import Row
from tenants.contracts.models import Contract
from tenants.invoices.models.invoices import Invoice


class BillingRun(Row):
    """All contracts billed for a period: each by itself, resumable, safe to start twice."""

    class Status(models.TextChoices):
        """Where the run stands."""

        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    period_start = models.DateField()
    period_end = models.DateField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.RUNNING)
    issues = models.BooleanField(default=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    started_by: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.period_start} to {self.period_end}"


class BillingRunItem(Row):
    """One contract of a run: what became of it, and why where nothing did."""

    class Status(models.TextChoices):
        """What became of the contract."""

        WAITING = "waiting", _("Waiting")
        BILLED = "billed", _("Billed")
        SKIPPED = "skipped", _("Skipped")
        FAILED = "failed", _("Failed")

    run = models.ForeignKey(BillingRun, on_delete=models.CASCADE, related_name="items")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.SET_NULL, null=True, related_name="+")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    reason = models.TextField(blank=True)
    field = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("contract",)
        constraints = (
            models.UniqueConstraint(fields=["run", "contract"], name="contract_once_a_run"),
        )
        indexes = (models.Index(fields=["run", "status"], name="run_item_by_status"),)

    def __str__(self) -> str:
        return f"{self.contract_id} {self.status}"
