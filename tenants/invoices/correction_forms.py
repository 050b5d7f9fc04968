"""Forms that correct an invoice."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared.kernel.clock import today
from shared.kernel.forms import PositiveAmountField, add_errors
from tenants.contracts.forms.fields import AmountField, DayField, plain
from tenants.invoices.explanation import line_name
from tenants.invoices.models import Invoice
from tenants.invoices.selectors.creditable import CreditableLine
from tenants.invoices.services import LineCredit
from tenants.ledger.errors import PeriodClosed


class RemakeForm(forms.Form):
    """Of what day the draft is made again."""

    invoice_date = DayField(
        label=_("Invoice date"),
        help_text=_("Taxes and exchange rates are those of this day."),
    )

    @classmethod
    def behind(cls, closed: PeriodClosed) -> "RemakeForm":
        """Filled in with the first day that is open again, and with what was refused."""
        through = date.fromisoformat(str(closed.extra["closed_through"]))
        form = cls({"invoice_date": through + timedelta(days=1)}, auto_id="remake_%s")
        add_errors(form, closed, {})
        return form


class CreditForm(forms.Form):
    """What to take back: amounts of lines, or one amount; left empty, all that is left."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("The customer reads it on the credit note."),
    )
    amount = AmountField(
        label=_("Amount before tax"),
        help_text=_("Spread over the lines. Leave it and the lines empty to credit everything."),
    )
    invoice_date = DayField(label=_("Date"))

    def __init__(
        self, data: Any = None, *, invoice: Invoice, left: Sequence[CreditableLine]
    ) -> None:
        self.left = [one for one in left if one.line.invoice_id == invoice.pk and one.left]
        super().__init__(data, initial={"invoice_date": max(today(), invoice.invoice_date)})
        for one in self.left:
            if not one.is_holdback:
                name = line_name(one.line.code, one.line.subject)
                self.fields[_input(one)] = AmountField(label=name)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each line with what is left of it and its input; holdback has none."""
        return [
            {
                "name": line_name(one.line.code, one.line.subject),
                "amount": one.line.amount,
                "left": one.left,
                "field": None if one.is_holdback else self[_input(one)],
            }
            for one in self.left
        ]

    @property
    def lines(self) -> list[LineCredit]:
        """The amounts typed beside the lines."""
        given = ((one.line.position, self.cleaned_data.get(_input(one))) for one in self.left)
        return [LineCredit(position, amount) for position, amount in given if amount is not None]

    @property
    def service_fields(self) -> dict[str, str]:
        """Where the refusals of the service belong."""
        chosen = [one.position for one in self.lines]
        return {f"lines[{n}]": f"line_{position}" for n, position in enumerate(chosen)}


class WriteOffForm(forms.Form):
    """What is given up, and why."""

    amount = PositiveAmountField(label=_("Amount"))
    reason = forms.CharField(label=_("Reason"), max_length=500)

    @staticmethod
    def initial_of(balance: Decimal) -> dict[str, object]:
        """What the form starts with: all that is open."""
        return {"amount": plain(balance)}


class ReleaseForm(forms.Form):
    """Releasing holdback before it may be asked for."""

    early = forms.BooleanField(
        label=_("Release it early"),
        required=False,
        help_text=_("Before the lien period has run. It is listed in the SOX evidence."),
    )
    reason = forms.CharField(label=_("Why early"), max_length=500, required=False)


class VoidForm(forms.Form):
    """Why the document is void."""

    reason = forms.CharField(label=_("Reason"), max_length=500)


class DisputeForm(forms.Form):
    """What the customer objects to."""

    amount = PositiveAmountField(
        label=_("Amount with tax"),
        required=False,
        help_text=_("Empty: all that is open, of a line what it comes to with its taxes."),
    )
    position = forms.TypedChoiceField(label=_("Line"), required=False, coerce=int, empty_value=None)
    reason = forms.CharField(label=_("What the customer says"), max_length=500)

    def __init__(self, invoice: Invoice, data: Any = None) -> None:
        super().__init__(data, auto_id="dispute_%s")
        lines = [
            (str(line.position), line_name(line.code, line.subject))
            for line in invoice.lines.all()
            if line.code != "holdback"
        ]
        self.fields["position"].choices = [("", _("The whole invoice")), *lines]  # type: ignore[attr-defined]


class CloseDisputeForm(forms.Form):
    """How a dispute was settled, perhaps by a credit."""

    resolution = forms.CharField(label=_("How it was settled"), max_length=500)
    credit = AmountField(label=_("Credit before tax"))

    def __init__(self, dispute_id: str, data: Any = None) -> None:
        self.dispute_id = dispute_id
        super().__init__(data, auto_id=f"{dispute_id}_%s")


def _input(one: CreditableLine) -> str:
    return f"line_{one.line.position}"
