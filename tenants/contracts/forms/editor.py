"""The terms of one contract: its type's form, or one form a component of a hybrid.

Every type and every component has its own escalation; a hybrid has guarantee and maximum over
its components. All components can be filled in; only the ticked ones count, so unticking one
and ticking it again loses nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import Form
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.errors import FieldProblem
from shared.kernel.errors import FieldError
from shared.kernel.problem_texts import problem_text
from tenants.contracts.forms.contract import Data
from tenants.contracts.forms.fields import AmountField, TypeForm, filled, plain
from tenants.contracts.forms.types import SIMPLE_FORMS
from tenants.contracts.models import BillingFrequency, ContractType

COMPONENTS_MAX = 20
ROOT = "billing_configuration"
# Said without the names that only the API knows.
PAGE_TEXTS: Mapping[str, str | Promise] = {
    "required": _("Fill this in."),
    "only_one_of": _("Fill in only one of these."),
}


class FrameForm(forms.Form):
    """What every type has: how often it is billed."""

    billing_frequency = forms.ChoiceField(
        label=_("Billed"), choices=BillingFrequency.choices, initial=BillingFrequency.MONTHLY
    )


class BoundsForm(TypeForm):
    """Guarantee and maximum over a hybrid's components."""

    paths = {"minimum_guarantee": "minimum_guarantee", "maximum_cap": "maximum_cap"}
    minimum_guarantee = AmountField(label=_("Minimum guarantee a month"))
    maximum_cap = AmountField(label=_("Maximum a month"))

    def terms(self) -> dict[str, Any]:
        """The bounds that are given."""
        data = self.cleaned_data
        return filled(minimum_guarantee=data["minimum_guarantee"], maximum_cap=data["maximum_cap"])

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the form starts with when terms are changed."""
        return {
            **super().initial_of(given),
            "minimum_guarantee": plain(given.get("minimum_guarantee")),
            "maximum_cap": plain(given.get("maximum_cap")),
        }


@dataclass(frozen=True)
class Part:
    """One type's form; `slot` tells the components of a hybrid apart."""

    slot: str
    contract_type: str
    form: TypeForm
    used: bool = True

    @property
    def label(self) -> str | Promise:
        """What the type is called."""
        return ContractType(self.contract_type).label


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
        self.frame = FrameForm(data, initial={"billing_frequency": frequency})
        self.bounds: BoundsForm | None = None
        if contract_type == ContractType.HYBRID:
            initial = BoundsForm.initial_of(given)
            self.bounds = BoundsForm(data, prefix="all", initial=initial)
            self.all_parts = _component_parts(data, given)
        else:
            self.all_parts = [_part(contract_type, contract_type, data, given, prefix="terms")]

    @property
    def parts(self) -> list[Part]:
        """The parts that count."""
        return [part for part in self.all_parts if part.used]

    @property
    def forms(self) -> list[Form]:
        """Every form of the editor that counts."""
        bounds: list[Form] = [self.bounds] if self.bounds else []
        return [self.frame, *bounds, *(part.form for part in self.parts)]

    def is_valid(self) -> bool:
        """Whether every form can be read; the rules of the type are checked by the service."""
        valid = [form.is_valid() for form in self.forms]  # each, so that each shows its errors
        return all(valid)

    def configuration(self) -> dict[str, Any]:
        """The whole `billing_configuration` of a valid editor."""
        if self.bounds is None:
            return self.parts[0].form.configuration()
        components = [
            {"contract_type": part.contract_type, **part.form.configuration()}
            for part in self.parts
        ]
        return {"components": components, **self.bounds.configuration()}

    def add_errors(self, errors: Iterable[FieldError]) -> None:
        """Put each problem the service found beside its input, or above its form."""
        for problem in errors:
            form, name = self._find(problem.field)
            if problem.field == f"{ROOT}.components":
                form.add_error(None, _("Tick at least one component."))
            else:
                form.add_error(name, str(PAGE_TEXTS.get(problem.code, problem.message)))

    def name_problems(self, problems: Iterable[FieldProblem]) -> list[tuple[str, str]]:
        """Input and reason of what stands in the way; what is only missing still is not told."""
        found = ((*self._find(one.field), one) for one in problems if one.code != "required")
        return [
            (str(form[name].label) if name else "", str(problem_text(problem)))
            for form, name, problem in found
        ]

    def _find(self, path: str) -> tuple[Form, str | None]:
        for number, part in enumerate(self.parts):
            root = f"{ROOT}.components[{number}]" if self.bounds else ROOT
            name = _longest(path, part.form.path_map(root))
            if name or (self.bounds and path.startswith(root)):
                return part.form, name
        if self.bounds:
            return self.bounds, _longest(path, self.bounds.path_map(ROOT))
        return self.parts[0].form, None


def _longest(path: str, paths: Mapping[str, str]) -> str | None:
    found = [key for key in paths if path == key or path.startswith((f"{key}.", f"{key}["))]
    return paths[max(found, key=len)] if found else None


def _part(
    slot: str,
    contract_type: str,
    data: Data,
    given: Mapping[str, Any],
    *,
    used: bool = True,
    prefix: str = "",
) -> Part:
    form = SIMPLE_FORMS[contract_type]
    initial = form.initial_of(given) if given else {}
    return Part(slot, contract_type, form(data, prefix=prefix or slot, initial=initial), used)


def _component_parts(data: Data, given: Mapping[str, Any]) -> list[Part]:
    """A part for each stored component in its order, then one for each type without any."""
    stored: list[Mapping[str, Any]] = list(given.get("components", []))
    kinds = [part["contract_type"] for part in stored]
    if data is not None:
        kinds = _slots_of(data)
    rest = [kind for kind in SIMPLE_FORMS if kind not in kinds]
    parts = []
    for number, kind in enumerate([*kinds, *rest]):
        slot = f"part{number}_{kind}"
        configuration = stored[number] if number < len(stored) and data is None else {}
        used = bool(configuration) if data is None else bool(data.get(f"use_{slot}"))
        parts.append(_part(slot, kind, data, configuration, used=used))
    return parts


def _slots_of(data: Mapping[str, Any]) -> list[str]:
    """The types of the components a request brings, in the order of the page."""
    slots = sorted(
        (int(number), kind)
        for number, _separator, kind in (
            name.removeprefix("slot_part").partition("_")
            for name in data
            if name.startswith("slot_part")
        )
        if number.isdecimal() and kind in SIMPLE_FORMS
    )
    return [kind for _number, kind in slots[:COMPONENTS_MAX]]
