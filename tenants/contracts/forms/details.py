"""What stands around the terms: who bills, where it is booked, holdback, order and renewal."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.contracts.forms.fields import DayField, PercentField, percent
from tenants.contracts.models import RENEWAL_NOTICE_DAYS, Contract
from tenants.structure.models import Department, LegalEntity, ServiceCategory

Choices = list[tuple[str, Any]]


class DaysField(forms.IntegerField):
    """A number of days with the word beside it."""

    suffix = _("days")


class MonthsField(forms.IntegerField):
    """A number of months with the word beside it."""

    suffix = _("months")


class DetailsForm(forms.Form):
    """The details of a contract; `entities` and `departments` are what can be chosen."""

    entity_id = forms.ChoiceField(label=_("Billed by"), required=False)
    department = forms.ChoiceField(label=_("Department"), required=False)
    service_category = forms.ChoiceField(
        label=_("Kind of service"),
        required=False,
        choices=[("", _("Not told")), *ServiceCategory.choices],
        help_text=_("Where taxes tell kinds of service apart."),
    )
    purchase_order = forms.CharField(label=_("Purchase order"), max_length=100, required=False)
    is_construction = forms.BooleanField(
        label=_("Construction contract"),
        required=False,
        help_text=_("Prompt payment and holdback follow the province's law."),
    )
    is_federal = forms.BooleanField(
        label=_("Federal work"),
        required=False,
        help_text=_(
            "Construction for the Government of Canada: its prompt payment law counts instead of "
            "the province's, and no holdback is asked by law."
        ),
    )
    holdback_rate = PercentField(
        label=_("Holdback"),
        help_text=_("Empty: for construction contracts what the province's law asks, else none."),
    )
    renewal_notice_days = DaysField(
        label=_("Renewal notice"),
        min_value=0,
        max_value=730,
        required=False,
        initial=RENEWAL_NOTICE_DAYS,
    )
    auto_renew_months = MonthsField(
        label=_("Renews by itself for"),
        min_value=1,
        max_value=120,
        required=False,
        help_text=_("Empty: somebody renews it."),
    )

    def __init__(
        self,
        *args: Any,
        entities: Sequence[LegalEntity],
        departments: Sequence[Department],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entity_id"].choices = entity_choices(entities)  # type: ignore[attr-defined]
        self.fields["department"].choices = [  # type: ignore[attr-defined]
            ("", _("None")),
            *((one.code, f"{one.code} · {one.name}") for one in departments),
        ]

    @property
    def details(self) -> dict[str, Any]:
        """What the service takes, of a valid form."""
        data = self.cleaned_data
        notice = data["renewal_notice_days"]
        return {
            "entity_id": UUID(data["entity_id"]) if data["entity_id"] else None,
            "department": data["department"] or None,
            "service_category": data["service_category"],
            "purchase_order": data["purchase_order"],
            "is_construction": data["is_construction"],
            "is_federal": data["is_federal"],
            "holdback_rate": data["holdback_rate"],
            "renewal_notice_days": RENEWAL_NOTICE_DAYS if notice is None else notice,
            "auto_renew_months": data["auto_renew_months"],
        }

    @staticmethod
    def initial_of(contract: Contract) -> dict[str, Any]:
        """What the form starts with when a contract is changed."""
        return {
            "entity_id": str(contract.entity_id) if contract.entity_id else "",
            "department": contract.department.code if contract.department else "",
            "service_category": contract.service_category,
            "purchase_order": contract.purchase_order,
            "is_construction": contract.is_construction,
            "is_federal": contract.is_federal,
            "holdback_rate": percent(contract.holdback_rate),
            "renewal_notice_days": contract.renewal_notice_days,
            "auto_renew_months": contract.auto_renew_months,
            "payment_terms_days": contract.payment_terms_days,
        }


def entity_choices(entities: Sequence[LegalEntity]) -> Choices:
    """Nothing chosen means the default company, which is named."""
    default = next((one.name for one in entities if one.is_default), "")
    others = ((str(one.pk), one.name) for one in entities if not one.is_default)
    return [("", default), *others]


class EditForm(DetailsForm):
    """The details of a contract that is there, and its terms of payment."""

    payment_terms_days = DaysField(label=_("To be paid within"), min_value=0, max_value=365)

    @property
    def changes(self) -> dict[str, Any]:
        """What the service changes, of a valid form."""
        return {**self.details, "payment_terms_days": self.cleaned_data["payment_terms_days"]}


class RenewForm(forms.Form):
    """The next term of a contract."""

    end_date = DayField(
        label=_("Last day of the next term"),
        required=False,
        help_text=_("Empty: until further notice."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)


class TerminateForm(forms.Form):
    """The end of a contract."""

    end_date = DayField(
        label=_("Last day"), help_text=_("Days up to it can still be billed, later ones cannot.")
    )


class SignatureForm(forms.Form):
    """Who signed the text as it reads now."""

    signer_name = forms.CharField(label=_("Name"), max_length=255)
    signer_title = forms.CharField(label=_("Title"), max_length=255, required=False)
    signer_email = forms.EmailField(label=_("E-mail"))
    document_sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)


class AdjustmentForm(forms.Form):
    """A negotiated amount beside the terms."""

    amount = forms.DecimalField(
        label=_("Amount"),
        max_digits=19,
        decimal_places=4,
        help_text=_("Negative for a reduction."),
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    reason = forms.CharField(label=_("Reason"), max_length=500)
    is_monthly = forms.BooleanField(label=_("Every month"), required=False)
    valid_from = DayField(
        label=_("From"), help_text=_("An amount once is billed with the period of this day.")
    )
    valid_to = DayField(
        label=_("To"), required=False, help_text=_("The last day of an amount a month.")
    )


class DecisionForm(forms.Form):
    """What was decided about an adjustment."""

    note = forms.CharField(label=_("Note"), max_length=500, required=False)
