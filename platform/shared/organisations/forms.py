"""Forms of the bare domain: sign-up, sign-in finder; and of a tenant's settings."""

from typing import Any

from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from shared.accounts.forms import time_zones
from shared.organisations.services.signup import SignUp
from shared.subscriptions.models import PlanVersion


class SignUpForm(forms.Form):
    """What a visitor fills in; the service checks what the fields mean."""

    organisation_name = forms.CharField(
        label=_("Organisation"),
        max_length=200,
        help_text=_("As it stands on your invoices. You can change it later."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    subdomain = forms.CharField(
        label=_("Address"),
        max_length=40,
        help_text=_("3 to 40 letters, digits or hyphens. Your people sign in here."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "hx-trigger": "input changed delay:300ms, blur",
                "hx-target": "#address-check",
            }
        ),
    )
    plan = forms.ChoiceField(label=_("Plan"), widget=forms.RadioSelect)
    owner_name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Your e-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        help_text=_("At least 10 characters. A few words in a row are easy to keep in mind."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones)

    def __init__(self, *args: Any, versions: list[PlanVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subdomain"].widget.attrs["hx-get"] = reverse("check_subdomain")
        plan = self.fields["plan"]
        assert isinstance(plan, forms.ChoiceField)
        plan.choices = [(version.plan.code, version.plan.name) for version in versions]

    def details(self) -> SignUp:
        """The valid form as the service takes it."""
        return SignUp(**self.cleaned_data)


class FinderForm(forms.Form):
    """An e-mail address, or the organisation's subdomain."""

    wanted = forms.CharField(
        label=_("Your e-mail or your organisation’s address"),
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class AddressForm(forms.Form):
    """The new subdomain of an organisation."""

    subdomain = forms.CharField(
        label=_("New address"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )


class DeletionForm(forms.Form):
    """Typing the organisation's address shows that the end is meant."""

    def __init__(self, *args: Any, subdomain: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subdomain = subdomain

    confirmation = forms.CharField(
        label=_("Type the organisation’s address to confirm"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )

    def clean_confirmation(self) -> str:
        """Raises ValidationError where it is not the present address."""
        text = str(self.cleaned_data["confirmation"]).strip().lower()
        if text != self.subdomain:
            raise forms.ValidationError(_("This is not the organisation’s address."))
        return text
