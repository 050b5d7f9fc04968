"""Forms of the settings of the billing company."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.tax import GST, HST, PROVINCES, PST, QST, RST
from tenants.structure.logos import BYTES_MAX
from tenants.structure.models import Department, LegalEntity, ServiceCategory
from tenants.structure.presentation import jurisdiction_name
from tenants.structure.services import EDITABLE, JURISDICTIONS, Logo

Choices = list[tuple[str, Any]]
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
    credit_note_prefix = forms.CharField(
        label=_("Credit notes"),
        max_length=9,
        required=False,
        help_text=_("Empty: the invoices' prefix and C."),
    )
    adjustment_prefix = forms.CharField(
        label=_("Adjustment invoices"),
        max_length=9,
        required=False,
        help_text=_("Empty: the invoices' prefix and A."),
    )
    release_prefix = forms.CharField(
        label=_("Holdback releases"),
        max_length=9,
        required=False,
        help_text=_("Empty: the invoices' prefix and H."),
    )
    currency = forms.CharField(
        label=_("Currency of its books"),
        max_length=3,
        required=False,
        help_text=_("Three letters, such as CAD."),
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

    def clean_credit_note_prefix(self) -> str:
        """Capital letters, however they were typed."""
        return str(self.cleaned_data["credit_note_prefix"]).upper()

    def clean_adjustment_prefix(self) -> str:
        """Capital letters, however they were typed."""
        return str(self.cleaned_data["adjustment_prefix"]).upper()

    def clean_release_prefix(self) -> str:
        """Capital letters, however they were typed."""
        return str(self.cleaned_data["release_prefix"]).upper()

    def clean_currency(self) -> str:
        """Capital letters; what the company had where it is left empty."""
        return str(self.cleaned_data["currency"] or self.initial.get("currency", "CAD")).upper()

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


class DepartmentForm(forms.Form):
    """A department, its company and who answers for it."""

    code = forms.CharField(
        label=_("Code"), max_length=20, help_text=_("As in your books; it stays.")
    )
    name = forms.CharField(label=_("Name"), max_length=255)
    entity_id = forms.ChoiceField(label=_("Company"))
    manager_id = forms.ChoiceField(label=_("Manager"), required=False)
    is_active = forms.BooleanField(label=_("Open"), required=False, initial=True)

    def __init__(self, *args: Any, entities: Choices, people: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entity_id"].choices = entities  # type: ignore[attr-defined]
        self.fields["manager_id"].choices = [("", _("Nobody")), *people]  # type: ignore[attr-defined]

    @property
    def given(self) -> dict[str, Any]:
        """What the service takes of a new department, of a valid form."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "entity_id": UUID(data["entity_id"]),
            "manager_id": UUID(data["manager_id"]) if data["manager_id"] else None,
        }

    @staticmethod
    def initial_of(department: Department) -> dict[str, Any]:
        """What the form starts with when a department is changed."""
        return {
            "code": department.code,
            "name": department.name,
            "entity_id": str(department.entity_id),
            "manager_id": str(department.manager_id or ""),
            "is_active": department.is_active,
        }


def _day_field(**options: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(widget=widget, **options)


class _PlaceForm(forms.Form):
    """Where and when a rule counts, and where it is laid down."""

    component = forms.CharField(label=_("Tax"), max_length=10)
    country = forms.CharField(label=_("Country"), max_length=2, initial="CA")
    province = forms.CharField(
        label=_("Province or state"),
        max_length=50,
        required=False,
        help_text=_("Two letters in Canada. Empty: the whole country."),
    )
    starts_on = _day_field(label=_("From"))
    ends_on = _day_field(label=_("To"), required=False, help_text=_("Empty: until further notice."))
    source = forms.CharField(
        label=_("Source"),
        max_length=300,
        help_text=_("The law, bulletin or decision behind it; it stands in the record."),
    )

    def clean_country(self) -> str:
        """Capital letters, however they were typed."""
        return str(self.cleaned_data["country"]).upper()

    def clean_province(self) -> str:
        """Capital letters where it is a code."""
        province = str(self.cleaned_data["province"])
        return province.upper() if len(province) == 2 else province


class TaxRuleForm(_PlaceForm):
    """A tax of the organisation's own, or another rate."""

    field_order = ("component", "rate")
    rate = forms.DecimalField(
        label=_("Rate"),
        max_digits=7,
        decimal_places=4,
        min_value=0,
        max_value=100,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        help_text=_("In percent."),
    )

    def clean_rate(self) -> Decimal:
        """The fraction."""
        return Decimal(self.cleaned_data["rate"]) / 100


class TaxExclusionForm(_PlaceForm):
    """A tax left out of some lines."""

    line_codes = forms.MultipleChoiceField(
        label=_("Lines"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: every line."),
    )
    service_category = forms.ChoiceField(
        label=_("Kind of service"),
        required=False,
        choices=[("", _("Every kind")), *ServiceCategory.choices],
    )

    def __init__(self, *args: Any, lines: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line_codes"].choices = lines  # type: ignore[attr-defined]


class ConstructionRuleForm(forms.Form):
    """A holdback and its release, other than the table's."""

    jurisdiction = forms.ChoiceField(label=_("Province, or federal work"))
    holdback_rate = forms.DecimalField(
        label=_("Holdback"),
        max_digits=7,
        decimal_places=4,
        min_value=0,
        max_value=25,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        help_text=_("In percent, before tax."),
    )
    release_days = forms.IntegerField(
        label=_("Released after, days"),
        min_value=1,
        max_value=730,
        required=False,
        help_text=_("From the completion of the contract. Empty: what the table says."),
    )
    is_yearly = forms.BooleanField(
        label=_("Released every year"),
        required=False,
        help_text=_("The days run from each anniversary of the contract too."),
    )
    starts_on = _day_field(label=_("From"))
    ends_on = _day_field(label=_("To"), required=False, help_text=_("Empty: until further notice."))
    source = forms.CharField(
        label=_("Source"),
        max_length=300,
        help_text=_("The law, bulletin or decision behind it; it stands in the record."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["jurisdiction"].choices = [  # type: ignore[attr-defined]
            (code, jurisdiction_name(code)) for code in JURISDICTIONS
        ]

    def clean_holdback_rate(self) -> Decimal:
        """The fraction."""
        return Decimal(self.cleaned_data["holdback_rate"]) / 100
