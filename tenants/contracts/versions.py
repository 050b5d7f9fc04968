"""The versions of a contract's terms, and what each changed, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.kernel.errors import Text
from tenants.contracts.models import Contract, ContractAmendment, ContractTerms


@dataclass(frozen=True)
class Change:
    """One field of the terms before and after; None where it was not there."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Version:
    """The terms from a day on. `is_replaced`: others took their place on their first day."""

    change_id: str
    contract_type: str
    billing_frequency: str
    billing_configuration: Mapping[str, Any]
    valid_from: date
    valid_to: date | None
    reason: Text
    made_by: str
    made_at: datetime
    before: Mapping[str, Any] | None
    is_replaced: bool = False

    @property
    def changes(self) -> list[Change]:
        """What is different from the terms before; empty for the first version."""
        if self.before is None:
            return []
        return list(_changes(terms_fields(self.before), terms_fields(_as_mapping(self))))


def contract_versions(contract: Contract) -> list[Version]:
    """Every version of the terms by its first day, also those replaced since. Two queries."""
    amendments = {row.change_id: row for row in contract.amendments.order_by("created_at")}
    found: list[Version] = []
    former: ContractTerms | None = None
    for terms in contract.terms.all():
        amendment = amendments.pop(terms.change_id, None)
        before = amendment.before if amendment else _terms_mapping(former)
        found.append(
            Version(
                change_id=terms.change_id,
                contract_type=terms.contract_type,
                billing_frequency=terms.billing_frequency,
                billing_configuration=terms.billing_configuration,
                valid_from=terms.valid_from,
                valid_to=terms.valid_to,
                reason=amendment.reason if amendment else "",
                made_by=terms.created_by,
                made_at=terms.created_at,
                before=before or None,
            )
        )
        former = terms
    found += [_replaced(row) for row in amendments.values()]
    return sorted(found, key=lambda one: (one.valid_from, one.made_at))


def _replaced(row: ContractAmendment) -> Version:
    return Version(
        change_id=row.change_id,
        contract_type=row.after["contract_type"],
        billing_frequency=row.after["billing_frequency"],
        billing_configuration=row.after["billing_configuration"],
        valid_from=row.effective_date,
        valid_to=None,
        reason=row.reason,
        made_by=row.amended_by,
        made_at=row.created_at,
        before=row.before or None,
        is_replaced=True,
    )


def _terms_mapping(terms: ContractTerms | None) -> dict[str, Any] | None:
    if terms is None:
        return None
    return {
        "contract_type": terms.contract_type,
        "billing_frequency": terms.billing_frequency,
        "billing_configuration": terms.billing_configuration,
    }


def _as_mapping(version: Version) -> dict[str, Any]:
    return {
        "contract_type": version.contract_type,
        "billing_frequency": version.billing_frequency,
        "billing_configuration": version.billing_configuration,
    }


def terms_fields(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Every value of the terms by its path: `tiers[0].rate`, `billing_frequency`."""
    flat = {
        "contract_type": terms["contract_type"],
        "billing_frequency": terms["billing_frequency"],
    }
    flat.update(_leaves(terms["billing_configuration"], ""))
    return flat


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}[{number}]")
    else:
        yield path, value


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for field in dict.fromkeys((*before, *after)):
        if before.get(field) != after.get(field):
            yield Change(field, before.get(field), after.get(field))
