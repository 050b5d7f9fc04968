"""Customers, the sites they run, the territories and the people to write to.

Source: seed 000 (site data mapping), `domain.md` 1.
"""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import CodeField
from shared.kernel.models import RevisedRow, Row
from shared.keyring.fields import EncryptedTextField


class Territory(RevisedRow):
    """A region of sites that one person looks after."""

    territory_id = CodeField(_("territory"), prefix="TER", digits=4, chosen_by_people=True)
    name = models.CharField(_("name"), max_length=255)

    class Meta:
        ordering = ("territory_id",)
        verbose_name_plural = "territories"

    def __str__(self) -> str:
        return f"{self.territory_id} {self.name}"


class Customer(RevisedRow):
    """The billed party of one or more sites: its language, terms and tax exemptions."""

    customer_id = CodeField(_("customer"), prefix="CUS", digits=6, chosen_by_people=True)
    name = models.CharField(_("name"), max_length=255)
    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default="en"
    )
    payment_terms_days = models.PositiveSmallIntegerField(
        _("payment terms, days"), null=True, blank=True, validators=[MaxValueValidator(365)]
    )

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class TaxExemption(Row):
    """A customer's certificate that a tax component is not to be charged, until it expires."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="tax_exemptions")
    component = models.CharField(_("tax"), max_length=10)
    certificate_number = EncryptedTextField(_("certificate number"), label="sites.tax_exemption")
    expires_on = models.DateField(_("expires on"), null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "component"], name="one_exemption_a_component"
            ),
        )

    def __str__(self) -> str:
        return self.component


class Site(RevisedRow):
    """A place where work is done or revenue is made; its address decides the tax."""

    site_id = CodeField(_("site"), prefix="SITE", digits=6, chosen_by_people=True)
    name = models.CharField(_("name"), max_length=255)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="sites")
    territory = models.ForeignKey(
        Territory, on_delete=models.PROTECT, related_name="sites", null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3, default="CAD")
    billing_address: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(
        _("billing address")
    )
    site_address: "models.JSONField[dict[str, str] | None, dict[str, str] | None]" = (
        models.JSONField(_("site address"), null=True, blank=True)
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ("name", "id")
        indexes = (
            models.Index(fields=["name", "id"], name="site_by_name"),
            models.Index(fields=["territory", "updated_at"], name="site_by_territory"),
            models.Index(Upper("name"), name="site_by_any_case_name"),
        )

    def __str__(self) -> str:
        return f"{self.site_id} {self.name}"

    @property
    def place_of_supply(self) -> dict[str, str]:
        """The address that decides the tax: the site's own, else the billing address."""
        return self.site_address or self.billing_address


class Contact(RevisedRow):
    """A person at the customer; the billing contact receives the invoices."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=255)
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    is_billing = models.BooleanField(_("billing contact"), default=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["site"],
                condition=models.Q(is_billing=True),
                name="one_billing_contact_a_site",
            ),
        )

    def __str__(self) -> str:
        return self.name
