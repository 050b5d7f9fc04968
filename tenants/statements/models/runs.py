"""Statement runs: all customers of a period, in chunks that workers share."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import WordingField
from shared.kernel.models import Row
from tenants.sites.models import Customer
from tenants.structure.models import LegalEntity


class StatementRun(Row):
    """Statements for a period: planned once, then worked on chunk by chunk, resumable."""

    class Kind(models.TextChoices):
        """A first statement for everybody, or a new one where figures have changed since."""

        REGULAR = "regular", _("Regular")
        CORRECTION = "correction", _("Corrections")

    class Status(models.TextChoices):
        """Where the run stands."""

        PLANNING = "planning", _("Being planned")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    class Delivery(models.TextChoices):
        """How the statements reach their customers."""

        NONE = "none", _("Not sent")
        EMAIL = "email", _("E-mail")
        PORTAL = "portal", _("Customer portal")
        AUTO = "auto", _("As each customer prefers")

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.REGULAR)
    period_start = models.DateField(_("period from"))
    period_end = models.DateField(_("period to"))
    statement_date = models.DateField(_("statement date"))
    filters: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    detailed = models.BooleanField(_("with every charge"), default=True)
    template = models.CharField(max_length=40, default="latest")
    delivery_method = models.CharField(
        max_length=10, choices=Delivery.choices, default=Delivery.NONE
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PLANNING)
    warnings: "models.JSONField[Any, Any]" = models.JSONField(
        default=list, help_text="What the period still lacks: code, number, examples."
    )
    total = models.PositiveIntegerField(default=0, help_text="Statements asked for.")
    started_by: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    language = models.CharField(max_length=10, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    notified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=["-created_at", "-id"], name="statement_run_by_age"),
            models.Index(
                fields=["created_at"],
                condition=~Q(status="done") | Q(notified_at__isnull=True),
                name="statement_run_open",
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(period_end__gte=F("period_start")),
                name="statement_run_period_in_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.period_start} – {self.period_end}"


class StatementRunChunk(Row):
    """A slice of a run that one worker does at a time; `attempts` counts who has taken it.

    Only the last taker may finish it, in one transaction with its statements.
    """

    class Status(models.TextChoices):
        """What became of the slice."""

        WAITING = "waiting", _("Waiting")
        WORKING = "working", _("In work")
        DONE = "done", _("Done")

    run = models.ForeignKey(StatementRun, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    size = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    made = models.PositiveSmallIntegerField(default=0)
    skipped = models.PositiveSmallIntegerField(default=0)
    failed = models.PositiveSmallIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("run", "number")
        constraints = (
            models.UniqueConstraint(fields=["run", "number"], name="one_chunk_a_number"),
        )
        indexes = (
            models.Index(
                fields=["run", "number"],
                condition=~Q(status="done"),
                name="statement_chunk_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.run_id} {self.number}"


class StatementRunItem(Row):
    """One statement asked for: a customer's account with an entity in a currency."""

    class Status(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", _("Waiting")
        MADE = "made", _("Made")
        SKIPPED = "skipped", _("Skipped")
        FAILED = "failed", _("Failed")

    run = models.ForeignKey(StatementRun, on_delete=models.CASCADE, related_name="items")
    chunk = models.ForeignKey(StatementRunChunk, on_delete=models.CASCADE, related_name="items")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    # Empty where the customer has contracts of several types or cycles.
    contract_type = models.CharField(max_length=20, blank=True)
    billing_cycle = models.CharField(max_length=10, blank=True)
    contract_id = models.UUIDField(null=True, help_text="The contract, where there is one only.")
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.WAITING)
    statement = models.ForeignKey(
        "statements.Statement", on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = WordingField(max_length=500, blank=True)

    class Meta:
        ordering = ("run", "chunk", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["run", "customer", "entity", "currency"], name="account_once_a_run"
            ),
        )
        indexes = (models.Index(fields=["run", "status", "id"], name="statement_item_by_status"),)

    def __str__(self) -> str:
        return f"{self.customer_id} {self.currency} {self.status}"
