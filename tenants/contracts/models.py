"""Contracts and their terms, which are dated: a change never alters a past period."""

from decimal import Decimal

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from billing.construction import FEDERAL
from billing.tax import CANADA as HOME_COUNTRY
from shared.kernel.fields import CodeField, ExactJSONField, FractionField, MoneyField, WordingField
from shared.kernel.models import RevisedRow, Row
from shared.kernel.triggers import Protect
from shared.keyring.fields import EncryptedTextField
from tenants.contracts import triggers
from tenants.sites.models import Site
from tenants.structure.models import Department, LegalEntity, ServiceCategory


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
    # Work for the Government of Canada: its prompt payment law, and no province's lien law.
    is_federal = models.BooleanField(_("federal work"), default=False)
    holdback_rate = FractionField(_("holdback"), null=True, blank=True)
    purchase_order = models.CharField(_("purchase order"), max_length=100, blank=True)
    service_category = models.CharField(
        _("kind of service"), max_length=20, choices=ServiceCategory.choices, blank=True
    )
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
                condition=Q(is_federal=False) | Q(is_construction=True),
                name="contract_federal_is_construction",
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

    @property
    def net_days(self) -> int:
        """Days to pay: the customer's own terms where it has some, else the contract's."""
        own: int | None = self.site.customer.payment_terms_days
        return self.payment_terms_days if own is None else own

    @property
    def jurisdiction(self) -> str:
        """Whose construction law applies; empty outside Canada. Source: `domain.md` 9."""
        if self.is_federal:
            return FEDERAL
        place = self.site.place_of_supply
        return place["state"] if place.get("country", HOME_COUNTRY) == HOME_COUNTRY else ""


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


class ContractAmendment(Row):
    """One change of the terms as it was agreed: from which day, why, by whom, before and after.

    Terms that are replaced on their first day disappear from ContractTerms; what was agreed
    stays here.
    """

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="amendments")
    change_id = models.CharField(_("change"), max_length=12, unique=True)
    effective_date = models.DateField(_("from"))
    reason = WordingField(_("reason"), max_length=500, blank=True)
    before = ExactJSONField()
    after = ExactJSONField()
    amended_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("contract", "created_at")
        triggers = (
            Protect(
                name="amendments_are_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        )

    def __str__(self) -> str:
        return self.change_id


class ContractRenewal(Row):
    """A further term: the contract goes on from the day after its last one."""

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="renewals")
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    is_automatic = models.BooleanField(default=False)
    reason = WordingField(_("reason"), max_length=500, blank=True)
    renewed_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("contract", "starts_on")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="renewal_ends_after_it_starts",
            ),
            models.UniqueConstraint(fields=["contract", "starts_on"], name="one_renewal_a_day"),
        )
        triggers = (
            Protect(name="renewals_are_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.contract_id} {self.starts_on}"


class ContractSignature(Row):
    """That a person signed exactly this text of the contract, when and from where.

    `document` is the canonical text (see `documents.canonical_document`) and `document_sha256`
    its SHA-256; the record is what an electronic signature needs to be shown later.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="signatures")
    signer_name = EncryptedTextField(_("name"), label="contracts.signer_name")
    signer_title = EncryptedTextField(
        _("title"), label="contracts.signer_title", blank=True, default=""
    )
    signer_email = EncryptedTextField(_("e-mail"), label="contracts.signer_email")
    ip_address = EncryptedTextField(
        _("address"), label="contracts.signer_address", blank=True, default=""
    )
    document = EncryptedTextField(label="contracts.signed_document")
    document_sha256 = models.CharField(max_length=64)
    signed_at = models.DateTimeField(_("signed"))
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("contract", "signed_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(document_sha256__regex=r"^[0-9a-f]{64}$"), name="signature_hash_form"
            ),
        )
        triggers = (triggers.SIGNATURES_ARE_APPEND_ONLY,)

    def __str__(self) -> str:
        return f"{self.contract_id} {self.document_sha256[:12]}"


class ContractAdjustment(RevisedRow):
    """A negotiated amount beside the terms: dated, with a reason, approved by somebody else.

    Once on the invoice of the period that `valid_from` lies in, or an amount a month from
    `valid_from` to `valid_to`, prorated by days as a fee is. Negative amounts are reductions.
    """

    class Status(models.TextChoices):
        """Whether it is billed. Only an approved one is."""

        PROPOSED = "proposed", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    adjustment_id = CodeField(_("adjustment"), prefix="ADJ", digits=9)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="adjustments")
    amount = MoneyField(_("amount"))
    is_monthly = models.BooleanField(_("every month"), default=False)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("to"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PROPOSED)
    proposed_by = models.CharField(max_length=200)
    proposer = models.CharField(max_length=100, help_text="Kind and id of who proposed it.")
    decided_by = models.CharField(max_length=200, blank=True)
    decider = models.CharField(max_length=100, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        ordering = ("contract", "valid_from", "adjustment_id")
        indexes = (
            models.Index(
                fields=["contract", "valid_from"],
                condition=Q(status="approved"),
                name="adjustment_approved",
            ),
        )
        constraints = (
            models.CheckConstraint(condition=~Q(amount=0), name="adjustment_is_not_nothing"),
            models.CheckConstraint(condition=~Q(reason=""), name="adjustment_has_a_reason"),
            models.CheckConstraint(
                condition=Q(is_monthly=False, valid_to__isnull=True)
                | Q(is_monthly=True, valid_to__gte=F("valid_from")),
                name="adjustment_days",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", decider="")
                | (~Q(status="proposed") & ~Q(decider="") & ~Q(decider=F("proposer"))),
                name="adjustment_decided_by_another",
            ),
        )
        triggers = (triggers.DECIDED_ADJUSTMENT_STAYS,)

    def __str__(self) -> str:
        return str(self.adjustment_id)
