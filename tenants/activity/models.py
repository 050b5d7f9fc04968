"""What happened at a site: the revenue that shares are computed from."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import MoneyField
from shared.kernel.models import RevisedRow
from tenants.sites.models import Site

CATEGORY_MAX = 60


class RevenueRecord(RevisedRow):
    """One day's revenue of one category at one site. Shares are computed on `net_amount`.

    Two indexes beside the key, because each costs an import of a million rows: that of the
    constraint finds a row again, sums a site's period and draws its calendar; that by day pages
    through all sites, newest first.
    """

    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, related_name="revenue_records", db_index=False
    )
    day = models.DateField(_("day"))
    category = models.CharField(_("category"), max_length=CATEGORY_MAX, default="general")
    gross_amount = MoneyField(_("gross, with sales tax"))
    net_amount = MoneyField(_("net of sales tax"))

    class Meta:
        ordering = ("-day", "category", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["site", "day", "category"], name="one_record_a_day_and_category"
            ),
        )
        indexes = (models.Index(fields=["-day", "-id"], name="revenue_by_day"),)

    def __str__(self) -> str:
        return f"{self.day} {self.category}"
