"""What waits in manual review although nothing stands in the way of billing any more.

Whether a contract can be billed depends on its terms, records, registrations and books, which many
writes mend. So it is tried as a run would, with nothing written: at once where revenue becomes
complete or a company's registrations change, every night for whatever else has changed.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db import OperationalError
from django.db.models import QuerySet

from billing.periods import Period
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.errors import AppError
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.wording import worded as _
from tenants.activity.hooks import SiteDay
from tenants.activity.models import RevenueRecord
from tenants.contracts.models import Contract
from tenants.invoices.calculation import BillingContext
from tenants.invoices.models import ErrorKind
from tenants.invoices.selectors.runs import due_contracts, load_open_contexts, periods_due
from tenants.invoices.services.generation import calculate_open
from tenants.invoices.services.late_revenue import FIELD
from tenants.invoices.services.recovery import CALCULATION_CHECKS
from tenants.ledger.periods import closed_through
from tenants.review.models import ReviewItem
from tenants.review.services import close_many
from tenants.structure.models import LegalEntity

logger = logging.getLogger(__name__)

AT_ONCE = 1_000  # of an organisation and night, oldest first
KINDS = (ErrorKind.DATA_VALIDATION, ErrorKind.CALCULATION)


def heal_reviews(*, actor: Actor = SYSTEM) -> int:
    """Close what could be billed by now, of the oldest 1,000; how many. Writes nothing else.

    What failed for a reason that a calculation does not meet, such as the database's, stays until
    the contract is billed.
    """
    found = _open_items().order_by("created_at", "pk")[:AT_ONCE]
    return _close_healed(actor, found)


def heal_after_revenue(actor: Actor, days: Collection[SiteDay]) -> None:
    """Close what lacked revenue of which every day is recorded now.

    A part of the transaction that changes the revenue. A month that is reported in one sum is
    left to the night: its first report of many looks the same.
    """
    sites = {site for site, _day in days}
    lacking = _open_items().filter(site_id__in=sites, field=FIELD).order_by("pk")
    items = [one for one in lacking[:AT_ONCE] if _concerns(one, days)]
    if items:
        _close_healed(actor, _complete(items))


def heal_after_registration(_entity_id: UUID) -> None:
    """Look at everything that waits, in the background: any of it may lack the registration."""
    from tenants.invoices.tasks import heal_open_reviews

    if _open_items().exists():
        enqueue_after_commit(heal_open_reviews)


def _open_items() -> QuerySet[ReviewItem]:
    return ReviewItem.objects.filter(kind__in=KINDS, status=ReviewItem.Status.OPEN)


def _concerns(item: ReviewItem, days: Collection[SiteDay]) -> bool:
    period = _period_of(item)
    return any(site == item.site_id and day in period for site, day in days)


def _period_of(item: ReviewItem) -> Period:
    first, last = (date.fromisoformat(item.details[f"period_{end}"]) for end in ("start", "end"))
    return Period(first, last)


def _complete(items: Sequence[ReviewItem]) -> Iterator[ReviewItem]:
    """Those whose contract has a record of each of its active days. Two queries."""
    periods = {one.pk: _period_of(one) for one in items}
    first = min(period.start_date for period in periods.values())
    last = max(period.end_date for period in periods.values())
    rows = RevenueRecord.objects.filter(
        site_id__in={one.site_id for one in items}, day__range=(first, last)
    )
    known: dict[UUID, set[date]] = defaultdict(set)
    for site, day in rows.order_by().values_list("site_id", "day").distinct():
        known[site].add(day)
    contracts = Contract.objects.filter(contract_id__in=[_code(one) for one in items])
    active = {one.contract_id: (one.effective_date, one.end_date) for one in contracts}
    for item in items:
        billed = periods[item.pk].overlap(*active.get(_code(item), (date.max, None)))
        if billed and item.site_id and known[item.site_id].issuperset(billed):
            yield item


def _code(item: ReviewItem) -> str:
    return str(item.details["contract_id"])


def _close_healed(actor: Actor, items: Iterable[ReviewItem]) -> int:
    by_period: dict[Period, dict[str, ReviewItem]] = defaultdict(dict)
    for item in items:
        if item.kind == ErrorKind.DATA_VALIDATION or item.details["code"] in CALCULATION_CHECKS:
            by_period[_period_of(item)][_code(item)] = item
    healed = 0
    for period, members in by_period.items():
        waiting = _failing(period, set(members))
        targets = [item.target_id for code, item in members.items() if code not in waiting]
        note = _("Nothing stands in the way any more.")
        healed += close_many(actor=actor, kinds=KINDS, target_ids=targets, note=note)
    return healed


def _failing(period: Period, codes: Collection[str]) -> set[str]:
    """Which of these contracts, by their codes, a run of the period could not bill yet."""
    keys = Contract.objects.filter(contract_id__in=codes).values_list("pk", flat=True)
    due, periods = due_contracts(period, keys), periods_due(period)
    closed = closed_through(LegalEntity.objects.values_list("pk", flat=True))
    found = set()
    for frequency, own in periods.items():
        members = [one for one in due if one.frequency == frequency]
        for context, stretches in load_open_contexts(members, own):
            if stretches and not _is_billable(context, stretches, closed):
                found.add(context.contract.contract_id)
    return found


def _is_billable(
    context: BillingContext, stretches: tuple[Period, ...], closed: Mapping[UUID, date]
) -> bool:
    try:
        dated = calculate_open(context, stretches).invoice_date
    except AppError:
        return False
    except OperationalError:
        raise
    except Exception:
        logger.exception("review.not_calculable")
        return False
    through = closed.get(context.entity.pk)
    return through is None or dated > through
