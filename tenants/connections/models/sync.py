"""Runs of the synchronisation, their log, and where the two sides disagree."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import ExactJSONField, MoneyField, WordingField
from shared.kernel.models import RevisedRow, Row
from tenants.connections.models.connection import Connection
from tenants.sites.models import Site


class SyncRun(Row):
    """A daily reconciliation or a weekly performance sync; goes on where it stands."""

    class Kind(models.TextChoices):
        """What the run compares or sends."""

        RECONCILIATION = "reconciliation", _("Reconciliation")
        PERFORMANCE = "performance", _("Weekly performance")

    class Status(models.TextChoices):
        """Where the run stands."""

        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    class Phase(models.TextChoices):
        """The steps of a run, in their order."""

        PULL_CUSTOMERS = "pull_customers", _("Reading customers")
        PULL_CONFIGURATIONS = "pull_configurations", _("Reading contracts")
        PUSH_CUSTOMERS = "push_customers", _("Sending customers")
        PUSH_CONFIGURATIONS = "push_configurations", _("Sending contracts")
        COMPUTE_WEEK = "compute_week", _("Adding up the week")
        SEND_WEEK = "send_week", _("Sending the week")
        FINISHED = "finished", _("Finished")

    OPEN = (Status.WAITING, Status.RUNNING)

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="runs", null=True, blank=True
    )
    kind = models.CharField(max_length=14, choices=Kind.choices)
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.WAITING)
    phase = models.CharField(max_length=20, choices=Phase.choices)
    cursor = models.CharField(max_length=1000, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    week_start = models.DateField(null=True, blank=True)
    counts: "models.JSONField[dict[str, int], dict[str, int]]" = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    started_by = models.CharField(max_length=200, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = WordingField(max_length=500, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(status__in=("waiting", "running")),
                name="one_open_sync_run_a_kind",
            ),
        )
        indexes = (models.Index(fields=["kind", "-created_at"], name="sync_run_by_kind"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at:%Y-%m-%d}"


class SyncLog(models.Model):
    """One line of what was synchronised. The table is partitioned by month (see its migration).

    The database's primary key is (id, execution_date): a partitioned table needs the month in it.
    """

    class Status(models.TextChoices):
        """What came of it."""

        SUCCESS = "success", _("Done")
        SKIPPED = "skipped", _("Nothing to send")
        CONFLICT = "conflict", _("Conflict")
        ERROR = "error", _("Error")

    id = models.BigAutoField(primary_key=True)
    process_name = models.CharField(_("process"), max_length=100)
    execution_date = models.DateTimeField()
    status = models.CharField(max_length=20, choices=Status.choices)
    records_processed = models.IntegerField(default=0)
    error_message = WordingField(max_length=2_000, blank=True)
    site_id = models.CharField(_("site"), max_length=20, blank=True)
    details = ExactJSONField(default=dict)
    run_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-execution_date", "-id")
        indexes = (
            models.Index(fields=["-execution_date", "-id"], name="sync_log_newest"),
            models.Index(fields=["site_id", "-execution_date"], name="sync_log_by_site"),
            models.Index(fields=["status", "-execution_date"], name="sync_log_by_status"),
        )

    def __str__(self) -> str:
        return f"{self.process_name} {self.status}"


class SyncConflict(RevisedRow):
    """One field on which the two sides disagree, how it is decided, and by whom."""

    class Kind(models.TextChoices):
        """What disagrees. Source: seed 000, Conflict Resolution."""

        SITE_NAME = "site_name_mismatch", _("Site name")
        ADDRESS = "address_mismatch", _("Address")
        CONTRACT_TYPE = "contract_type_mismatch", _("Contract type")
        BILLING_RATE = "billing_rate_mismatch", _("Billing rate")
        OTHER = "other_mismatch", _("Other")

    class Strategy(models.TextChoices):
        """How a kind of conflict is decided."""

        OURS = "use_customer_sites_value", _("Our value")
        NEWEST = "use_most_recent_update", _("The newer value")
        CONTRACT = "use_contract_system_value", _("The contract's value")
        MANUAL = "require_manual_review", _("A person decides")

    class Record(models.TextChoices):
        """Which of our records it is about."""

        CUSTOMER = "customer", _("Site")
        CONFIGURATION = "configuration", _("Contract")

    class Status(models.TextChoices):
        """Whether it is decided."""

        OPEN = "open", _("Open")
        RESOLVED = "resolved", _("Resolved")

    class Resolution(models.TextChoices):
        """Whose value was taken."""

        OURS = "ours", _("Ours")
        THEIRS = "theirs", _("Theirs")
        EDITED = "edited", _("Another value")
        GONE = "gone", _("The sides agree again")

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="conflicts")
    kind = models.CharField(max_length=25, choices=Kind.choices)
    strategy = models.CharField(max_length=30, choices=Strategy.choices)
    record = models.CharField(max_length=13, choices=Record.choices)
    code = models.CharField(max_length=255)
    site_code = models.CharField(max_length=20, blank=True)
    field = models.CharField(max_length=60)
    ours = ExactJSONField(null=True, blank=True)
    theirs = ExactJSONField(null=True, blank=True)
    ours_at = models.DateTimeField(null=True, blank=True)
    theirs_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    resolution = models.CharField(max_length=6, choices=Resolution.choices, blank=True)
    value = ExactJSONField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["connection", "record", "code", "field"],
                condition=Q(status="open"),
                name="one_open_conflict_a_field",
            ),
            models.CheckConstraint(
                condition=Q(status="open", resolved_at__isnull=True)
                | Q(status="resolved", resolved_at__isnull=False),
                name="resolved_conflict_has_time",
            ),
        )
        indexes = (models.Index(fields=["status", "-created_at"], name="conflict_by_status"),)

    def __str__(self) -> str:
        return f"{self.code} {self.field}"


class ConflictChange(Row):
    """One step in a conflict's history: found, changed again, decided."""

    conflict = models.ForeignKey(SyncConflict, on_delete=models.CASCADE, related_name="history")
    what = models.CharField(max_length=20)
    actor = models.CharField(max_length=200)
    details = ExactJSONField(default=dict)

    class Meta:
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return f"{self.what} {self.actor}"


class WeeklySiteFigure(Row):
    """What a site took in a week (Monday to Sunday) and what that changes in its bills."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="weekly_figures")
    week_start = models.DateField()
    currency = models.CharField(max_length=3)
    revenue = MoneyField()
    billing_impact = MoneyField()
    days_reported = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-week_start", "site")
        constraints = (
            models.UniqueConstraint(fields=["site", "week_start"], name="one_figure_a_week"),
        )
        indexes = (models.Index(fields=["week_start"], name="weekly_figure_by_week"),)

    def __str__(self) -> str:
        return f"{self.week_start} {self.revenue}"
