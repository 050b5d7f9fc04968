"""Forms of the settings of the billing company."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.tax import GST, HST, PROVINCES, PST, QST, RST
from tenants.structure.logos import BYTES_MAX
from tenants.structure.models import LegalEntity
from tenants.structure.services import EDITABLE, Logo

PROVINCE_CHOICES = [("", _("Choose")), *((code, code) for code in sorted(PROVINCES))]
STANDARD_COLOUR = "#0b5cad"  # the product's own
# One CRA account number serves both: a supplier charges HST or GST by place of supply.
REGISTRATIONS = {"gst_hst": (GST, HST), "qst": (QST,), "pst": (PST,), "rst": (RST,)}


class LegalEntityForm(forms.Form):
    """Letterhead, numbering, terms, registrations and brand of the billing company."""

    name = forms.CharField(label=_("Legal name"), max_length=255)
    street1 = forms.CharField(label=_("Street"), max_length=255, required=False)
    street2 = forms.CharField(label=_("Street, second line"), max_length=255, required=False)
    city = forms.CharField(label=_("City"), max_length=100, required=False)
    state = forms.ChoiceField(label=_("Province"), choices=PROVINCE_CHOICES, required=False)
    zip = forms.CharField(label=_("Postal code"), max_length=20, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    number_prefix = forms.CharField(
        label=_("Invoice number prefix"),
        max_length=8,
        help_text=_("TP makes TP-2026-000001. A new prefix starts again at 1."),
    )
    payment_terms_days = forms.IntegerField(
        label=_("Payment terms, days"),
        min_value=0,
        max_value=365,
        help_text=_("What a new contract starts with."),
    )
    payment_instructions = forms.CharField(
        label=_("Payment instructions"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Printed on every invoice; stored encrypted."),
    )
    gst_hst = forms.CharField(
        label=_("GST/HST number"), max_length=40, required=False, help_text=_("12345 6789 RT0001")
    )
    qst = forms.CharField(
        label=_("QST number"), max_length=40, required=False, help_text=_("Quebec")
    )
    pst = forms.CharField(
        label=_("PST number"),
        max_length=40,
        required=False,
        help_text=_("British Columbia, Saskatchewan"),
    )
    rst = forms.CharField(
        label=_("RST number"), max_length=40, required=False, help_text=_("Manitoba")
    )
    brand_colour = forms.CharField(
        label=_("Brand colour"),
        max_length=7,
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=_("Of your invoices and of these pages; kept legible."),
    )
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP up to 1 MB."),
    )
    remove_logo = forms.BooleanField(label=_("Remove the present logo"), required=False)

    def clean_number_prefix(self) -> str:
        """Capital letters, however they were typed."""
        return str(self.cleaned_data["number_prefix"]).upper()

    @property
    def changes(self) -> dict[str, object]:
        """What the service changes, of a valid form."""
        return {name: self.cleaned_data[name] for name in EDITABLE if name in self.cleaned_data}

    @property
    def tax_registrations(self) -> dict[str, str]:
        """Numbers by tax component; an empty one is removed."""
        return {
            component: self.cleaned_data[field]
            for field, components in REGISTRATIONS.items()
            for component in components
        }

    @property
    def new_logo(self) -> Logo | None:
        """The uploaded picture; no more of it is read than the service would refuse."""
        upload = self.cleaned_data["logo"]
        return Logo(upload.read(BYTES_MAX + 1)) if upload else None

    @staticmethod
    def initial_of(entity: LegalEntity) -> dict[str, Any]:
        """What the form starts with."""
        numbers = {row.component: row.number for row in entity.tax_registrations.all()}
        return {
            **{name: getattr(entity, name) for name in EDITABLE},
            **{
                field: next((numbers[one] for one in components if one in numbers), "")
                for field, components in REGISTRATIONS.items()
            },
            "brand_colour": entity.brand_colour or STANDARD_COLOUR,
        }
