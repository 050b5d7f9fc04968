"""Forms of billing runs: which month, and which of the contracts due."""

import re
from calendar import monthrange
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.periods import Period
from tenants.contracts.models import BillingFrequency, ContractType
from tenants.invoices.run_filters import VALUES_MAX, RunFilters
from tenants.structure.models import LegalEntity

SEPARATORS = re.compile(r"[\s,;]+")
CODES_LENGTH = 12 * VALUES_MAX


class CodesField(forms.CharField):
    """Public ids, separated by commas, spaces or lines."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 2, "autocapitalize": "characters"})
        super().__init__(required=False, max_length=CODES_LENGTH, widget=widget, **kwargs)

    def clean(self, value: Any) -> tuple[str, ...]:
        """Each id once, in capital letters."""
        codes = SEPARATORS.split(super().clean(value).upper())
        return tuple(dict.fromkeys(code for code in codes if code))


class RunFiltersForm(forms.Form):
    """Which of the contracts due are meant; nothing chosen means all of them."""

    contract_types = forms.MultipleChoiceField(
        label=_("Contract types"),
        choices=ContractType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    frequencies = forms.MultipleChoiceField(
        label=_("Billing frequency"),
        choices=BillingFrequency.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    entity_ids = forms.MultipleChoiceField(
        label=_("Billing companies"), required=False, widget=forms.CheckboxSelectMultiple
    )
    customer_site_ids = CodesField(label=_("Sites"), help_text=_("SITE000001, SITE000002 …"))
    contract_ids = CodesField(label=_("Contracts"), help_text=_("CON00000001, CON00000002 …"))

    FILTERS = ("contract_types", "frequencies", "entity_ids", "customer_site_ids", "contract_ids")

    def __init__(self, *args: Any, entities: list[LegalEntity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = self.fields["entity_ids"]
        if isinstance(choices, forms.MultipleChoiceField):
            choices.choices = [(str(one.pk), one.name) for one in entities]

    @property
    def filters(self) -> RunFilters:
        """The choices of a valid form."""
        data = self.cleaned_data
        return RunFilters(
            contract_types=tuple(data["contract_types"]),
            frequencies=tuple(data["frequencies"]),
            entity_ids=tuple(data["entity_ids"]),
            site_ids=data["customer_site_ids"],
            contract_ids=data["contract_ids"],
        )

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The choices as they were sent, for another form to send along."""
        if not hasattr(self.data, "getlist"):
            return []
        return [(name, value) for name in self.FILTERS for value in self.data.getlist(name)]

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was chosen or typed."""
        return any(value.strip() for _name, value in self.hidden) or any(
            self.initial.get(name) for name in self.FILTERS
        )

    @staticmethod
    def initial_filters(filters: RunFilters) -> dict[str, Any]:
        """What the form starts with for these choices."""
        return {
            "contract_types": list(filters.contract_types),
            "frequencies": list(filters.frequencies),
            "entity_ids": list(filters.entity_ids),
            "customer_site_ids": ", ".join(filters.site_ids),
            "contract_ids": ", ".join(filters.contract_ids),
        }


class RunForm(RunFiltersForm):
    """Which month to bill, and what becomes of the invoices."""

    month = forms.CharField(
        label=_("Month"),
        widget=forms.TextInput(attrs={"type": "month"}),
        help_text=_(
            "Every monthly contract with an active day in it is billed; a quarterly or annual one "
            "with the last month of its quarter or year, for all of it."
        ),
    )
    issue = forms.BooleanField(
        label=_("Issue the invoices at once"),
        required=False,
        help_text=_("Otherwise they wait as drafts."),
    )
    auto_distribute = forms.BooleanField(
        label=_("Send them to the customers"),
        required=False,
        help_text=_("As each customer prefers; only what is issued."),
    )

    hold_warned = forms.BooleanField(
        label=_("Keep as a draft where a check warns"),
        required=False,
        help_text=_("Such an invoice is not issued and not sent until you looked at it."),
    )

    def clean_month(self) -> Period:
        """The calendar month of YYYY-MM."""
        try:
            year, month = map(int, self.cleaned_data["month"].split("-"))
            return Period(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
        except ValueError as error:
            raise forms.ValidationError(_("Choose a month.")) from error

    @staticmethod
    def initial_of(month: Period) -> dict[str, object]:
        """What the form starts with."""
        return {"month": f"{month.start_date:%Y-%m}", "issue": True}
