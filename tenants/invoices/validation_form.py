"""The form of the rules that invoices are checked against."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.validation import Severity
from tenants.contracts.forms.fields import plain
from tenants.invoices.models import ValidationSettings
from tenants.invoices.services.validation_settings import LIMIT_MAX
from tenants.invoices.validators import VALIDATORS, Validator

OFF = "off"
STRICTNESS = (
    (Severity.ERROR.value, _("Holds it back")),
    (Severity.WARNING.value, _("Warns")),
    (OFF, _("Is not checked")),
)


class ValidationForm(forms.Form):
    """Tolerance and strictness; one choice for each rule that is not critical."""

    variance_percent = forms.DecimalField(
        label=_("Usual variance"),
        min_value=0,
        max_value=100 * LIMIT_MAX,
        max_digits=9,
        decimal_places=4,
        help_text=_("How far an amount may be from the mean of up to six former periods."),
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    variance_percent.suffix = "%"  # type: ignore[attr-defined]
    missing_days_are_zero = forms.BooleanField(
        label=_("Days without a revenue report were closed"),
        required=False,
        help_text=_(
            "Then a missing day does not hold an invoice back: it is corrected by itself and the "
            "invoice says so."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for rule in VALIDATORS:
            if not rule.is_critical:
                self.fields[self.name_of(rule)] = forms.ChoiceField(
                    label=str(rule.label), choices=STRICTNESS
                )

    @staticmethod
    def name_of(rule: Validator) -> str:
        """The input of a rule."""
        return f"rule_{rule.name}"

    @property
    def variance_limit(self) -> Decimal:
        """The tolerance as a fraction, of a valid form."""
        return Decimal(self.cleaned_data["variance_percent"]) / 100

    @property
    def severities(self) -> dict[str, str]:
        """The chosen severity of each rule that is on."""
        chosen = self._chosen()
        return {rule: severity for rule, severity in chosen.items() if severity != OFF}

    @property
    def off(self) -> list[str]:
        """The rules that are switched off."""
        return [rule for rule, severity in self._chosen().items() if severity == OFF]

    def _chosen(self) -> dict[str, str]:
        return {
            rule.name: self.cleaned_data[self.name_of(rule)]
            for rule in VALIDATORS
            if not rule.is_critical
        }

    @staticmethod
    def initial_of(kept: ValidationSettings) -> dict[str, Any]:
        """What the form starts with."""
        return {
            "variance_percent": plain(Decimal(kept.variance_limit) * 100),
            "missing_days_are_zero": kept.missing_days_are_zero,
            **{
                ValidationForm.name_of(rule): OFF
                if rule.name in kept.off
                else kept.severities.get(rule.name, str(rule.severity))
                for rule in VALIDATORS
            },
        }
