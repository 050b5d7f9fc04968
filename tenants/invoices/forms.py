"""Forms of the invoice pages."""

from calendar import monthrange
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.periods import Frequency, Period, calendar_period
from shared.kernel.clock import today
from tenants.payments.models import Payment

AMOUNT: dict[str, Any] = {"max_digits": 19, "decimal_places": 4, "required": False}
HOURS: dict[str, Any] = {
    "max_digits": 9,
    "decimal_places": 4,
    "min_value": Decimal(0),
    "required": False,
}


def last_full_month() -> Period:
    """The calendar month before the present one: what people usually bill."""
    first = today().replace(day=1)
    previous = date(first.year - (first.month == 1), first.month - 1 or 12, 1)
    return calendar_period(Frequency.MONTHLY, previous)


class GenerateForm(forms.Form):
    """Which contract and period, and what the records do not hold."""

    contract_id = forms.ChoiceField(label=_("Contract"))
    start_date = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    end_date = forms.DateField(
        label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    revenue_amount = forms.DecimalField(
        label=_("Revenue"),
        help_text=_("Leave empty to use the recorded revenue of the period."),
        **AMOUNT,
    )
    regular = forms.DecimalField(label=_("Regular hours"), **HOURS)
    overtime = forms.DecimalField(label=_("Overtime hours"), **HOURS)
    double_time = forms.DecimalField(label=_("Double-time hours"), **HOURS)
    holiday = forms.DecimalField(label=_("Holiday hours"), **HOURS)
    cost_description = forms.CharField(label=_("Cost"), max_length=255, required=False)
    cost_amount = forms.DecimalField(label=_("Cost, net of tax"), **AMOUNT)
    charge_description = forms.CharField(
        label=_("Additional charge"), max_length=255, required=False
    )
    charge_amount = forms.DecimalField(
        label=_("Amount"), help_text=_("Negative for a credit."), **AMOUNT
    )

    def __init__(self, *args: Any, contracts: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contract_id"].choices = contracts  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A description and its amount come together; the period is in order."""
        data = super().clean() or {}
        for kind in ("cost", "charge"):
            text, amount = data.get(f"{kind}_description"), data.get(f"{kind}_amount")
            if text and amount is None:
                self.add_error(f"{kind}_amount", _("Enter the amount."))
            if amount is not None and not text:
                self.add_error(f"{kind}_description", _("Say what it is for."))
        start, end = data.get("start_date"), data.get("end_date")
        if start and end and end < start:
            self.add_error("end_date", _("The period ends before it starts."))
        return data

    def _filled(self, *names: str) -> bool:
        return any(self[name].value() for name in names)

    @property
    def has_hours(self) -> bool:
        """Whether the hours are to be shown open."""
        return self._filled("regular", "overtime", "double_time", "holiday")

    @property
    def has_costs(self) -> bool:
        """Whether costs and charges are to be shown open."""
        return self._filled("cost_amount", "charge_amount", "cost_description")

    @property
    def period(self) -> Period:
        """The period of a valid form."""
        return Period(self.cleaned_data["start_date"], self.cleaned_data["end_date"])

    @property
    def billing_data(self) -> dict[str, object]:
        """What was filled in, in the shape of `domain.md` 4; the rest comes from the records."""
        data = self.cleaned_data
        filled: dict[str, object] = {}
        if data["revenue_amount"] is not None:
            filled["revenue_amount"] = data["revenue_amount"]
        names = ("regular", "overtime", "double_time", "holiday")
        hours = {name: data[name] for name in names if data[name]}
        if hours:
            filled["labor_hours"] = hours
        if data["cost_amount"] is not None:
            filled["costs"] = [
                {"description": data["cost_description"], "amount": data["cost_amount"]}
            ]
        if data["charge_amount"] is not None:
            filled["additional_charges"] = [
                {"description": data["charge_description"], "amount": data["charge_amount"]}
            ]
        return filled


class RunForm(forms.Form):
    """Which month to bill for every contract."""

    month = forms.CharField(
        label=_("Month"),
        widget=forms.TextInput(attrs={"type": "month"}),
        help_text=_("Every contract with an active day in it is billed."),
    )
    issue = forms.BooleanField(
        label=_("Issue the invoices at once"),
        required=False,
        help_text=_("Otherwise they wait as drafts."),
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


class PaymentForm(forms.Form):
    """Money received for an invoice."""

    payment_amount = forms.DecimalField(
        label=_("Amount"), max_digits=19, decimal_places=4, min_value=Decimal("0.0001")
    )
    payment_date = forms.DateField(
        label=_("Received on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    payment_method = forms.ChoiceField(label=_("Method"), choices=Payment.Method.choices)
    transaction_id = forms.CharField(
        label=_("Transaction number"),
        max_length=100,
        required=False,
        help_text=_("The same number is never recorded twice."),
    )
