"""Forms of the invoice pages."""

from datetime import date
from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.periods import Frequency, Period, calendar_period
from shared.kernel.clock import today
from shared.kernel.forms import PositiveAmountField
from tenants.contracts.forms.fields import DayField, plain
from tenants.payments.models import Payment


def last_full_month() -> Period:
    """The calendar month before the present one: what people usually bill."""
    first = today().replace(day=1)
    previous = date(first.year - (first.month == 1), first.month - 1 or 12, 1)
    return calendar_period(Frequency.MONTHLY, previous)


class PaymentForm(forms.Form):
    """Money received for an invoice."""

    payment_amount = PositiveAmountField(label=_("Amount"))
    payment_date = DayField(label=_("Received on"))
    payment_method = forms.ChoiceField(label=_("Method"), choices=Payment.Method.choices)
    transaction_id = forms.CharField(
        label=_("Transaction number"),
        max_length=100,
        required=False,
        help_text=_("The same number is never recorded twice."),
    )

    @staticmethod
    def initial_of(balance: Decimal) -> dict[str, object]:
        """What the form starts with: the whole balance, today."""
        return {"payment_amount": plain(balance), "payment_date": today()}
