"""Negotiated adjustments as inputs of a period. Source: `domain.md` 4, then for every type."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import Q

from billing.activity import Adjustment
from billing.periods import Period
from tenants.contracts.models import ContractAdjustment


def load_adjustments(
    contract_ids: Collection[UUID], period: Period
) -> dict[UUID, list[ContractAdjustment]]:
    """The approved adjustments of these contracts that belong to the period, in one query."""
    once = Q(is_monthly=False, valid_from__gte=period.start_date)
    monthly = Q(is_monthly=True, valid_to__gte=period.start_date)
    rows = ContractAdjustment.objects.filter(
        once | monthly,
        contract_id__in=contract_ids,
        status=ContractAdjustment.Status.APPROVED,
        valid_from__lte=period.end_date,
    ).order_by("valid_from", "adjustment_id")
    found: dict[UUID, list[ContractAdjustment]] = {}
    for row in rows:
        found.setdefault(row.contract_id, []).append(row)
    return found


def agreed_inputs(rows: Iterable[ContractAdjustment]) -> tuple[Adjustment, ...]:
    """The adjustments as the rating takes them, in order of their first day."""
    return tuple(
        Adjustment(
            reason=row.reason,
            amount=row.amount,
            agreed_on=row.decided_at.date() if row.decided_at else row.valid_from,
            approved_by=row.decided_by,
            days=Period(row.valid_from, row.valid_to) if row.valid_to else None,
        )
        for row in rows
    )
