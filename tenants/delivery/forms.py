"""Forms of recipients and reminders."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tenants.delivery.channels import SENDERS
from tenants.delivery.models import Channel, DocumentKind, Recipient
from tenants.delivery.services import EndpointInput, RecipientInput

LEVELS = 3


class RecipientForm(forms.Form):
    """Who gets what."""

    name = forms.CharField(label=_("Name"), max_length=255)
    email = forms.EmailField(label=_("E-mail"), required=False)
    channel = forms.ChoiceField(
        label=_("Channel"),
        choices=[(one.value, one.label) for one in Channel if one.value in SENDERS],
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    kinds = forms.MultipleChoiceField(
        label=_("Documents"),
        choices=DocumentKind.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=DocumentKind.values,
    )
    site_id = forms.ChoiceField(label=_("Site"), required=False)
    is_active = forms.BooleanField(label=_("Active"), required=False, initial=True)

    def __init__(self, *args: Any, sites: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        every = ("", _("Every site of the customer"))
        self.fields["site_id"].choices = [every, *sites]  # type: ignore[attr-defined]

    def given(self) -> RecipientInput:
        """The recipient as typed."""
        return RecipientInput(
            **{**self.cleaned_data, "site_id": self.cleaned_data["site_id"] or None}
        )

    @staticmethod
    def initial_of(recipient: Recipient) -> dict[str, Any]:
        """What the form starts with."""
        names = ("name", "email", "channel", "language", "kinds", "is_active")
        site = recipient.site.site_id if recipient.site else ""
        return {**{name: getattr(recipient, name) for name in names}, "site_id": site}


class LevelsForm(forms.Form):
    """When customers are reminded; an empty level and those after it are left out."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for level in range(1, LEVELS + 1):
            self.fields[f"days_{level}"] = forms.IntegerField(
                label=_("Level %(level)s: days overdue") % {"level": level},
                min_value=1,
                max_value=365,
                required=False,
            )
            self.fields[f"attach_{level}"] = forms.BooleanField(
                label=_("Attach a statement of account"), required=False
            )

    def levels(self) -> list[tuple[int, bool]]:
        """The levels as (days, with statement)."""
        data = self.cleaned_data
        rows = [(data[f"days_{n}"], data[f"attach_{n}"]) for n in range(1, LEVELS + 1)]
        return [(days, attach) for days, attach in rows if days]


class HoldForm(forms.Form):
    """Why a customer is not reminded."""

    reason = forms.CharField(label=_("Reason"), max_length=500)
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


class EndpointForm(forms.Form):
    """The server that a customer's documents are put on."""

    host = forms.CharField(label=_("Server"), max_length=253)
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65_535, initial=22)
    username = forms.CharField(label=_("User"), max_length=100)
    password = forms.CharField(
        label=_("Password"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted; with password and key empty those in force stay."),
    )
    private_key = forms.CharField(
        label=_("Private key"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )
    fingerprint = forms.CharField(
        label=_("Fingerprint of the host key"),
        max_length=60,
        help_text=_("SHA256:…, as the server's operator tells it."),
    )
    folder = forms.CharField(label=_("Folder"), max_length=255, required=False)
    file_name = forms.CharField(
        label=_("File name"),
        max_length=100,
        initial="{code}",
        help_text=_("{code} is the document's number; {kind} and {customer} may be added."),
    )

    def given(self) -> EndpointInput:
        """The endpoint as typed."""
        return EndpointInput(**self.cleaned_data)


class SendGridForm(forms.Form):
    """SendGrid's verification key."""

    key = forms.CharField(
        label=_("Verification key"),
        max_length=1_000,
        help_text=_("From SendGrid, Mail settings, Event webhook, signature verification."),
    )
