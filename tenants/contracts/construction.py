"""Holdback and lien periods: the organisation's own rules over the built-in tables.

Source: `domain.md` 9. Prompt payment is the law alone (see `billing.construction`).
"""

from dataclasses import dataclass
from datetime import date

from billing.construction import HoldbackRule, LienRule, earliest_release, holdback_rule
from tenants.contracts.models import Contract
from tenants.structure.models import ConstructionRule


@dataclass(frozen=True)
class ConstructionBook:
    """Every rule of the organisation, loaded once for however many contracts."""

    holdbacks: tuple[HoldbackRule, ...] = ()
    liens: tuple[LienRule, ...] = ()

    def holdback(self, contract: Contract, on: date) -> HoldbackRule | None:
        """What the law or a rule holds back of a construction contract's invoice of a day."""
        if not contract.is_construction:
            return None
        return holdback_rule(contract.jurisdiction, on, self.holdbacks)

    def earliest_release(self, contract: Contract, held_until: date) -> date | None:
        """The first day on which what was held until a day may be asked for; None if unknown."""
        return earliest_release(
            contract.jurisdiction,
            contract_from=contract.effective_date,
            completed_on=contract.end_date,
            held_until=held_until,
            extra=self.liens,
        )


def construction_book() -> ConstructionBook:
    """The organisation's rules, in one query; the latest start comes first, for it counts."""
    rows = list(ConstructionRule.objects.order_by("jurisdiction", "-starts_on"))
    holdbacks = tuple(
        HoldbackRule(row.jurisdiction, row.holdback_rate, row.source, row.starts_on, row.ends_on)
        for row in rows
    )
    liens = tuple(
        LienRule(
            row.jurisdiction,
            row.release_days,
            row.starts_on,
            row.ends_on,
            row.source,
            yearly=row.is_yearly,
        )
        for row in rows
        if row.release_days is not None
    )
    return ConstructionBook(holdbacks, liens)
