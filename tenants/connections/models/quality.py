"""How good the synchronised data is, day by day. Source: seed 000, Data Quality Monitoring."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.models import RevisedRow, Row

PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]


class QualitySettings(RevisedRow):
    """The organisation's thresholds in percent, and how long the sync log is kept."""

    completeness_min = models.DecimalField(
        _("completeness, at least"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("95.00"),
        validators=PERCENT,
    )
    currency_min = models.DecimalField(
        _("synchronised within a day, at least"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("98.00"),
        validators=PERCENT,
    )
    error_rate_max = models.DecimalField(
        _("errors, at most"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("2.00"),
        validators=PERCENT,
    )
    log_months = models.PositiveSmallIntegerField(
        _("months the sync log is kept"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
    )
    only_row = models.BooleanField(default=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["only_row"], name="one_row_of_quality_settings"),
            models.CheckConstraint(condition=Q(only_row=True), name="quality_settings_only_row"),
        )

    def __str__(self) -> str:
        return "quality settings"


class QualitySnapshot(Row):
    """The figures of one day: how many records there were, and how many were good."""

    day = models.DateField(unique=True)
    sites = models.PositiveIntegerField()
    sites_complete = models.PositiveIntegerField()
    configurations = models.PositiveIntegerField()
    configurations_accurate = models.PositiveIntegerField()
    synced = models.PositiveIntegerField()
    synced_current = models.PositiveIntegerField()
    attempts = models.PositiveIntegerField()
    attempts_failed = models.PositiveIntegerField()
    taken_at = models.DateTimeField()

    class Meta:
        ordering = ("-day",)

    def __str__(self) -> str:
        return str(self.day)


class QualityAlert(Row):
    """A figure that broke its threshold: raised once, cleared when it is good again."""

    class Metric(models.TextChoices):
        """Which figure. Source: seed 000, Automated Quality Alerts."""

        COMPLETENESS = "data_completeness", _("Site data completeness")
        CURRENCY = "sync_currency", _("Synchronisation currency")
        ERROR_RATE = "error_rate", _("Error rate")

    class Severity(models.TextChoices):
        """How urgent. Source: seed 000."""

        HIGH = "high", _("High")
        MEDIUM = "medium", _("Medium")

    metric = models.CharField(max_length=20, choices=Metric.choices)
    severity = models.CharField(max_length=6, choices=Severity.choices)
    threshold = models.DecimalField(max_digits=5, decimal_places=2)
    actual = models.DecimalField(max_digits=5, decimal_places=2)
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["metric"], condition=Q(cleared_at__isnull=True), name="one_open_alert"
            ),
        )

    def __str__(self) -> str:
        return f"{self.metric} {self.actual}"
