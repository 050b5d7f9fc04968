"""The form that brings a file in."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.imports.models import Import

FILE_TYPES = ".csv,.tsv,.txt,.gz,.zip,.xlsx"


class ImportForm(forms.Form):
    """What the rows are, the file, and how its days are written."""

    kind = forms.ChoiceField(label=_("What is in the file"))
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV or Excel (.xlsx), up to 25 MB. A long CSV may be compressed with gzip or ZIP; a "
            "million rows fit."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": FILE_TYPES}),
    )
    day_form = forms.ChoiceField(
        label=_("How days are written"),
        choices=Import.DayForm.choices,
        help_text=_("Real dates of an Excel sheet are read as they are."),
    )

    def __init__(self, *args: Any, kinds: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(value, label) for value, label in Import.Kind.choices if value in kinds]
