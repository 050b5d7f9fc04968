"""Putting together what the rules look at, of a calculation or of a stored invoice."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.lines import ChargeLine
from billing.periods import Period
from billing.rating import Input, required_inputs
from billing.totals import Totals
from tenants.contracts.models import Contract
from tenants.invoices.validators import Coverage, RatedPart, Subject


@dataclass(frozen=True)
class FormerPeriod:
    """What an earlier period came to: the revenue it was billed from, and what was billed."""

    revenue: Decimal | None
    subtotal: Decimal | None


def make_subject(
    contract: Contract,
    parts: Sequence[RatedPart],
    totals: Totals,
    *,
    period: Period,
    invoice_date: date,
    due_date: date,
    registered: Iterable[str],
    reported: Container[date] | None,
    former: Sequence[FormerPeriod],
    variance_limit: Decimal,
    corrections: frozenset[str] = frozenset(),
    held: Sequence[ChargeLine] = (),
) -> Subject:
    """The subject of the rules. `reported` is None where revenue did not come from the records.

    `held` are the lines of the holdback, which belong to no part.
    """
    needed = frozenset().union(*(required_inputs(part.terms) for part in parts))
    active = Period(parts[0].period.start_date, parts[-1].period.end_date)
    measured, trailing = _measure(parts, totals, needed, former)
    return Subject(
        parts=parts,
        lines=[*(line for part in parts for line in part.lines), *held],
        totals=totals,
        currency=contract.currency,
        period=period,
        invoice_date=invoice_date,
        due_date=due_date,
        payment_terms_days=contract.net_days,
        effective_date=contract.effective_date,
        end_date=contract.end_date,
        registered=frozenset(registered),
        coverage=Coverage(active, reported)
        if reported is not None and Input.REVENUE in needed
        else None,
        measured=measured,
        trailing=trailing,
        variance_limit=variance_limit,
        corrections=corrections,
    )


def _measure(
    parts: Sequence[RatedPart],
    totals: Totals,
    needed: frozenset[Input],
    former: Sequence[FormerPeriod],
) -> tuple[Decimal | None, list[Decimal]]:
    """What is compared with former periods: the revenue, else the amount of hours and costs.

    Nothing for a contract of fixed amounts.
    """
    if Input.REVENUE in needed:
        revenue = sum((part.activity.revenue_amount or Decimal(0) for part in parts), Decimal(0))
        return revenue, [one.revenue for one in former if one.revenue is not None]
    if needed:
        return totals.subtotal, [one.subtotal for one in former if one.subtotal is not None]
    return None, []
