"""Forms of the site pages."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from billing.tax import PROVINCES
from shared.kernel.forms import CURRENCY_CHOICES
from shared.kernel.tax_names import NAMES
from tenants.sites.models import Customer, Site, Territory
from tenants.sites.services import BillingContact

PROVINCE_NAMES = {
    "AB": _("Alberta"),
    "BC": _("British Columbia"),
    "MB": _("Manitoba"),
    "NB": _("New Brunswick"),
    "NL": _("Newfoundland and Labrador"),
    "NS": _("Nova Scotia"),
    "NT": _("Northwest Territories"),
    "NU": _("Nunavut"),
    "ON": _("Ontario"),
    "PE": _("Prince Edward Island"),
    "QC": _("Quebec"),
    "SK": _("Saskatchewan"),
    "YT": _("Yukon"),
}
PROVINCE_CHOICES = [
    ("", _("Choose")),
    *((code, format_lazy("{} ({})", PROVINCE_NAMES[code], code)) for code in sorted(PROVINCES)),
]
HOME_COUNTRY = "CA"
SERVICE_FIELDS = {
    "site_name": "site_name",
    "territory_id": "territory_id",
    "billing_contact.name": "contact_name",
    "billing_contact.email": "contact_email",
    "billing_contact.phone": "contact_phone",
    **{f"billing_address.{key}": key for key in ("street1", "street2", "city", "state", "zip")},
}


class SiteForm(forms.Form):
    """A site, its address and who receives its invoices."""

    site_name = forms.CharField(label=_("Site name"), max_length=255)
    territory_id = forms.ChoiceField(label=_("Territory"), required=False)
    street1 = forms.CharField(label=_("Street"), max_length=255)
    street2 = forms.CharField(label=_("Street, second line"), max_length=255, required=False)
    city = forms.CharField(label=_("City"), max_length=100)
    state = forms.ChoiceField(
        label=_("Province"),
        choices=PROVINCE_CHOICES,
        help_text=_("Decides which taxes are charged."),
    )
    zip = forms.CharField(label=_("Postal code"), max_length=20)
    contact_name = forms.CharField(label=_("Billing contact"), max_length=255)
    contact_email = forms.EmailField(label=_("E-mail"))
    contact_phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)

    def __init__(self, *args: Any, territories: Iterable[Territory], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.territory_id, f"{one.name} ({one.territory_id})") for one in territories]
        self.fields["territory_id"].choices = [("", _("None")), *choices]  # type: ignore[attr-defined]
        self.country = str(self.initial.get("country", HOME_COUNTRY))
        if self.country != HOME_COUNTRY:
            label = self.fields["state"].label
            self.fields["state"] = forms.CharField(label=label, max_length=100)

    @property
    def address(self) -> dict[str, object]:
        """The billing address of a valid form; it stays in its country."""
        keys = ("street1", "street2", "city", "state", "zip")
        return {**{key: self.cleaned_data[key] for key in keys}, "country": self.country}

    @property
    def contact(self) -> BillingContact:
        """The billing contact of a valid form."""
        data = self.cleaned_data
        return BillingContact(data["contact_name"], data["contact_email"], data["contact_phone"])

    @staticmethod
    def initial_of(site: Site) -> dict[str, object]:
        """What the form starts with when a site is changed."""
        contact = next(iter(site.billing_contacts), None)  # type: ignore[attr-defined]
        return {
            "site_name": site.name,
            "territory_id": site.territory.territory_id if site.territory else "",
            **site.billing_address,
            "contact_name": contact.name if contact else "",
            "contact_email": contact.email if contact else "",
            "contact_phone": contact.phone if contact else "",
        }


class NewSiteForm(SiteForm):
    """A site that is made: its currency, too, which stays."""

    currency = forms.ChoiceField(
        label=_("Currency"), choices=CURRENCY_CHOICES, help_text=_("Its revenue is reported in it.")
    )


class CustomerForm(forms.Form):
    """Who is billed, in which language and by which terms."""

    name = forms.CharField(label=_("Name"), max_length=255)
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("Of invoices and e-mails.")
    )
    payment_terms_days = forms.IntegerField(
        label=_("Payment terms, days"),
        min_value=0,
        max_value=365,
        required=False,
        help_text=_("Empty: those of each contract."),
    )

    @staticmethod
    def initial_of(customer: Customer) -> dict[str, object]:
        """What the form starts with when a customer is changed."""
        return {
            "name": customer.name,
            "language": customer.language,
            "payment_terms_days": customer.payment_terms_days,
        }


class TerritoryForm(forms.Form):
    """A region of sites; its id is given once."""

    name = forms.CharField(label=_("Name"), max_length=255)
    territory_id = forms.CharField(
        label=_("Id"),
        max_length=7,
        required=False,
        help_text=_("In the form TER####. Empty: the next free one."),
    )

    def __init__(self, *args: Any, renames: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if renames:
            del self.fields["territory_id"]


def _day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ExemptionForm(forms.Form):
    """A certificate that a tax is not charged."""

    component = forms.ChoiceField(label=_("Tax"), choices=sorted(NAMES.items()))
    certificate_number = forms.CharField(label=_("Certificate number"), max_length=100)
    expires_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=_day_input(),
        help_text=_("Empty: until further notice."),
    )


class ExemptionEndForm(forms.Form):
    """The last day of a certificate."""

    expires_on = forms.DateField(label=_("Last day"), widget=_day_input())
