"""Fields that people fill in percent and money, and configurations hold as fractions."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

HUNDRED = Decimal(100)


class PercentField(forms.DecimalField):
    """Typed as 15, kept as 0.15."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=9, decimal_places=4, required=False, **kwargs)

    def clean(self, value: Any) -> Decimal | None:
        """The fraction."""
        percent = super().clean(value)
        return None if percent is None else percent / HUNDRED


class AmountField(forms.DecimalField):
    """An amount of money, a limit or a rate an hour."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=19, decimal_places=4, required=False, **kwargs)


class TypeForm(forms.Form):
    """The part of a configuration that one contract type fills."""

    #: configuration path -> input, for showing the refusal of a rule beside its field
    paths: Mapping[str, str] = {}

    def configuration(self) -> dict[str, Any]:
        """The configuration of a valid form; what is empty is left out."""
        raise TypeError("Each contract type says how.")

    def path_map(self, root: str) -> dict[str, str]:
        """Where the problems `billing` names below `root` belong."""
        return {f"{root}.{path}": name for path, name in self.paths.items()}


def percent(value: Any) -> Decimal | None:
    """A stored fraction as people type it."""
    return None if value is None else Decimal(str(value)) * HUNDRED


def filled(**values: Any) -> dict[str, Any]:
    """The values that are given."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}
