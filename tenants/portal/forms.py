"""What a customer types: an address, and what is wrong with an invoice."""

from django import forms
from django.utils.translation import gettext_lazy as _

from shared.kernel.forms import PositiveAmountField
from tenants.disputes.services import TEXT_MAX
from tenants.invoices.explanation import line_name
from tenants.invoices.models import Invoice


class LinkForm(forms.Form):
    """Where the link goes."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)


class ObjectionForm(forms.Form):
    """How much of an invoice is wrong, and why."""

    position = forms.TypedChoiceField(label=_("Line"), required=False, coerce=int, empty_value=None)
    amount = PositiveAmountField(
        label=_("Amount with tax"),
        required=False,
        help_text=_("Empty: all that is open, of a line what it comes to with its taxes."),
    )
    reason = forms.CharField(
        label=_("What is wrong"),
        max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, invoice: Invoice, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        lines = [
            (str(line.position), line_name(line.code, line.subject))
            for line in invoice.lines.all()
            if line.code != "holdback"
        ]
        self.fields["position"].choices = [("", _("The whole invoice")), *lines]  # type: ignore[attr-defined]
