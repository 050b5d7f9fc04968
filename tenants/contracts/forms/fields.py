"""Fields that people fill in percent and money, and configurations hold as fractions."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

HUNDRED = Decimal(100)


class NumberField(forms.DecimalField):
    """An optional number; `prefix` and `suffix` stand beside its input."""

    prefix: str | Promise = ""
    suffix: str | Promise = ""

    def __init__(self, *, suffix: str | Promise | None = None, **kwargs: Any) -> None:
        if suffix is not None:
            self.suffix = suffix
        # The placeholder lets the style sheet see which rows are still empty.
        attributes = {"step": "any", "inputmode": "decimal", "placeholder": " "}
        super().__init__(
            required=False, decimal_places=4, widget=forms.NumberInput(attrs=attributes), **kwargs
        )


class PercentField(NumberField):
    """Typed as 15, kept as 0.15."""

    suffix = "%"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=9, **kwargs)

    def clean(self, value: Any) -> Decimal | None:
        """The fraction."""
        percent = super().clean(value)
        return None if percent is None else percent / HUNDRED


class AmountField(NumberField):
    """An amount of money, a limit or a rate an hour."""

    prefix = "$"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=19, **kwargs)


class FactorField(NumberField):
    """A multiplier of the regular rate."""

    suffix = "×"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=9, **kwargs)


class HoursField(NumberField):
    """A number of hours."""

    suffix = _("h")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=9, min_value=Decimal(0), **kwargs)


class DayField(forms.DateField):
    """A calendar day, chosen from the browser's own calendar."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs
        )


class TypeForm(forms.Form):
    """The part of a configuration that one contract type fills, and its escalation."""

    #: configuration path -> input, for showing the refusal of a rule beside its field
    paths: Mapping[str, str] = {}
    annual_increase = PercentField(label=_("Raise each year by"))
    escalates_from = DayField(label=_("Counted from"), required=False)

    def terms(self) -> dict[str, Any]:
        """What the type itself holds, of a valid form; what is empty is left out."""
        raise TypeError("Each contract type says how.")

    def configuration(self) -> dict[str, Any]:
        """The configuration of a valid form with its escalation."""
        data = self.cleaned_data
        escalation = filled(
            annual_increase=data["annual_increase"],
            effective_date=data["escalates_from"] and data["escalates_from"].isoformat(),
        )
        return {**self.terms(), **filled(escalation_schedule=escalation)}

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the form starts with when terms are changed."""
        escalation = given.get("escalation_schedule", {})
        return {
            "annual_increase": percent(escalation.get("annual_increase")),
            "escalates_from": escalation.get("effective_date"),
        }

    @property
    def escalates(self) -> bool:
        """Whether the escalation is to be shown open."""
        return bool(self["annual_increase"].value() or self["escalates_from"].value())

    def path_map(self, root: str) -> dict[str, str]:
        """Where the problems `billing` names below `root` belong."""
        escalation = {
            "escalation_schedule": "annual_increase",
            "escalation_schedule.effective_date": "escalates_from",
        }
        return {f"{root}.{path}": name for path, name in {**escalation, **self.paths}.items()}


def plain(value: Any) -> str | None:
    """A stored number as people type it: 87.2500 is 87.25."""
    return None if value is None else f"{Decimal(str(value)).normalize():f}"


def percent(value: Any) -> str | None:
    """A stored fraction as people type it."""
    return None if value is None else plain(Decimal(str(value)) * HUNDRED)


def filled(**values: Any) -> dict[str, Any]:
    """The values that are given."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}
