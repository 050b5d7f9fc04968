"""What waits for a person: raised by services, closed when somebody has dealt with it."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import WordingField
from shared.kernel.models import RevisedRow


class ReviewItem(RevisedRow):
    """One thing to look at, with its cause and where to put it right."""

    class Status(models.TextChoices):
        """Whether somebody still has to look."""

        OPEN = "open", _("Open")
        RESOLVED = "resolved", _("Resolved")
        DISMISSED = "dismissed", _("Dismissed")

    kind = models.CharField(max_length=30)
    target_type = models.CharField(max_length=60)
    target_id = models.UUIDField()
    target_label = models.CharField(max_length=200)
    site_id = models.UUIDField(null=True, blank=True)
    cause = WordingField()
    field = models.CharField(max_length=200, blank=True)
    link = models.CharField(max_length=300, blank=True, help_text="Path of the page that fixes it.")
    details: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.OPEN)
    closed_by = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closing_note = WordingField(max_length=500, blank=True)
    escalated_at = models.DateTimeField(
        null=True, blank=True, help_text="When people were told that it waits too long."
    )

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["status", "kind", "-created_at"], name="review_by_kind"),)
        constraints = (
            models.UniqueConstraint(
                fields=["kind", "target_id"], condition=Q(status="open"), name="one_open_review"
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True)
                | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="closed_review_has_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.target_label}"
