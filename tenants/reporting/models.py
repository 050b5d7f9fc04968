"""Reports that are sent by e-mail at set times, and what became of each time."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.models import RevisedRow, Row
from tenants.reporting.exporting import FileForm
from tenants.schedules.models import PeriodRule

REVIEW_KIND = "report_mailing"  # the review item about a schedule whose e-mail failed


class ReportSchedule(RevisedRow):
    """A report that people of the organisation get by e-mail, by the organisation's clock."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    report = models.CharField(_("report"), max_length=40)
    cron = models.CharField(_("when"), max_length=100)
    period_rule = models.CharField(
        _("period"), max_length=20, choices=PeriodRule.choices, default=PeriodRule.PREVIOUS_MONTH
    )
    file_form = models.CharField(
        _("file"),
        max_length=4,
        choices=[(form.value, form.value.upper()) for form in FileForm],
        default=FileForm.PDF.value,
    )
    recipients: "models.ManyToManyField[models.Model, models.Model]" = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+"
    )
    is_enabled = models.BooleanField(_("switched on"), default=True)
    next_due_at = models.DateTimeField(null=True, blank=True)
    language = models.CharField(max_length=10, blank=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=Q(is_enabled=True, next_due_at__isnull=False)
                | Q(is_enabled=False, next_due_at__isnull=True),
                name="report_schedule_due_while_on",
            ),
        )
        indexes = (
            models.Index(
                fields=["next_due_at"], condition=Q(is_enabled=True), name="report_schedule_by_due"
            ),
        )

    def __str__(self) -> str:
        return self.name


class ReportMailing(Row):
    """One time at which a schedule was due: the database lets it be sent only once.

    A worker holds it by a lease; one that dies after the mail server took the e-mail and before
    the row says so sends it again.
    """

    class Status(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    schedule = models.ForeignKey(ReportSchedule, on_delete=models.CASCADE, related_name="mailings")
    due_at = models.DateTimeField()
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    people = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-due_at",)
        constraints = (
            models.UniqueConstraint(fields=["schedule", "due_at"], name="mailed_once_at_a_time"),
        )
        indexes = (
            models.Index(
                fields=["due_at"], condition=Q(status="waiting"), name="report_mailing_waiting"
            ),
        )

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.due_at}"
