"""Forms of the pages of webhooks, the connection, conflicts and data quality."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.connections.models import QualitySettings, SyncConflict
from tenants.connections.topics import AREAS, may_leave
from tenants.sites.addresses import KEYS as ADDRESS_KEYS
from tenants.sites.addresses import MAX_LENGTH as ADDRESS_LENGTH

ADDRESS_LABELS = {
    "street1": _("Street"),
    "street2": _("Street, second line"),
    "city": _("City"),
    "state": _("Province"),
    "zip": _("Postal code"),
    "country": _("Country"),
}


class WebhookForm(forms.Form):
    """An endpoint: where to, and what of."""

    url = forms.CharField(label=_("Address"), max_length=2000, help_text=_("Starts with https://."))
    description = forms.CharField(label=_("Description"), max_length=200, required=False)
    topics = forms.MultipleChoiceField(
        label=_("Events"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Without a choice, all of them."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(topic, label) for topic, label in AREAS.items() if may_leave(topic)]
        named = {topic for topic, _label in known}
        others = [(one, one) for one in self.initial.get("topics", ()) if one not in named]
        choices = self.fields["topics"]
        assert isinstance(choices, forms.MultipleChoiceField)
        choices.choices = [*known, *others]


class RotateForm(forms.Form):
    """How long the former secret signs too."""

    overlap_hours = forms.IntegerField(
        label=_("Hours for which the former secret signs too"),
        min_value=0,
        max_value=168,
        initial=24,
    )


class ConnectionForm(forms.Form):
    """The billing system; its token is written, never read."""

    name = forms.CharField(label=_("Name"), max_length=100)
    base_url = forms.CharField(
        label=_("Address"), max_length=2000, help_text=_("Starts with https://.")
    )
    token = forms.CharField(
        label=_("Token"),
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, new: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not new:
            self.fields["token"].required = False
            self.fields["token"].help_text = _("Empty keeps the present one.")


class ResolveForm(forms.Form):
    """Whose value counts, or which; an address is edited part by part."""

    choice = forms.ChoiceField(label=_("Which value counts?"), widget=forms.RadioSelect)
    effective_date = forms.DateField(
        label=_("New terms count from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Today where nothing is said."),
    )

    def __init__(self, *args: Any, conflict: SyncConflict, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conflict = conflict
        choices = [("ours", _("Ours")), ("theirs", _("Theirs"))]
        if self.may_edit:
            choices.append(("edited", _("Another value")))
        choice = self.fields["choice"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = choices
        if conflict.record != SyncConflict.Record.CONFIGURATION:
            del self.fields["effective_date"]
        for name, field in self._value_fields():
            self.fields[name] = field

    @property
    def may_edit(self) -> bool:
        """Texts and addresses can become a third value; a type of contract cannot."""
        return (
            self.conflict.ours is not None
            and self.conflict.kind != SyncConflict.Kind.CONTRACT_TYPE
            and (self.is_address or isinstance(self.conflict.ours, str))
        )

    @property
    def is_address(self) -> bool:
        """Whether the value has parts."""
        return self.conflict.kind == SyncConflict.Kind.ADDRESS

    def _value_fields(self) -> list[tuple[str, forms.Field]]:
        if not self.may_edit:
            return []
        ours = self.conflict.ours
        if not self.is_address:
            field = forms.CharField(
                label=_("Another value"), max_length=255, required=False, initial=ours
            )
            return [("value", field)]
        return [
            (
                f"value_{key}",
                forms.CharField(
                    label=ADDRESS_LABELS[key],
                    max_length=ADDRESS_LENGTH,
                    required=False,
                    initial=ours.get(key, ""),
                ),
            )
            for key in ADDRESS_KEYS
        ]

    @property
    def value_fields(self) -> list[forms.BoundField]:
        """The inputs of another value."""
        return [self[name] for name, _field in self._value_fields()]

    @property
    def value(self) -> Any:
        """Another value, of a valid form."""
        data = self.cleaned_data
        if self.is_address:
            parts = {key: data.get(f"value_{key}", "") for key in ADDRESS_KEYS}
            return {key: part for key, part in parts.items() if part}
        return data.get("value") or None


class QualityForm(forms.ModelForm[QualitySettings]):
    """Thresholds, and how long the log is kept."""

    class Meta:
        model = QualitySettings
        fields = ("completeness_min", "currency_min", "error_rate_max", "log_months")


class WeekForm(forms.Form):
    """Which week is added up again."""

    week_start = forms.DateField(
        label=_("Week that begins on Monday"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
