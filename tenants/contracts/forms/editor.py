"""The terms of one contract: its type's form, or one form a component of a hybrid.

Every type has its own escalation; a hybrid has guarantee and maximum over its components.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms import Form
from django.utils.translation import gettext_lazy as _

from tenants.contracts.forms.fields import AmountField, PercentField, TypeForm, filled, percent
from tenants.contracts.forms.types import SIMPLE_FORMS
from tenants.contracts.models import BillingFrequency, ContractType

COMPONENTS_MAX = 4
ROOT = "billing_configuration"
Data = Mapping[str, Any] | None


class FrameForm(forms.Form):
    """What every type has: frequency and escalation; a hybrid's own guarantee and maximum."""

    billing_frequency = forms.ChoiceField(
        label=_("Billed"), choices=BillingFrequency.choices, initial=BillingFrequency.MONTHLY
    )
    annual_increase = PercentField(label=_("Raise a year, %"))
    escalates_from = forms.DateField(
        label=_("counted from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class BoundsForm(TypeForm):
    """Guarantee and maximum over a hybrid's components."""

    paths = {"minimum_guarantee": "minimum_guarantee", "maximum_cap": "maximum_cap"}
    minimum_guarantee = AmountField(label=_("Minimum guarantee a month"))
    maximum_cap = AmountField(label=_("Maximum a month"))

    def configuration(self) -> dict[str, Any]:
        """The bounds that are given."""
        return filled(**self.cleaned_data)


class TermsEditor:
    """The forms of a contract type together."""

    def __init__(
        self,
        contract_type: str,
        *,
        data: Data = None,
        configuration: Mapping[str, Any] | None = None,
        frequency: str = BillingFrequency.MONTHLY,
    ) -> None:
        given = configuration or {}
        self.contract_type = contract_type
        escalation = given.get("escalation_schedule", {})
        self.frame = FrameForm(
            data,
            initial={
                "billing_frequency": frequency,
                "annual_increase": percent(escalation.get("annual_increase")),
                "escalates_from": escalation.get("effective_date"),
            },
        )
        self.bounds: BoundsForm | None = None
        if contract_type == ContractType.HYBRID:
            self.bounds = BoundsForm(data, prefix="all", initial=dict(given))
            self.parts = _component_forms(data, given)
        else:
            self.parts = [(contract_type, _part(contract_type, data, given, ""))]

    @property
    def forms(self) -> list[Form]:
        """Every form of the editor."""
        own: list[Form] = [self.frame]
        return [
            *own,
            *([self.bounds] if self.bounds else []),
            *(form for _type, form in self.parts),
        ]

    def is_valid(self) -> bool:
        """Whether every form can be read; the rules of the type are checked by the service."""
        valid = [form.is_valid() for form in self.forms]  # each, so that each shows its errors
        return all(valid)

    def configuration(self) -> dict[str, Any]:
        """The whole `billing_configuration` of a valid editor."""
        data = self.frame.cleaned_data
        escalation = filled(
            annual_increase=data["annual_increase"],
            effective_date=data["escalates_from"] and data["escalates_from"].isoformat(),
        )
        shared = filled(escalation_schedule=escalation)
        if self.bounds is None:
            return {**self.parts[0][1].configuration(), **shared}
        components = [{"contract_type": kind, **form.configuration()} for kind, form in self.parts]
        return {"components": components, **self.bounds.configuration(), **shared}

    def add_errors(self, errors: Any) -> None:
        """Put each problem the service found beside its input, or above its form."""
        for problem in errors:
            form, name = self._find(problem.field)
            form.add_error(name, str(problem.message))

    def _find(self, path: str) -> tuple[Form, str | None]:
        if path.startswith(f"{ROOT}.escalation_schedule"):
            field = "escalates_from" if path.endswith("effective_date") else "annual_increase"
            return self.frame, field
        for number, (_kind, form) in enumerate(self.parts):
            root = f"{ROOT}.components[{number}]" if self.bounds else ROOT
            name = _longest(path, form.path_map(root))
            if name or (self.bounds and path.startswith(root)):
                return form, name
        if self.bounds:
            return self.bounds, _longest(path, self.bounds.path_map(ROOT))
        return self.parts[0][1], None


def _longest(path: str, paths: Mapping[str, str]) -> str | None:
    found = [key for key in paths if path == key or path.startswith((f"{key}.", f"{key}["))]
    return paths[max(found, key=len)] if found else None


def _part(contract_type: str, data: Data, given: Mapping[str, Any], prefix: str) -> TypeForm:
    form = SIMPLE_FORMS[contract_type]
    initial = form.initial_of(given) if given else {}  # type: ignore[attr-defined]
    return form(data, prefix=prefix or "terms", initial=initial)


def _component_forms(data: Data, given: Mapping[str, Any]) -> list[tuple[str, TypeForm]]:
    """The components that are ticked in the request, else those of the configuration."""
    stored = list(given.get("components", []))
    if data is not None:
        kinds = [kind for kind in SIMPLE_FORMS if data.get(f"use_{kind}")]
        return [(kind, _part(kind, data, {}, kind)) for kind in kinds[:COMPONENTS_MAX]]
    by_kind = {part["contract_type"]: part for part in stored}
    chosen = by_kind or {ContractType.FIXED_FEE: {}, ContractType.REVENUE_SHARE: {}}
    return [(kind, _part(kind, None, by_kind.get(kind, {}), kind)) for kind in chosen]
