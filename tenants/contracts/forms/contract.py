"""The contract around the terms, and the worked example beside them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared.kernel.forms import CURRENCY_CHOICES
from tenants.contracts.forms.details import DaysField, DetailsForm
from tenants.contracts.forms.fields import AmountField, DayField, HoursField
from tenants.contracts.models import ContractType

Data = Mapping[str, Any] | None
SITE_CHOICE = ("", _("Choose a site"))
# Which amounts of a month the terms of a type look at.
EXAMPLE_INPUTS = {
    ContractType.REVENUE_SHARE: ("revenue",),
    ContractType.PER_LABOR_HOUR: ("regular", "overtime", "double_time", "holiday"),
    ContractType.FIXED_FEE: (),
    ContractType.MANAGEMENT_AGREEMENT: ("revenue", "costs"),
    ContractType.HYBRID: ("revenue", "costs", "regular", "overtime"),
}


class ContractForm(DetailsForm):
    """Site, days, terms of payment and what else stands around the terms."""

    site_id = forms.ChoiceField(label=_("Site"))
    effective_date = DayField(label=_("In force from"))
    end_date = DayField(
        label=_("Last day"), required=False, help_text=_("Empty: until further notice.")
    )
    currency = forms.ChoiceField(
        label=_("Currency"), choices=CURRENCY_CHOICES, help_text=_("It stays the contract's.")
    )
    payment_terms_days = DaysField(
        label=_("To be paid within"), min_value=0, max_value=365, initial=30
    )

    def __init__(self, *args: Any, sites: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = sites if len(sites) == 1 else [SITE_CHOICE, *sites]
        self.fields["site_id"].choices = choices  # type: ignore[attr-defined]


class TermsDateForm(forms.Form):
    """From which day changed terms apply."""

    effective_date = DayField(
        label=_("New terms from"), help_text=_("Days before it keep the terms they have.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)
    allow_invoiced = forms.BooleanField(
        label=_("Record it all the same and ask for recalculation"), required=False
    )


class ExampleForm(forms.Form):
    """A month to try the terms on; nothing of it is stored."""

    revenue = AmountField(label=_("Revenue"), initial=50000)
    costs = AmountField(label=_("Costs"), initial=20000)
    regular = HoursField(label=_("Regular"), initial=160)
    overtime = HoursField(label=_("Overtime"), initial=12)
    double_time = HoursField(label=_("Double time"))
    holiday = HoursField(label=_("Holiday"))

    def __init__(self, data: Data, *, contract_type: str) -> None:
        super().__init__(data, prefix="example")
        wanted = EXAMPLE_INPUTS[ContractType(contract_type)]
        for name in [name for name in self.fields if name not in wanted]:
            del self.fields[name]

    def billing_data(self) -> dict[str, object]:
        """The example month in the shape of `domain.md` 4."""
        data = self.cleaned_data
        hours = ("regular", "overtime", "double_time", "holiday")
        return {
            "revenue_amount": data.get("revenue") or Decimal(0),
            "labor_hours": {name: data.get(name) or Decimal(0) for name in hours},
            "costs": [
                {
                    "description": str(_("Example cost")),
                    "amount": data.get("costs") or Decimal(0),
                    "payroll": True,
                }
            ],
        }
