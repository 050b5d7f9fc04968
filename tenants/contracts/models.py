"""Contracts and their terms, which are dated: a change never alters a past period."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import CodeField, ExactJSONField, FractionField
from shared.kernel.models import RevisedRow, Row
from tenants.sites.models import Site
from tenants.structure.models import Department, LegalEntity


class ContractType(models.TextChoices):
    """The five ways to bill. Source: `domain.md` 4."""

    REVENUE_SHARE = "revenue_share", _("Revenue share")
    PER_LABOR_HOUR = "per_labor_hour", _("Labour hours")
    FIXED_FEE = "fixed_fee", _("Fixed fee")
    MANAGEMENT_AGREEMENT = "management_agreement", _("Management agreement")
    HYBRID = "hybrid", _("Hybrid")


class BillingFrequency(models.TextChoices):
    """How often a contract is billed, aligned to the calendar."""

    MONTHLY = "monthly", _("Monthly")
    QUARTERLY = "quarterly", _("Quarterly")
    ANNUAL = "annual", _("Annual")


RENEWAL_NOTICE_DAYS = 60


class Contract(RevisedRow):
    """What was agreed for a site. Its terms stand in ContractTerms, by date.

    That a contract is amended shows in its versions of terms, and is no status of its own.
    """

    class Status(models.TextChoices):
        """Where the contract is in its life. Only a draft is never billed."""

        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        RENEWAL_DUE = "renewal_due", _("Renewal due")
        RENEWED = "renewed", _("Renewed")
        TERMINATED = "terminated", _("Terminated")

    contract_id = CodeField(_("contract"), prefix="CON", digits=8, chosen_by_people=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="contracts")
    # Without one, the default entity bills.
    entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="contracts", null=True, blank=True
    )
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="contracts", null=True, blank=True
    )
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.DRAFT)
    currency = models.CharField(_("currency"), max_length=3, default="CAD")
    payment_terms_days = models.PositiveSmallIntegerField(_("payment terms, days"), default=30)
    effective_date = models.DateField(_("in force from"))
    end_date = models.DateField(_("last day"), null=True, blank=True)
    is_construction = models.BooleanField(_("construction contract"), default=False)
    holdback_rate = FractionField(_("holdback"), null=True, blank=True)
    purchase_order = models.CharField(_("purchase order"), max_length=100, blank=True)
    renewal_notice_days = models.PositiveSmallIntegerField(
        _("renewal notice, days"), default=RENEWAL_NOTICE_DAYS
    )
    auto_renew_months = models.PositiveSmallIntegerField(
        _("renews by itself for, months"), null=True, blank=True
    )

    class Meta:
        ordering = ("contract_id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(end_date__isnull=True) | Q(end_date__gte=F("effective_date")),
                name="contract_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(payment_terms_days__lte=365), name="contract_terms_days_limit"
            ),
            models.CheckConstraint(
                condition=Q(holdback_rate__isnull=True)
                | Q(holdback_rate__gte=0, holdback_rate__lte=Decimal("0.25")),
                name="contract_holdback_limit",
            ),
            models.CheckConstraint(
                condition=Q(renewal_notice_days__lte=730)
                & (
                    Q(auto_renew_months__isnull=True)
                    | Q(auto_renew_months__gte=1, auto_renew_months__lte=120)
                ),
                name="contract_renewal_limits",
            ),
        )
        indexes = (
            models.Index(fields=["site", "status"], name="contract_by_site"),
            models.Index(
                fields=["end_date"],
                condition=Q(status__in=("active", "renewal_due", "renewed")),
                name="contract_in_force_by_end",
            ),
        )

    def __str__(self) -> str:
        return str(self.contract_id)


# What runs on: the engine bills these without regard to where the renewal stands.
IN_FORCE = (Contract.Status.ACTIVE, Contract.Status.RENEWAL_DUE, Contract.Status.RENEWED)


class ContractTerms(Row):
    """The terms in force from `valid_from` to `valid_to`, both days included."""

    change_id = CodeField(_("change"), prefix="CHG", digits=9)
    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="terms")
    contract_type = models.CharField(_("type"), max_length=20, choices=ContractType.choices)
    billing_frequency = models.CharField(
        _("billing frequency"),
        max_length=10,
        choices=BillingFrequency.choices,
        default=BillingFrequency.MONTHLY,
    )
    billing_configuration = ExactJSONField(_("billing configuration"))
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("to"), null=True, blank=True)
    created_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("contract", "valid_from")
        verbose_name_plural = "contract terms"
        constraints = (
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="terms_end_after_they_start",
            ),
            ExclusionConstraint(
                name="terms_never_overlap",
                expressions=[
                    (
                        Func("contract", "contract", models.Value("[]"), function="uuid_range"),
                        "&&",
                    ),
                    (
                        Func(
                            "valid_from",
                            "valid_to",
                            RangeBoundary(inclusive_lower=True, inclusive_upper=True),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
            ),
        )

    def __str__(self) -> str:
        return f"{self.change_id} {self.contract_type}"
