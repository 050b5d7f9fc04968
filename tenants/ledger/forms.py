"""Forms of the ledger's pages."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shared.kernel.forms import CURRENCY_CHOICES
from tenants.contracts.forms.fields import DayField


class CloseForm(forms.Form):
    """Close a company's books through a day."""

    through = DayField(label=_("Close through"))
    note = forms.CharField(label=_("Note"), max_length=500, required=False)
    confirmed = forms.BooleanField(
        label=_("Close the books although this is still open"), required=False
    )


class ReopenForm(forms.Form):
    """Open a company's books again."""

    to = DayField(
        label=_("Stay closed through"), help_text=_("Every day after this one is open again.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=500)


class RateForm(forms.Form):
    """An exchange rate entered by hand."""

    currency = forms.ChoiceField(label=_("One unit of"), choices=CURRENCY_CHOICES, initial="USD")
    rate = forms.DecimalField(
        label=_("is"),
        max_digits=18,
        decimal_places=8,
        min_value=Decimal("0.00000001"),
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    into = forms.ChoiceField(label=_("units of"), choices=CURRENCY_CHOICES, initial="CAD")
    on = DayField(label=pgettext_lazy("day", "On"))
