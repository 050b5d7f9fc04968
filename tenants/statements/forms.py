"""Forms of the statement pages."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.periods import Frequency, Period, calendar_period
from shared.kernel.clock import today
from tenants.contracts.forms.fields import AmountField, PercentField, plain
from tenants.contracts.models import ContractType
from tenants.statements.models import RetentionKind, StatementRun, StatementSettings
from tenants.statements.models.retention import YEARS_MAX
from tenants.statements.services import Order

COVERS = (
    ("monthly", _("The month")),
    ("quarterly", _("Its quarter")),
    ("annual", _("Its calendar year")),
)
# Where the service's refusals belong.
ORDER_FIELDS: Mapping[str, str] = {
    "billingPeriod": "month",
    "customerFilters.contractTypes": "contract_types",
    "customerFilters.customerIds": "customers",
}


class RunForm(forms.Form):
    """Which period, whose statements, and how they travel."""

    month = forms.CharField(label=_("Month"), widget=forms.TextInput(attrs={"type": "month"}))
    covers = forms.ChoiceField(label=_("Statements cover"), choices=COVERS, initial="monthly")
    contract_types = forms.MultipleChoiceField(
        label=_("Contract types"),
        choices=ContractType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all."),
    )
    customers = forms.CharField(
        label=_("Customers"),
        required=False,
        max_length=4_000,
        help_text=_("Customer codes, separated by commas; empty means all."),
    )
    detailed = forms.BooleanField(
        label=_("List every charge and tax"), required=False, initial=True
    )
    corrections = forms.BooleanField(
        label=_("Correct statements already made"),
        required=False,
        help_text=_("A new statement replaces each one whose figures have changed since."),
    )
    delivery_method = forms.ChoiceField(
        label=_("Send them"), choices=StatementRun.Delivery.choices, initial="none"
    )

    def clean_month(self) -> tuple[int, int]:
        """Year and month of YYYY-MM."""
        try:
            year, month = map(int, self.cleaned_data["month"].split("-"))
            date(year, month, 1)
        except ValueError as error:
            raise forms.ValidationError(_("Choose a month.")) from error
        return year, month

    @property
    def period(self) -> Period:
        """The period that a valid form asks for."""
        year, month = self.cleaned_data["month"]
        covers = Frequency(self.cleaned_data["covers"])
        return calendar_period(covers, date(year, month, monthrange(year, month)[1]))

    @property
    def order(self) -> Order:
        """What a valid form asks for."""
        data = self.cleaned_data
        names = (name.strip().upper() for name in data["customers"].split(","))
        return Order(
            period=self.period,
            kind="correction" if data["corrections"] else "regular",
            contract_types=data["contract_types"],
            customer_ids=[name for name in names if name],
            detailed=data["detailed"],
            delivery_method=data["delivery_method"],
        )

    @staticmethod
    def initial_month() -> str:
        """The month before the present one, as YYYY-MM."""
        first = today().replace(day=1)
        year, month = (first.year, first.month - 1) if first.month > 1 else (first.year - 1, 12)
        return f"{year}-{month:02}"


class SettingsForm(forms.Form):
    """What is unusual, and how long things are kept."""

    variance_limit = PercentField(label=_("Unusual from a difference of"))
    variance_minimum = AmountField(label=_("and at least"))
    statement = forms.IntegerField(
        label=RetentionKind.STATEMENT.label, min_value=1, max_value=YEARS_MAX
    )
    run = forms.IntegerField(label=RetentionKind.RUN.label, min_value=1, max_value=YEARS_MAX)

    def clean(self) -> dict[str, Any]:
        """Both numbers are needed: an empty one would be no limit at all."""
        data: dict[str, Any] = super().clean() or {}
        for name in ("variance_limit", "variance_minimum"):
            if data.get(name) is None and name not in self.errors:
                self.add_error(name, _("Enter a number."))
        return data

    @staticmethod
    def initial_of(settings: StatementSettings, years: Mapping[str, int]) -> dict[str, Any]:
        """What the form starts with."""
        return {
            "variance_limit": plain(Decimal(settings.variance_limit) * 100),
            "variance_minimum": plain(Decimal(settings.variance_minimum)),
            **years,
        }


class HoldForm(forms.Form):
    """Keep everything of a customer, whatever the rules say."""

    customer_id = forms.CharField(label=_("Customer code"), max_length=20)
    reason = forms.CharField(label=_("Reason"), max_length=500)
