"""Who bills: the organisation's legal entities, their tax registrations and departments."""

from collections.abc import Mapping
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import FractionField
from shared.kernel.models import RevisedRow, Row
from shared.keyring.fields import EncryptedTextField

PREFIX_FORM = r"^[A-Z][A-Z0-9]{0,7}$"
# One letter longer than an invoice's: blank ones are the invoices' with C, A or H behind.
SERIES_PREFIX_FORM = r"^([A-Z][A-Z0-9]{0,8})?$"
SERIES_LETTERS: Mapping[str, str] = {"credit_note": "C", "adjustment": "A", "release": "H"}


class LegalEntity(RevisedRow):
    """The supplier named on an invoice. Numbers, terms and letterhead come from it."""

    name = models.CharField(_("legal name"), max_length=255)
    street1 = models.CharField(_("street"), max_length=255, blank=True)
    street2 = models.CharField(_("street, second line"), max_length=255, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    state = models.CharField(_("province"), max_length=50, blank=True)
    zip = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, default="CA")
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CAD")
    number_prefix = models.CharField(_("invoice number prefix"), max_length=8)
    credit_note_prefix = models.CharField(_("credit note prefix"), max_length=9, blank=True)
    adjustment_prefix = models.CharField(_("adjustment invoice prefix"), max_length=9, blank=True)
    release_prefix = models.CharField(_("holdback release prefix"), max_length=9, blank=True)
    payment_terms_days = models.PositiveSmallIntegerField(_("payment terms, days"), default=30)
    payment_instructions = EncryptedTextField(
        _("payment instructions"), label="structure.payment_instructions", blank=True, default=""
    )
    logo = models.BinaryField(_("logo"), null=True, blank=True)
    logo_type = models.CharField(max_length=20, blank=True)
    brand_colour = models.CharField(_("brand colour"), max_length=7, blank=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_default_entity"
            ),
            models.UniqueConstraint(fields=["number_prefix"], name="entity_number_prefix_unique"),
            models.CheckConstraint(
                condition=Q(number_prefix__regex=PREFIX_FORM), name="entity_number_prefix_form"
            ),
            models.CheckConstraint(
                condition=Q(credit_note_prefix__regex=SERIES_PREFIX_FORM)
                & Q(adjustment_prefix__regex=SERIES_PREFIX_FORM)
                & Q(release_prefix__regex=SERIES_PREFIX_FORM),
                name="entity_series_prefix_form",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def series_prefix(self, series: str) -> str:
        """The number prefix of `credit_note`, `adjustment` or `release`; any other: invoices."""
        letter = SERIES_LETTERS.get(series)
        if letter is None:
            return self.number_prefix
        return getattr(self, f"{series}_prefix") or f"{self.number_prefix}{letter}"


class TaxRegistration(Row):
    """A registration number, shown on every invoice that charges the component."""

    entity = models.ForeignKey(
        LegalEntity, on_delete=models.CASCADE, related_name="tax_registrations"
    )
    component = models.CharField(_("tax"), max_length=10)
    number = EncryptedTextField(_("registration number"), label="structure.tax_number")

    class Meta:
        ordering = ("component",)
        constraints = (
            models.UniqueConstraint(fields=["entity", "component"], name="one_number_a_tax"),
        )

    def __str__(self) -> str:
        return self.component


class Department(RevisedRow):
    """A cost centre of a legal entity, with the person who answers for it."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=255)
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="departments")
    # A user of the organisation; users live in the public schema, so this is no foreign key.
    manager_id = models.UUIDField(_("manager"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z0-9][A-Z0-9._-]{0,19}$"),
                name="department_code_form",
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ServiceCategory(models.TextChoices):
    """What kind of service a contract sells, where taxes tell them apart."""

    PARKING = "parking", _("Parking")
    REAL_PROPERTY = "real_property", _("Work on real property")
    REPAIR = "repair", _("Repair and maintenance of goods")
    STAFFING = "staffing", _("Staff and labour")
    MANAGEMENT = "management", _("Management and consulting")
    OTHER = "other", _("Other services")


class ConstructionRule(RevisedRow):
    """A holdback of the organisation's own, by jurisdiction and date, instead of the table's.

    The jurisdiction is a province's code, or that of federal work. Without `release_days` the
    table says when it is released. It counts for construction contracts that agree on no
    holdback themselves. Source: `domain.md` 9.
    """

    jurisdiction = models.CharField(_("jurisdiction"), max_length=10)
    holdback_rate = FractionField(_("holdback"))
    release_days = models.PositiveSmallIntegerField(_("release, days"), null=True, blank=True)
    is_yearly = models.BooleanField(_("yearly release"), default=False)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        ordering = ("jurisdiction", "starts_on")
        constraints = (
            models.CheckConstraint(
                condition=Q(holdback_rate__gte=0, holdback_rate__lte=Decimal("0.25")),
                name="construction_rule_rate_limits",
            ),
            models.CheckConstraint(
                condition=Q(release_days__isnull=True, is_yearly=False)
                | Q(release_days__gte=1, release_days__lte=730),
                name="construction_rule_days_limits",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="construction_rule_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                fields=["jurisdiction", "starts_on"], name="one_construction_rule_a_day"
            ),
        )

    def __str__(self) -> str:
        return f"{self.jurisdiction} {self.starts_on}"


class TaxRule(RevisedRow):
    """A tax of the organisation's own, or another rate than the built-in table's, by date.

    An empty province means all of the country. It replaces the table's component of the same
    name at the place and on the days it is in force; of several in force the nearest place,
    then the latest start counts. Source: `domain.md` 5.
    """

    country = models.CharField(_("country"), max_length=2, default="CA")
    province = models.CharField(_("province"), max_length=50, blank=True)
    component = models.CharField(_("tax"), max_length=10)
    rate = FractionField(_("rate"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        ordering = ("country", "province", "component", "starts_on")
        constraints = (
            models.CheckConstraint(
                condition=Q(rate__gte=0, rate__lte=1), name="tax_rule_rate_limits"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="tax_rule_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                fields=["country", "province", "component", "starts_on"],
                name="one_tax_rule_a_day",
            ),
        )

    def __str__(self) -> str:
        return f"{self.component} {self.country} {self.province}"


class TaxExclusion(RevisedRow):
    """A tax that is not charged on some lines, by date.

    No line codes mean every line, no category every contract, an empty province all of the
    country. British Columbia's PST on a contractor's labour is the usual case.
    """

    country = models.CharField(_("country"), max_length=2, default="CA")
    province = models.CharField(_("province"), max_length=50, blank=True)
    component = models.CharField(_("tax"), max_length=10)
    line_codes: "models.JSONField[list[str], list[str]]" = models.JSONField(
        _("lines"), default=list
    )
    service_category = models.CharField(
        _("kind of service"), max_length=20, choices=ServiceCategory.choices, blank=True
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        ordering = ("country", "province", "component", "starts_on")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="tax_exclusion_ends_after_it_starts",
            ),
        )

    def __str__(self) -> str:
        return f"{self.component} {self.country} {self.province}"
