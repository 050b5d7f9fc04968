"""What waits for a person, most urgent first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery, Window

from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.contracts.models import Contract
from tenants.invoices.models import IS_OPEN, BillingRun, BillingRunItem, Invoice
from tenants.invoices.selectors import invoice_list
from tenants.invoices.selectors.runs import unbilled_contracts
from tenants.reporting.selectors.month import UNISSUED


@dataclass(frozen=True)
class Attention:
    """The first few of each kind, and how many failed or unbilled contracts there are in all."""

    overdue: Sequence[Invoice]
    failed: Sequence[BillingRunItem]
    failed_count: int
    drafts: Sequence[Invoice]
    unbilled: Sequence[Contract]
    unbilled_count: int
    warned_run: BillingRun | None
    """The period's latest run in which an invoice failed a check of warning."""
    warned_count: int

    @property
    def contracts_unbilled(self) -> int:
        """All the contracts that are not billed, those that failed with them."""
        return self.failed_count + self.unbilled_count


def needs_attention(*, actor: Actor, period: Period, as_of: date, limit: int) -> Attention:
    """Overdue invoices, failed contracts, drafts, unbilled contracts, warnings; five queries.

    A contract that failed is not named again as unbilled.
    """
    overdue = (
        invoice_list(actor=actor)
        .filter(IS_OPEN, due_date__lt=as_of, total__gt=0)
        .order_by("due_date", "pk")
    )
    drafts = (
        invoice_list(actor=actor).filter(document_status__in=UNISSUED).order_by("created_at", "pk")
    )
    failed = failed_contracts(actor=actor, period=period)
    failing = failed.order_by().filter(contract=OuterRef("pk"))
    unbilled = (
        unbilled_contracts(actor=actor, period=period)
        .exclude(Exists(failing))
        .select_related("site")
        .annotate(in_all=Window(Count("pk")))
        .order_by("contract_id")
    )
    failed_rows = list(failed.annotate(in_all=Window(Count("pk")))[:limit])
    unbilled_rows = list(unbilled[:limit])
    warned_run = _warned_run(period)
    return Attention(
        overdue=list(overdue[:limit]),
        failed=failed_rows,
        failed_count=_in_all(failed_rows),
        drafts=list(drafts[:limit]),
        unbilled=unbilled_rows,
        unbilled_count=_in_all(unbilled_rows),
        warned_run=warned_run,
        warned_count=warned_run.warned if warned_run else 0,
    )


def _warned_run(period: Period) -> Any:
    """The run, with `warned`: how many of its invoices did."""
    warned = (
        BillingRunItem.objects.filter(run=OuterRef("pk"))
        .exclude(warnings=[])
        .order_by()
        .values("run")
        .annotate(number=Count("pk"))
    )
    runs = BillingRun.objects.filter(period_start=period.start_date, period_end=period.end_date)
    counted = runs.annotate(warned=Subquery(warned.values("number")))
    return counted.filter(warned__gt=0).order_by("-created_at", "-pk").first()


def failed_contracts(*, actor: Actor, period: Period) -> QuerySet[BillingRunItem]:
    """Contracts that failed in the period's latest run and are still not billed."""
    authorize(actor, "invoices.read")
    latest = BillingRun.objects.filter(
        period_start=period.start_date, period_end=period.end_date
    ).order_by("-created_at", "-pk")
    unbilled = unbilled_contracts(actor=actor, period=period)
    return (
        BillingRunItem.objects.filter(
            run=Subquery(latest.values("pk")[:1]), status=BillingRunItem.Status.FAILED
        )
        .filter(Exists(unbilled.filter(pk=OuterRef("contract"))))
        .select_related("contract__site", "run")
        .order_by(F("contract__contract_id"))
    )


def _in_all(rows: Sequence[Contract] | Sequence[BillingRunItem]) -> int:
    return rows[0].in_all if rows else 0  # type: ignore[union-attr]
