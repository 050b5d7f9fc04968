"""The contract around the terms, and the worked example beside them."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


def _day(**kwargs: Any) -> forms.DateField:
    return forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs
    )


class ContractForm(forms.Form):
    """Site, days and terms of payment."""

    site_id = forms.ChoiceField(label=_("Site"))
    effective_date = _day(label=_("In force from"))
    end_date = _day(
        label=_("Last day"), required=False, help_text=_("Empty: until further notice.")
    )
    payment_terms_days = forms.IntegerField(
        label=_("Payment terms, days"), min_value=0, max_value=365, initial=30
    )

    def __init__(self, *args: Any, sites: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site_id"].choices = sites  # type: ignore[attr-defined]


class TermsDateForm(forms.Form):
    """From which day changed terms apply."""

    effective_date = _day(
        label=_("New terms from"), help_text=_("Days before it keep the terms they have.")
    )


class ExampleForm(forms.Form):
    """A month to try the terms on; nothing of it is stored."""

    revenue = forms.DecimalField(
        label=_("Revenue"), initial=50000, required=False, max_digits=15, decimal_places=2
    )
    regular = forms.DecimalField(
        label=_("Regular hours"),
        initial=160,
        required=False,
        min_value=0,
        max_digits=8,
        decimal_places=2,
    )
    overtime = forms.DecimalField(
        label=_("Overtime hours"),
        initial=12,
        required=False,
        min_value=0,
        max_digits=8,
        decimal_places=2,
    )
    costs = forms.DecimalField(
        label=_("Costs"), initial=20000, required=False, max_digits=15, decimal_places=2
    )

    def billing_data(self) -> dict[str, object]:
        """The example month in the shape of `domain.md` 4."""
        data = self.cleaned_data
        return {
            "revenue_amount": data["revenue"] or Decimal(0),
            "labor_hours": {
                "regular": data["regular"] or Decimal(0),
                "overtime": data["overtime"] or Decimal(0),
            },
            "costs": [
                {
                    "description": str(_("Example cost")),
                    "amount": data["costs"] or Decimal(0),
                    "payroll": True,
                }
            ],
        }
