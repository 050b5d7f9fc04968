"""What the end of the month still asks for beside the invoices themselves."""

from collections.abc import Mapping
from dataclasses import dataclass

from billing.periods import Period
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.delivery.models import Delivery
from tenants.review.selectors import open_counts
from tenants.statements.models import Statement


@dataclass(frozen=True)
class Closing:
    """Statements of the month, deliveries that failed, open review items by kind."""

    statements: int
    deliveries_failed: int
    reviews: Mapping[str, int]


def closing(*, actor: Actor, period: Period) -> Closing:
    """Three queries. Failed deliveries and review items are of every month: all of them wait."""
    authorize(actor, "reports.read")
    made = Statement.objects.filter(period_end__range=(period.start_date, period.end_date))
    failed = Delivery.objects.filter(status=Delivery.Status.FAILED)
    return Closing(made.count(), failed.count(), open_counts(actor=actor))
