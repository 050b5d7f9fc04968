"""Which contracts a period's billing run bills, and how far a run is."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict
from uuid import UUID

from django.db.models import (
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce
from django_stubs_ext import WithAnnotations

from billing.periods import Frequency, Period, calendar_period
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from shared.kernel.wording import worded as _
from tenants.contracts.models import IN_FORCE, Contract
from tenants.invoices.models import BillingRun, BillingRunItem, ErrorKind, Invoice
from tenants.invoices.run_filters import EVERYTHING, RunFilters


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


def live_invoices(period: Period, *, contract: str = "pk") -> QuerySet[Invoice]:
    """A subquery: the live regular invoices in the period of the outer row's `contract`."""
    return Invoice.objects.filter(
        contract=OuterRef(contract),
        kind=Invoice.Kind.REGULAR,
        period_start__lte=period.end_date,
        period_end__gte=period.start_date,
    ).exclude(document_status=Invoice.DocumentStatus.VOID)


def unbilled_contracts(
    *, actor: Actor, period: Period, filters: RunFilters = EVERYTHING
) -> "QuerySet[BillableContract]":
    """Contracts due in the period that no live invoice bills for any day of it."""
    authorize(actor, "contracts.read")
    authorize(actor, "invoices.read")
    return billable_contracts(period, filters).exclude(Exists(live_invoices(period)))


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


def run_items(
    run: BillingRun, *, status: str = "", error_kind: str = ""
) -> QuerySet[BillingRunItem]:
    """A run's contracts with site, invoice and `contract_code`, the contract's public id."""
    items = run.items.annotate(contract_code=F("contract__contract_id"))
    items = items.select_related("contract__site").prefetch_related(
        Prefetch(
            "invoice",
            queryset=Invoice.objects.only("invoice_id", "number", "total", "currency"),
        )
    )
    if status in BillingRunItem.Status.values:
        items = items.filter(status=status)
    return items.filter(error_kind=error_kind) if error_kind in ErrorKind.values else items
