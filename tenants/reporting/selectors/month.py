"""How far the billing of a month is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum

from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.invoices.models import OPEN_AMOUNT, OPEN_PAYMENT, Invoice
from tenants.invoices.selectors.runs import billable_contracts
from tenants.reporting.selectors.amounts import Tally

UNISSUED = (
    Invoice.DocumentStatus.DRAFT,
    Invoice.DocumentStatus.VALIDATED,
    Invoice.DocumentStatus.PENDING_APPROVAL,
    Invoice.DocumentStatus.APPROVED,
)


@dataclass(frozen=True)
class MonthFigures:
    """Contracts due and invoices of a month; drafts are of every month, for all of them wait.

    `credits` are the month's open credit notes, which are neither open nor paid invoices.
    """

    contracts_due: int
    drafts: Tally
    open: Tally
    paid: Tally
    credits: Tally


def month_figures(*, actor: Actor, period: Period) -> MonthFigures:
    """Contracts due, drafts, and the issued invoices whose period ends in the month.

    `open` are those not settled, with what is still to be paid; `paid` those that are, with
    their totals. Three queries.
    """
    authorize(actor, "invoices.read")
    is_open, is_credit = Q(payment_status__in=OPEN_PAYMENT), Q(total__lt=0)
    is_owed, is_paid, is_given = is_open & ~is_credit, ~is_open & ~is_credit, is_open & is_credit
    issued = (
        Invoice.objects.filter(
            period_end__range=(period.start_date, period.end_date),
            document_status=Invoice.DocumentStatus.ISSUED,
        )
        .order_by()
        .values("currency")
        .annotate(
            open_count=Count("pk", filter=is_owed),
            open_amount=Sum(OPEN_AMOUNT, filter=is_owed),
            credit_count=Count("pk", filter=is_given),
            credit_amount=Sum(OPEN_AMOUNT, filter=is_given),
            paid_count=Count("pk", filter=is_paid),
            paid_amount=Sum("total", filter=is_paid),
        )
    )
    drafts = (
        Invoice.objects.filter(document_status__in=UNISSUED)
        .order_by()
        .values("currency")
        .annotate(draft_count=Count("pk"), draft_amount=Sum("total"))
    )
    rows = list(issued)
    return MonthFigures(
        contracts_due=billable_contracts(period).count(),
        drafts=_tally(drafts, "draft"),
        open=_tally(rows, "open"),
        paid=_tally(rows, "paid"),
        credits=_tally(rows, "credit"),
    )


def _tally(rows: Iterable[Mapping[str, Any]], name: str) -> Tally:
    found = [row for row in rows if row[f"{name}_count"]]
    return Tally(
        count=sum(row[f"{name}_count"] for row in found),
        amounts={row["currency"]: row[f"{name}_amount"] for row in found},
    )
