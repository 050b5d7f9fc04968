"""What customers do not agree to pay: reminders leave it out until it is settled."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import CodeField, MoneyField, WordingField
from shared.kernel.models import RevisedRow
from tenants.invoices.models import Invoice, InvoiceLine


class Dispute(RevisedRow):
    """An amount of an invoice, with tax, that its customer objects to."""

    class Status(models.TextChoices):
        """Whether it still stands."""

        OPEN = "open", _("Open")
        RESOLVED = "resolved", _("Resolved")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    dispute_id = CodeField(_("dispute"), prefix="DSP", digits=9)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="disputes")
    line = models.ForeignKey(
        InvoiceLine, on_delete=models.PROTECT, null=True, blank=True, related_name="disputes"
    )
    amount = MoneyField(_("amount"))
    reason = models.CharField(_("reason"), max_length=500)
    raised_by = models.CharField(max_length=200)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.OPEN)
    resolution = WordingField(_("resolution"), max_length=500, blank=True)
    credit_note = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="settles_disputes"
    )
    closed_by = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["status", "-created_at"], name="dispute_by_status"),)
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="dispute_is_positive"),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True)
                | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="closed_dispute_has_time",
            ),
        )

    def __str__(self) -> str:
        return str(self.dispute_id)
