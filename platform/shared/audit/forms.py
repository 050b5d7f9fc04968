"""The filter above the record."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shared.audit.selectors import EntryFilter


class EntryFilterForm(forms.Form):
    """Read from the URL; a value that cannot be read filters nothing."""

    q = forms.CharField(label=_("Text"), required=False, max_length=200)
    who = forms.CharField(label=_("Who"), required=False, max_length=254)
    action = forms.CharField(label=_("What"), required=False, max_length=80)
    object = forms.CharField(label=_("On what"), required=False, max_length=254)
    from_day = forms.DateField(
        label=pgettext_lazy("first day", "From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    to_day = forms.DateField(
        label=pgettext_lazy("last day", "To"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def wanted(self) -> EntryFilter:
        """What was asked for."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        given["text"] = given.pop("q", "")
        return EntryFilter(**given)
