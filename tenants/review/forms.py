"""The form that closes a review item."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.review.models import ReviewItem
from tenants.review.services import NOTE_MAX

CLOSINGS = (
    (ReviewItem.Status.RESOLVED.value, _("It was dealt with")),
    (ReviewItem.Status.DISMISSED.value, _("It needs nothing")),
)


class CloseForm(forms.Form):
    """How an item is closed, and why."""

    status = forms.ChoiceField(label=_("How"), choices=CLOSINGS, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Note"),
        max_length=NOTE_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed where it needs nothing: say why."),
    )
