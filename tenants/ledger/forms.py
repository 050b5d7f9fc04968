"""Forms of the ledger's pages."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.money import CURRENCIES
from tenants.contracts.forms.fields import DayField

_CODES = [(code, code) for code in sorted(CURRENCIES)]


class RateForm(forms.Form):
    """An exchange rate entered by hand."""

    currency = forms.ChoiceField(label=_("One unit of"), choices=_CODES, initial="USD")
    rate = forms.DecimalField(
        label=_("is"),
        max_digits=18,
        decimal_places=8,
        min_value=Decimal("0.00000001"),
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    into = forms.ChoiceField(label=_("units of"), choices=_CODES, initial="CAD")
    on = DayField(label=pgettext_lazy("day", "On"))
