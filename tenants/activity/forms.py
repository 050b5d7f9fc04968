"""Forms of the revenue page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

DEFAULT_CATEGORY = "general"


class AmountField(forms.DecimalField):
    """An amount of money with its sign beside it."""

    prefix = "$"

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
        super().__init__(max_digits=19, decimal_places=4, widget=widget, **kwargs)


class RevenueForm(forms.Form):
    """One day's revenue."""

    day = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    gross_amount = AmountField(label=_("Revenue with sales tax"))
    net_amount = AmountField(
        label=_("Net of sales tax"),
        required=False,
        help_text=_("Empty where no sales tax is in it."),
    )
    category = forms.CharField(label=_("Category"), max_length=60, initial=DEFAULT_CATEGORY)
