"""The weekly performance sync: what each site took, and what that changes in its bills.

The impact of a week's revenue on a contract is the charge of its billing period with the revenue
up to the week's end, less the charge with the revenue before the week: fees cancel out, tiers,
guarantee and cap count as they will on the invoice. A week across two periods is both parts.
Source: seed 000, Weekly Performance Sync.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from billing.activity import Activity
from billing.errors import BillingError
from billing.money import round_money
from billing.periods import Frequency, Period, calendar_period
from billing.rating import Input, rate_contract, required_inputs
from billing.terms import parse_terms
from connectors.billing_system import BillingSystem, WeeklyPerformance
from shared.kernel.clock import now
from tenants.activity.selectors import revenue_totals
from tenants.connections.models import SyncRun, WeeklySiteFigure
from tenants.connections.work.stepping import Step
from tenants.contracts.models import Contract, ContractTerms
from tenants.contracts.selectors import terms_in_order, terms_on
from tenants.sites.models import Site

PAGE = 100
SENT_AT_ONCE = 100
WEEK = timedelta(days=6)
ZERO = Decimal(0)


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def compute_week(_system: BillingSystem | None, run: SyncRun) -> Step:
    """Add up one page of sites; figures that changed since they were sent are sent again."""
    week = _week(run)
    rows = Site.objects.order_by("pk")
    sites = list((rows.filter(pk__gt=UUID(run.cursor)) if run.cursor else rows)[:PAGE])
    step = Step(str(sites[-1].pk) if len(sites) == PAGE else "")
    totals = revenue_totals([site.pk for site in sites], week)
    impacts = _impacts(sites, week)
    kept = {
        figure.site_id: figure
        for figure in WeeklySiteFigure.objects.filter(site__in=sites, week_start=week.start_date)
    }
    for site in sites:
        total = totals.get(site.pk)
        step.count("read")
        if total is None and site.pk not in kept:
            continue
        values = {
            "currency": site.currency,
            "revenue": total.net_amount if total else ZERO,
            "days_reported": total.days if total else 0,
            "billing_impact": impacts.get(site.pk, ZERO),
        }
        step.count(_keep(site, week, values, kept.get(site.pk)))
    return step


def _keep(
    site: Site, week: Period, values: dict[str, object], figure: WeeklySiteFigure | None
) -> str:
    """Write a figure; what happened to it."""
    if figure is None:
        WeeklySiteFigure.objects.update_or_create(
            site=site, week_start=week.start_date, defaults={**values, "sent_at": None}
        )
        return "inserted"
    if all(getattr(figure, name) == value for name, value in values.items()):
        return "unchanged"
    for name, value in values.items():
        setattr(figure, name, value)
    figure.sent_at = None
    figure.save(update_fields=[*values, "sent_at"])
    return "updated"


def send_week(system: BillingSystem | None, run: SyncRun) -> Step:
    """Send the figures that were not sent yet, a hundred at once."""
    if system is None:
        return Step()
    week = _week(run)
    waiting = WeeklySiteFigure.objects.filter(week_start=week.start_date, sent_at__isnull=True)
    figures = list(waiting.select_related("site").order_by("pk")[:SENT_AT_ONCE])
    if not figures:
        return Step()
    system.put_performance(
        [_neutral(figure, week) for figure in figures],
        idempotency_key=f"week-{week.start_date}-{run.pk}-{figures[0].pk}",
    )
    sent = [figure.pk for figure in figures]
    WeeklySiteFigure.objects.filter(pk__in=sent).update(sent_at=now())
    return Step("more" if len(figures) == SENT_AT_ONCE else "", {"sent": len(figures)})


def _neutral(figure: WeeklySiteFigure, week: Period) -> WeeklyPerformance:
    return WeeklyPerformance(
        customer_id=figure.site.site_id,
        week_start_date=week.start_date,
        week_end_date=week.end_date,
        currency=figure.currency,
        revenue=figure.revenue,
        billing_impact=figure.billing_impact,
    )


def _week(run: SyncRun) -> Period:
    assert run.week_start is not None
    return Period(run.week_start, run.week_start + WEEK)


def _impacts(sites: Sequence[Site], week: Period) -> dict[UUID, Decimal]:
    """The week's effect on the bills of each site, its contracts together."""
    contracts = list(
        Contract.objects.filter(
            site__in=sites,
            effective_date__lte=week.end_date,
        )
        .exclude(status=Contract.Status.DRAFT)
        .prefetch_related(terms_in_order())
    )
    revenue = _Revenue([site.pk for site in sites])
    impacts: dict[UUID, Decimal] = {}
    for contract in contracts:
        change = sum((_impact(contract, part, revenue) for part in _parts(contract, week)), ZERO)
        impacts[contract.site_id] = impacts.get(contract.site_id, ZERO) + change
    return impacts


class _Revenue:
    """Revenue of the page's sites by period, each period asked for once."""

    def __init__(self, sites: Sequence[UUID]) -> None:
        self._sites = sites
        self._known: dict[Period, dict[UUID, Decimal]] = {}

    def of(self, site: UUID, first: date, last: date) -> Decimal:
        if last < first:
            return ZERO
        period = Period(first, last)
        if period not in self._known:
            found = revenue_totals(self._sites, period)
            self._known[period] = {pk: total.net_amount for pk, total in found.items()}
        return self._known[period].get(site, ZERO)


def _parts(contract: Contract, week: Period) -> Iterator[tuple[ContractTerms, Period, Period]]:
    """The week's days by billing period: the terms on the last of them, the days, the period."""
    day = week.start_date
    while day <= week.end_date:
        terms = terms_on(contract, day)
        if terms is None:
            day += timedelta(days=1)
            continue
        period = calendar_period(Frequency(terms.billing_frequency), day)
        last = min(period.end_date, week.end_date)
        yield terms_on(contract, last) or terms, Period(day, last), period
        day = last + timedelta(days=1)


def _impact(
    contract: Contract, part: tuple[ContractTerms, Period, Period], revenue: _Revenue
) -> Decimal:
    """What the days' revenue adds to the period's charge; 0 where revenue does not count."""
    terms, days, period = part
    start = max(period.start_date, contract.effective_date)
    before = revenue.of(contract.site_id, start, days.start_date - timedelta(days=1))
    during = revenue.of(contract.site_id, max(days.start_date, start), days.end_date)
    try:
        parsed = parse_terms(terms.contract_type, terms.billing_configuration)
        if required_inputs(parsed) - {Input.REVENUE, Input.COSTS} or not during:
            return ZERO
        charges = [
            sum(
                (
                    line.amount
                    for line in rate_contract(
                        parsed,
                        currency=contract.currency,
                        effective_date=contract.effective_date,
                        end_date=contract.end_date,
                        period=period,
                        activity=Activity(revenue_amount=amount),
                    )
                ),
                ZERO,
            )
            for amount in (before, before + during)
        ]
    except BillingError:
        return ZERO
    return round_money(charges[1] - charges[0], contract.currency)
