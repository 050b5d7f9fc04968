"""What the rules compare with: single days of recorded revenue, and former periods."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import TruncMonth

from billing.periods import Frequency, Period, previous_period
from billing.validation import TRAILING_PERIODS
from tenants.activity.models import RevenueRecord
from tenants.contracts.models import Contract
from tenants.contracts.selectors import current_terms
from tenants.invoices.checking import FormerPeriod
from tenants.invoices.models import Invoice

LONGEST_BACK = 2 * TRAILING_PERIODS  # a contract with two bills a period


def revenue_by_site_day(
    site_ids: Iterable[UUID], period: Period
) -> dict[UUID, dict[date, Decimal]]:
    """The net revenue of several sites by day, in one query; days without a report are absent."""
    rows = (
        RevenueRecord.objects.filter(
            site_id__in=list(site_ids), day__range=(period.start_date, period.end_date)
        )
        .values_list("site_id", "day")
        .annotate(net=Sum("net_amount"))
        .order_by()
    )
    found: dict[UUID, dict[date, Decimal]] = defaultdict(dict)
    for site_id, day, net in rows:
        found[site_id][day] = net
    return dict(found)


def former_periods(
    contracts: Sequence[Contract], period: Period
) -> dict[UUID, tuple[FormerPeriod, ...]]:
    """Up to six former periods of each contract, newest first, in two queries at most.

    They are what earlier invoices billed; where a contract has none, the revenue that is
    recorded of its site.
    """
    found = _billed_before([contract.pk for contract in contracts], period)
    new = [contract for contract in contracts if contract.pk not in found]
    return {**_recorded_before(new, period), **found} if new else found


def _billed_before(
    contract_pks: Collection[UUID], period: Period
) -> dict[UUID, tuple[FormerPeriod, ...]]:
    first = _months_back(period.start_date, LONGEST_BACK * Frequency.ANNUAL.months)
    revenue = KeyTextTransform("revenue_amount", KeyTransform("billing_data", "inputs"))
    rows = (
        Invoice.objects.filter(
            contract_id__in=contract_pks,
            kind=Invoice.Kind.REGULAR,
            period_end__lt=period.start_date,
            period_end__gte=first,
        )
        .exclude(document_status=Invoice.DocumentStatus.VOID)
        .order_by("-period_end")
        .values_list("contract_id", revenue, "subtotal")
    )
    found: dict[UUID, list[FormerPeriod]] = defaultdict(list)
    for contract_pk, amount, subtotal in rows:
        if len(found[contract_pk]) < TRAILING_PERIODS:
            known = None if amount is None else Decimal(amount)
            found[contract_pk].append(FormerPeriod(known, subtotal))
    return {contract_pk: tuple(periods) for contract_pk, periods in found.items()}


def _recorded_before(
    contracts: Sequence[Contract], period: Period
) -> dict[UUID, tuple[FormerPeriod, ...]]:
    frequencies = {
        contract.pk: Frequency(current_terms(contract, period.end_date).billing_frequency)
        for contract in contracts
    }
    longest = max(frequency.months for frequency in frequencies.values())
    months = (
        RevenueRecord.objects.filter(
            site_id__in={contract.site_id for contract in contracts},
            day__gte=_months_back(period.start_date, longest * TRAILING_PERIODS),
            day__lt=period.start_date,
        )
        .values_list("site_id", TruncMonth("day"))
        .annotate(net=Sum("net_amount"))
        .order_by()
    )
    by_site: dict[UUID, dict[date, Decimal]] = defaultdict(dict)
    for site_id, month, net in months:
        by_site[site_id][month] = net
    return {
        contract.pk: _sum_by_period(by_site[contract.site_id], frequencies[contract.pk], period)
        for contract in contracts
        if contract.site_id in by_site
    }


def _sum_by_period(
    months: dict[date, Decimal], frequency: Frequency, period: Period
) -> tuple[FormerPeriod, ...]:
    """Former calendar periods with any revenue in them, newest first."""
    found = []
    former = period
    for _number in range(TRAILING_PERIODS):
        if former.start_date == date.min:
            break
        former = previous_period(frequency, former)
        amounts = [net for month, net in months.items() if month in former]
        if amounts:
            found.append(FormerPeriod(sum(amounts, Decimal(0)), None))
    return tuple(found)


def _months_back(day: date, months: int) -> date:
    """The first day of the month that many months before; the calendar's first day at the end."""
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, 1) if index >= 12 else date.min
