"""Forms of the revenue page."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RevenueForm(forms.Form):
    """One day's revenue."""

    day = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    gross_amount = forms.DecimalField(
        label=_("Revenue with sales tax"), max_digits=19, decimal_places=4
    )
    net_amount = forms.DecimalField(
        label=_("Net of sales tax"),
        max_digits=19,
        decimal_places=4,
        required=False,
        help_text=_("Empty where no sales tax is in it."),
    )
    category = forms.CharField(label=_("Category"), max_length=60, initial="general")
