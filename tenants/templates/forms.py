"""Forms of the template editor."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.contracts.models import ContractType
from tenants.templates.contents import NOTE_MAX, SUBJECT_SOURCE_MAX, Texts, available_kinds
from tenants.templates.models import Language, TemplateVersion

CODE = {"spellcheck": "false", "autocapitalize": "off", "wrap": "off", "data-code": ""}


class NewTemplateForm(forms.Form):
    """What a new template is for."""

    kind = forms.ChoiceField(label=_("Document"))
    contract_type = forms.ChoiceField(
        label=_("Contract type"),
        choices=[("", _("All contract types")), *ContractType.choices],
        required=False,
        help_text=_("A template for one contract type goes before one for all of them."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(str(one), one.label) for one in available_kinds()]  # type: ignore[attr-defined]


class TextsForm(forms.Form):
    """The texts of a version. What they say is checked by the service, with lines."""

    subject = forms.CharField(label=_("Subject"), max_length=SUBJECT_SOURCE_MAX, required=False)
    html = forms.CharField(
        label=_("HTML"), strip=False, widget=forms.Textarea(attrs={**CODE, "rows": 24})
    )
    css = forms.CharField(
        label=_("CSS"),
        strip=False,
        required=False,
        widget=forms.Textarea(attrs={**CODE, "rows": 10}),
        help_text=_("Added to the standard look. Nothing can be fetched."),
    )
    text = forms.CharField(
        label=_("Plain text"), strip=False, widget=forms.Textarea(attrs={**CODE, "rows": 14})
    )
    note = forms.CharField(
        label=_("What changed"),
        max_length=NOTE_MAX,
        required=False,
        help_text=_("Shown with the version."),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, has_subject: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_subject:
            self.fields["subject"].required = True
        else:
            del self.fields["subject"]

    @staticmethod
    def initial_of(version: TemplateVersion, revision: int) -> dict[str, Any]:
        """The texts of a version to start from."""
        return {
            "subject": version.subject,
            "html": version.html,
            "css": version.css,
            "text": version.text,
            "revision": revision,
        }

    @property
    def texts(self) -> Texts:
        """What was typed, its line ends as Python's."""
        return texts_of(self.cleaned_data)


def texts_of(values: Any) -> Texts:
    """Texts from a form's values; browsers send CRLF."""
    read = {
        name: str(values.get(name) or "").replace("\r\n", "\n")
        for name in ("html", "text", "subject", "css")
    }
    return Texts(**read)
