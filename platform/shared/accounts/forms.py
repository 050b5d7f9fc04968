"""Forms of people, profiles and API credentials."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shared.accounts.models import User
from shared.accounts.permissions import AREA_LABELS, SCOPES, permissions_of_scopes
from shared.accounts.roles import DESCRIPTIONS, Role
from shared.accounts.services.credentials import Grant
from shared.kernel.actor import Actor
from shared.kernel.errors import AppError

CANADA = (
    "America/St_Johns",
    "America/Halifax",
    "America/Moncton",
    "America/Toronto",
    "America/Winnipeg",
    "America/Regina",
    "America/Edmonton",
    "America/Vancouver",
    "America/Whitehorse",
    "America/Iqaluit",
)


def add_problem(form: forms.Form, error: AppError) -> None:
    """Show what a service refused beside the fields it names, else above the form."""
    named = [one for one in error.errors if one.field in form.fields]
    for one in named:
        form.add_error(one.field, str(one.message))
    if not named:
        form.add_error(None, str(error.detail))


def time_zones() -> Iterator[tuple[str, Any]]:
    """Choices of time zones: Canada's first."""
    elsewhere = sorted(name for name in available_timezones() if "/" in name and name not in CANADA)
    elsewhere = [name for name in elsewhere if not name.startswith(("Etc/", "posix/", "right/"))]
    yield str(_("Canada")), [(name, _zone_label(name)) for name in CANADA]
    yield str(_("Elsewhere")), [("UTC", "UTC"), *((name, _zone_label(name)) for name in elsewhere)]


def _zone_label(name: str) -> str:
    return name.replace("_", " ").replace("/", " / ")


class PeopleFilterForm(forms.Form):
    """Which people a list shows; what cannot be understood does not filter."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    role = forms.ChoiceField(
        label=_("Role"), required=False, choices=[("", _("Every role")), *Role.choices]
    )

    def wanted(self) -> dict[str, str]:
        """The selector's keywords."""
        self.full_clean()
        data = self.cleaned_data
        return {"search": data.get("q", ""), "role": data.get("role", "")}


class RoleChoiceForm(forms.Form):
    """A role; only those the actor may hand out."""

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [role for role in Role if role != Role.OWNER or actor.may("people.write_owner")]
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, role.label) for role in roles]

    @property
    def role_texts(self) -> dict[str, Any]:
        """What each role is for, beside its name."""
        return {role.value: text for role, text in DESCRIPTIONS.items()}


class InvitationForm(RoleChoiceForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("They get a link that works once, for 7 days."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("email", "role")


class AcceptForm(forms.Form):
    """What an invited person tells about themselves."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password1 = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        help_text=_("At least 10 characters. A sentence is easier to keep than a puzzle."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("Password again"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        self.email = email
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Both passwords agree and the validators accept them."""
        data: dict[str, Any] = super().clean() or {}
        password = data.get("password1")
        if not password:
            return data
        if password != data.get("password2"):
            self.add_error("password2", _("The two passwords differ."))
        try:
            validate_password(password, User(email=self.email, name=data.get("name", "")))
        except forms.ValidationError as error:
            self.add_error("password1", error)
        return data


class ProfileForm(forms.ModelForm[User]):
    """How the service addresses a person."""

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones)

    class Meta:
        model = User
        fields = ("name", "language", "time_zone")


class LanguageForm(forms.Form):
    """A choice of language and where to go on."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)
    next = forms.CharField(required=False, max_length=2000)


class CredentialForm(forms.Form):
    """What an API client or key may do, from where and until when."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("What uses it, such as “Payroll export”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        help_text=_("The less it may do, the less can go wrong."),
        widget=forms.CheckboxSelectMultiple,
    )
    expires_on = forms.DateField(
        label=_("Works until"),
        required=False,
        help_text=_("The whole day still counts. Without a date it works until revoked."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    allowed_networks = forms.CharField(
        label=_("Allowed networks"),
        required=False,
        help_text=_("One IPv4 or IPv6 network a line, such as 203.0.113.0/24. Empty: anywhere."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [
            (scope, _scope_label(scope))
            for scope in SCOPES
            if all(actor.may(name) for name in permissions_of_scopes([scope]))
        ]

    def grant(self) -> Grant:
        """What was asked for; call it on a valid form."""
        data = self.cleaned_data
        return Grant(
            name=data["name"],
            scopes=data["scopes"],
            allowed_networks=data["allowed_networks"].split(),
            expires_at=_end_of_day(data["expires_on"]),
        )


def _scope_label(scope: str) -> str:
    area, kind = scope.split(":")
    meaning = _("see") if kind == "read" else _("change")
    words = gettext("%(label)s: %(value)s") % {"label": AREA_LABELS[area], "value": meaning}
    return f"{words} ({scope})"


def _end_of_day(day: Any) -> Any:
    """The first moment of the next day in the reader's zone."""
    if day is None:
        return None
    midnight = datetime.combine(day + timedelta(days=1), time.min)
    return timezone.make_aware(midnight)
