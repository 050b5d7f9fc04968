"""Forms of the pages of payments."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared.kernel.clock import today
from shared.kernel.forms import CURRENCY_CHOICES, PositiveAmountField
from tenants.contracts.forms.fields import DayField
from tenants.payments.models import Method
from tenants.payments.services import RefundInput
from tenants.structure.selectors import default_entity


class ReceiveForm(forms.Form):
    """Money received from a customer."""

    customer_id = forms.CharField(
        label=_("Customer"),
        max_length=20,
        widget=forms.TextInput(attrs={"list": "customers", "autocomplete": "off"}),
        help_text=_("Its number; type a part of the name to choose."),
    )
    amount = PositiveAmountField(label=_("Amount"))
    currency = forms.ChoiceField(label=_("Currency"), choices=CURRENCY_CHOICES)
    received_on = DayField(label=_("Received on"))
    method = forms.ChoiceField(label=_("Method"), choices=Method.choices)
    reference = forms.CharField(
        label=_("Reference"),
        max_length=200,
        required=False,
        help_text=_("What the payer wrote; invoice numbers in it are found."),
    )
    transaction_id = forms.CharField(
        label=_("Transaction number"),
        max_length=100,
        required=False,
        help_text=_("The same number is never recorded twice."),
    )
    automatic = forms.BooleanField(
        label=_("Apply it at once"),
        required=False,
        help_text=_("By reference, by exact amount, else to the oldest due date."),
    )

    @staticmethod
    def initial_of(customer_id: str) -> dict[str, Any]:
        """What the form starts with."""
        return {
            "customer_id": customer_id,
            "received_on": today(),
            "currency": default_entity().currency,
            "automatic": True,
        }


class RefundForm(forms.Form):
    """Money given back."""

    amount = PositiveAmountField(label=_("Amount"))
    method = forms.ChoiceField(label=_("Method"), choices=Method.choices)
    reason = forms.CharField(label=_("Reason"), max_length=500)
    transaction_id = forms.CharField(label=_("Transaction number"), max_length=100, required=False)

    @property
    def given(self) -> RefundInput:
        """What a valid form gives back."""
        data = self.cleaned_data
        return RefundInput(
            amount=data["amount"],
            method=data["method"],
            reason=data["reason"],
            transaction_id=data["transaction_id"] or None,
        )


class ReasonForm(forms.Form):
    """Why a payment is reversed."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("For example: cheque returned for lack of funds."),
    )


class UndoRefundForm(forms.Form):
    """Why a refund is taken back."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("For example: returned by the bank.")
    )


class MethodsForm(forms.Form):
    """The ways to pay that customers are offered."""

    card = forms.BooleanField(label=_("Cards"), required=False)
    bank_debit = forms.BooleanField(
        label=_("Pre-authorised debit from Canadian bank accounts"), required=False
    )


class OnlineForm(MethodsForm):
    """How the organisation's Stripe account is connected by its key."""

    secret_key = forms.CharField(
        label=_("Secret key"),
        max_length=255,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "From Stripe, Developers, API keys. Kept encrypted; empty keeps the present one."
        ),
    )
    account_id = forms.CharField(
        label=_("Connected account"),
        max_length=60,
        required=False,
        help_text=_("Only where the key belongs to a platform: acct_…"),
    )
    webhook_secret = forms.CharField(
        label=_("Signing secret of events"),
        max_length=255,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Leave it empty and the endpoint is made for you at Stripe."),
    )


class FileForm(forms.Form):
    """A file of payments."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV whose first line names its columns, or OFX, QFX, CAMT.053, MT940 from your "
            "bank. Up to 5 MiB and 5,000 lines."
        ),
    )
