"""Which contracts a period's billing run bills, and how far a run is."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    DateField,
    F,
    FilteredRelation,
    Func,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least
from django.db.models.lookups import GreaterThan
from django_stubs_ext import WithAnnotations

from billing.periods import Frequency, Period, calendar_period, uncovered
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from shared.kernel.wording import worded as _
from tenants.contracts.models import IN_FORCE, Contract
from tenants.invoices.calculation import BillingContext
from tenants.invoices.dating import usual_date
from tenants.invoices.models import BillingRun, BillingRunItem, ErrorKind, Invoice
from tenants.invoices.run_filters import EVERYTHING, RunFilters
from tenants.invoices.selectors.contexts import load_contexts


class _Frequency(TypedDict):
    frequency: str


if TYPE_CHECKING:  # at run time it takes no arguments
    BillableContract = WithAnnotations[Contract, _Frequency]


def periods_due(period: Period) -> Mapping[Frequency, Period]:
    """What a run of `period` bills a contract for, by its frequency; a missing one is not due.

    Monthly contracts are billed for the period itself. Quarterly and annual ones are billed
    once, for the whole calendar quarter or year, by the run whose period it ends with.
    Source: `domain.md` 3, frequencies are aligned to the calendar.
    """
    due = {Frequency.MONTHLY: period}
    for frequency in (Frequency.QUARTERLY, Frequency.ANNUAL):
        own = calendar_period(frequency, period.end_date)
        if own.end_date == period.end_date:
            due[frequency] = own
    return due


def billable_contracts(
    period: Period, filters: RunFilters = EVERYTHING
) -> "QuerySet[BillableContract]":
    """Contracts due in a run of the period with an active day in it, drafts left out.

    Each carries its `frequency`, that of the terms in force on the last day of the period.
    """
    last = period.end_date
    in_force = Q(terms__valid_from__lte=last) & (
        Q(terms__valid_to__isnull=True) | Q(terms__valid_to__gte=last)
    )
    due = Q()
    for frequency, own in periods_due(period).items():
        due |= Q(frequency=frequency) & (Q(end_date__isnull=True) | Q(end_date__gte=own.start_date))
    contracts = (
        Contract.objects.annotate(
            terms_in_force=FilteredRelation("terms", condition=in_force),
            frequency=F("terms_in_force__billing_frequency"),
        )
        .filter(effective_date__lte=last)
        .filter(due, status__in=(*IN_FORCE, Contract.Status.TERMINATED))
    )
    return filters.narrow(contracts)


def unbilled_contracts(
    *, actor: Actor, period: Period, filters: RunFilters = EVERYTHING
) -> "QuerySet[BillableContract]":
    """Contracts due in the period with an active day of it that no live invoice bills.

    A quarterly or annual contract is looked at for its whole quarter or year. The live invoices
    of a contract never overlap (the database sees to it), so days can be counted.
    """
    authorize(actor, "contracts.read")
    authorize(actor, "invoices.read")
    starts = [
        When(frequency=frequency, then=Value(own.start_date))
        for frequency, own in periods_due(period).items()
    ]
    due = billable_contracts(period, filters).annotate(
        first_day=Greatest("effective_date", Case(*starts, output_field=DateField())),
        last_day=Least("end_date", Value(period.end_date)),
    )
    live = Invoice.objects.filter(
        contract=OuterRef("pk"),
        kind=Invoice.Kind.REGULAR,
        period_start__lte=OuterRef("last_day"),
        period_end__gte=OuterRef("first_day"),
    ).exclude(document_status=Invoice.DocumentStatus.VOID)
    billed = (
        live.order_by()
        .values("contract")
        .annotate(
            days=Sum(
                _days(
                    Greatest("period_start", OuterRef("first_day")),
                    Least("period_end", OuterRef("last_day")),
                )
            )
        )
    )
    return due.filter(
        GreaterThan(
            _days(F("first_day"), F("last_day")), Coalesce(Subquery(billed.values("days")), 0)
        )
    )


def _days(first: Any, last: Any) -> Func:
    """How many days there are from the first to the last, both counted."""
    return Func(
        last, first, template="(%(expressions)s + 1)", arg_joiner=" - ", output_field=IntegerField()
    )


class DueContract(NamedTuple):
    """A contract that a run bills, and the days on which it is active."""

    pk: UUID
    frequency: Frequency
    effective_date: date
    end_date: date | None


def due_contracts(period: Period, contract_pks: Iterable[UUID]) -> list[DueContract]:
    """Those of these contracts that are due in a run of the period."""
    rows = billable_contracts(period).filter(pk__in=list(contract_pks))
    return [
        DueContract(pk, Frequency(frequency), effective_date, end_date)
        for pk, frequency, effective_date, end_date in rows.values_list(
            "pk", "frequency", "effective_date", "end_date"
        )
    ]


def unbilled_stretches(
    contracts: Sequence[DueContract], period: Period
) -> dict[UUID, tuple[Period, ...]]:
    """For each contract the active days of the period that no live invoice bills, in one query.

    Where no invoice bills any day that is the period itself, as it was asked for.
    """
    billed: dict[UUID, list[Period]] = defaultdict(list)
    rows = Invoice.objects.filter(
        contract_id__in=[one.pk for one in contracts],
        kind=Invoice.Kind.REGULAR,
        period_start__lte=period.end_date,
        period_end__gte=period.start_date,
    ).exclude(document_status=Invoice.DocumentStatus.VOID)
    for pk, first, last in rows.values_list("contract_id", "period_start", "period_end"):
        billed[pk].append(Period(first, last))
    found: dict[UUID, tuple[Period, ...]] = {}
    for one in contracts:
        active = period.overlap(one.effective_date, one.end_date)
        if one.pk in billed and active is not None:
            found[one.pk] = uncovered(active, billed[one.pk])
        else:
            found[one.pk] = (period,)
    return found


def load_open_contexts(
    contracts: Sequence[DueContract], period: Period
) -> Iterator[tuple[BillingContext, tuple[Period, ...]]]:
    """The contracts, loaded for the days of the period that are still to bill, with those days.

    Where these are several stretches it is loaded for the whole period: it is not calculated.
    """
    stretches = unbilled_stretches(contracts, period)
    groups: dict[Period, list[UUID]] = defaultdict(list)
    for pk, parts in stretches.items():
        groups[parts[0] if len(parts) == 1 else period].append(pk)
    for days, members in groups.items():
        for context in load_contexts(members, days, on=usual_date(days), lock=False):
            yield context, stretches[context.contract.pk]


@dataclass(frozen=True)
class RunProgress:
    """How many contracts of a run are in which state."""

    total: int
    waiting: int
    billed: int
    skipped: int
    failed: int

    @property
    def finished(self) -> int:
        """Contracts that the run is done with."""
        return self.total - self.waiting


def billing_runs(*, actor: Actor) -> QuerySet[BillingRun]:
    """All runs, newest first, with how many contracts were billed and failed."""
    authorize(actor, "invoices.read")
    counted = BillingRunItem.objects.filter(run=OuterRef("pk")).order_by().values("run")

    def number_of(status: str) -> Any:
        counts = counted.filter(status=status).annotate(number=Count("pk")).values("number")
        return Coalesce(Subquery(counts), 0)

    return BillingRun.objects.annotate(
        billed=number_of(BillingRunItem.Status.BILLED),
        failed=number_of(BillingRunItem.Status.FAILED),
    ).order_by("-created_at")


def billing_run(*, actor: Actor, run_id: UUID) -> BillingRun:
    """One run. Raises NotFound."""
    authorize(actor, "invoices.read")
    run = BillingRun.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound(_("There is no such billing run."))
    return run


def run_progress(run: BillingRun) -> RunProgress:
    """The run's contracts by state, in one query."""
    counts = dict(run.items.order_by().values_list("status").annotate(Count("pk")))
    return RunProgress(
        total=sum(counts.values()),
        **{status: counts.get(status, 0) for status in BillingRunItem.Status.values},
    )


def run_totals(run: BillingRun) -> dict[str, Decimal]:
    """What the run billed, with tax, by currency."""
    rows = run.items.filter(status=BillingRunItem.Status.BILLED).order_by()
    sums = rows.values_list("invoice__currency").annotate(total=Sum("invoice__total"))
    return dict(sorted((currency, total) for currency, total in sums if currency))


def error_counts(run: BillingRun) -> dict[str, int]:
    """How many of the run's contracts have an error of each kind."""
    rows = run.items.exclude(error_kind="").order_by().values_list("error_kind")
    return dict(rows.annotate(Count("pk")))


def warned_count(run: BillingRun) -> int:
    """How many of the run's invoices failed a check of warning."""
    return run.items.exclude(warnings=[]).count()


def run_items(
    run: BillingRun, *, status: str = "", error_kind: str = "", warned: bool = False
) -> QuerySet[BillingRunItem]:
    """A run's contracts with site, invoice and `contract_code`, the contract's public id."""
    items = run.items.annotate(contract_code=F("contract__contract_id"))
    items = items.select_related("contract__site").prefetch_related(
        Prefetch(
            "invoice",
            queryset=Invoice.objects.only("invoice_id", "number", "total", "currency"),
        )
    )
    if warned:
        items = items.exclude(warnings=[])
    if status in BillingRunItem.Status.values:
        items = items.filter(status=status)
    return items.filter(error_kind=error_kind) if error_kind in ErrorKind.values else items
