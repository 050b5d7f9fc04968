"""Who bills: the organisation's legal entities and their tax registrations."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.models import RevisedRow, Row
from shared.keyring.fields import EncryptedTextField


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
    number_prefix = models.CharField(_("invoice number prefix"), max_length=8)
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
                condition=Q(number_prefix__regex=r"^[A-Z][A-Z0-9]{0,7}$"),
                name="entity_number_prefix_form",
            ),
        )

    def __str__(self) -> str:
        return self.name


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
