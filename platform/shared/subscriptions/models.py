"""Plans with their prices, limits and features as data, and who signed which version."""

from typing import Any
from uuid import uuid4

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import FractionField, MoneyField
from shared.kernel.triggers import Protect


class Plan(models.Model):
    """What is sold under one name. Its price and contents are in its versions."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_offered = models.BooleanField(_("offered to new customers"), default=True)

    class Meta:
        ordering = ("position", "code")

    def __str__(self) -> str:
        return self.name


class PlanVersion(models.Model):
    """A plan's price, limits and features from a date on; never changed once written.

    `limits` maps what is limited to a number, null for unlimited. `features` maps a feature to
    true, to a choice, or to a list of choices. `highlights` holds, by language, the lines of the
    pricing page.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, related_name="versions", verbose_name=_("plan")
    )
    number = models.PositiveIntegerField(_("version"))
    price_per_month = MoneyField(_("price per month"))
    currency = models.CharField(_("currency"), max_length=3, default="CAD")
    usage_fee_rate = FractionField(_("usage fee, as a fraction of each invoice’s total"))
    trial_days = models.PositiveSmallIntegerField(_("trial in days"), default=14)
    limits: models.JSONField[Any, Any] = models.JSONField(_("limits"), default=dict, blank=True)
    features: models.JSONField[Any, Any] = models.JSONField(_("features"), default=dict, blank=True)
    highlights: models.JSONField[Any, Any] = models.JSONField(
        _("highlights"), default=dict, blank=True
    )
    effective_date = models.DateField(_("offered from"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ("plan", "-number")
        constraints = (
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_number"),
            models.CheckConstraint(
                condition=Q(price_per_month__gte=0), name="plan_version_price_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(usage_fee_rate__gte=0, usage_fee_rate__lte=1),
                name="plan_version_usage_fee_rate",
            ),
        )
        triggers = (
            Protect(name="plan_version_frozen", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.plan} {self.number}"

    @property
    def lines(self) -> list[str]:
        """The pricing page's lines in the reader's language, else in English."""
        lines: list[str] = self.highlights.get(get_language()) or self.highlights.get("en", [])
        return lines


class Subscription(models.Model):
    """The version an organisation signed; it stays on it until moved."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    organisation = models.OneToOneField(
        "organisations.Organisation", on_delete=models.CASCADE, related_name="subscription"
    )
    plan_version = models.ForeignKey(
        PlanVersion, on_delete=models.PROTECT, related_name="subscriptions"
    )
    started_at = models.DateTimeField(_("started"))
    trial_ends_at = models.DateTimeField(_("trial ends"))

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(trial_ends_at__gte=F("started_at")), name="subscription_trial_order"
            ),
        )

    def __str__(self) -> str:
        return f"{self.organisation} · {self.plan_version}"
