"""Which of the contracts due a run takes up. An empty choice leaves that side open."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from billing.periods import Frequency
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.wording import worded as _
from tenants.contracts.models import Contract, ContractType
from tenants.sites.models import Site
from tenants.structure.models import LegalEntity

VALUES_MAX = 1000


@dataclass(frozen=True)
class RunFilters:
    """Choices by type, frequency, site, entity and contract; a contract must meet all of them.

    Sites and contracts are named by their public ids, entities by their own.
    """

    contract_types: tuple[str, ...] = ()
    frequencies: tuple[str, ...] = ()
    site_ids: tuple[str, ...] = ()
    entity_ids: tuple[str, ...] = ()
    contract_ids: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether every contract is meant."""
        return self == EVERYTHING

    def as_json(self) -> dict[str, list[str]]:
        """The choices made, as a run keeps them."""
        return {name: list(values) for name, values in asdict(self).items() if values}

    @staticmethod
    def of_json(kept: Mapping[str, Sequence[str]]) -> "RunFilters":
        """The choices that `as_json` kept."""
        return RunFilters(**{name: tuple(values) for name, values in kept.items()})

    def narrow(self, contracts: "QuerySet[Any]") -> "QuerySet[Any]":
        """Of billable contracts (see `selectors.runs`) those that are meant."""
        wanted = {
            "terms_in_force__contract_type__in": self.contract_types,
            "frequency__in": self.frequencies,
            "site__site_id__in": self.site_ids,
            "contract_id__in": self.contract_ids,
        }
        found = contracts.filter(**{name: values for name, values in wanted.items() if values})
        return found.filter(pk__in=_of_entities(self.entity_ids)) if self.entity_ids else found

    def check(self) -> None:
        """Raise Invalid naming each value that names nothing."""
        errors = [
            *_unknown("contract_types", self.contract_types, ContractType.values),
            *_unknown("frequencies", self.frequencies, [one.value for one in Frequency]),
            *_missing("customer_site_ids", self.site_ids, Site, "site_id"),
            *_missing("entity_ids", self.entity_ids, LegalEntity, "pk"),
            *_missing("contract_ids", self.contract_ids, Contract, "contract_id"),
        ]
        if errors:
            raise Invalid(errors=errors)


EVERYTHING = RunFilters()


def _of_entities(entity_ids: Sequence[str]) -> "QuerySet[Contract, Any]":
    """Contracts that these entities bill: the default one also bills those that name none."""
    chosen = [UUID(one) for one in entity_ids]
    named = Contract.objects.filter(entity__in=chosen)
    if LegalEntity.objects.filter(is_default=True, pk__in=chosen).exists():
        named |= Contract.objects.filter(entity__isnull=True)
    return named.values("pk")


def _unknown(field: str, values: Sequence[str], known: Iterable[str]) -> list[FieldError]:
    names = list(known)
    message = _("Use one of: %(choices)s.") % {"choices": ", ".join(names)}
    return [
        FieldError(f"{field}[{index}]", "choice", message)
        for index, value in enumerate(values)
        if value not in names
    ]


def _missing(
    field: str, values: Sequence[str], model: type[Model], attribute: str
) -> list[FieldError]:
    if len(values) > VALUES_MAX:
        message = _("At most %(limit)s values.") % {"limit": VALUES_MAX}
        return [FieldError(field, "too_many", message)]
    if not values:
        return []
    rows = model._default_manager.filter(**{f"{attribute}__in": values})
    known = {str(value) for value in rows.values_list(attribute, flat=True)}
    message = _("There is none of that id.")
    return [
        FieldError(f"{field}[{index}]", "unknown", message)
        for index, value in enumerate(values)
        if value not in known
    ]
