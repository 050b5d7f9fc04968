"""Forms of recipients and reminders."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tenants.delivery.channels import SENDERS
from tenants.delivery.models import Channel, DocumentKind
from tenants.delivery.services import RecipientInput

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
    is_active = forms.BooleanField(label=_("Active"), required=False, initial=True)

    def given(self) -> RecipientInput:
        """The recipient as typed."""
        return RecipientInput(**self.cleaned_data)


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
