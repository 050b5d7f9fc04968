"""What an organisation chose about the rules that its invoices are checked against."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import FractionField
from shared.kernel.models import RevisedRow


class ValidationSettings(RevisedRow):
    """One row at most; without it the defaults of `domain.md` 7 hold."""

    variance_limit = FractionField(_("usual variance"), default=Decimal("0.25"))
    severities: "models.JSONField[Any, Any]" = models.JSONField(
        default=dict, help_text="Severity by rule, where it is not the rule's own."
    )
    off: "models.JSONField[Any, Any]" = models.JSONField(
        default=list, help_text="Rules that are switched off; never critical ones."
    )
    missing_days_are_zero = models.BooleanField(
        _("days without a revenue report were closed"), default=False
    )
    only_row = models.BooleanField(default=True, editable=False, unique=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(variance_limit__gte=0, variance_limit__lte=100),
                name="validation_variance_limits",
            ),
            models.CheckConstraint(condition=Q(only_row=True), name="validation_one_row"),
        )

    def __str__(self) -> str:
        return "validation settings"
