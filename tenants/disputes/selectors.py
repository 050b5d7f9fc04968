"""Reading disputes."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from tenants.disputes.models import Dispute


@dataclass(frozen=True)
class OpenDisputes:
    """What is disputed of one currency, and since when."""

    currency: str
    count: int
    amount: Decimal
    oldest: datetime


def disputes(
    *, actor: Actor, status: str = "", invoice_id: str = "", query: str = ""
) -> QuerySet[Dispute]:
    """Disputes, newest first, with their invoices and credit notes.

    `query` is part of the reason or of the customer's name, or starts an invoice's number or id.
    """
    authorize(actor, "invoices.read")
    found = Dispute.objects.select_related("invoice__customer", "line", "credit_note")
    if status in Dispute.Status.values:
        found = found.filter(status=status)
    if query:
        found = found.filter(
            Q(reason__icontains=query)
            | Q(invoice__customer__name__icontains=query)
            | Q(invoice__number__istartswith=query)
            | Q(invoice__invoice_id__istartswith=query)
        )
    return found.filter(invoice__invoice_id=invoice_id) if invoice_id else found


def open_disputes(*, actor: Actor) -> list[OpenDisputes]:
    """What is disputed now, by currency."""
    rows = (
        disputes(actor=actor, status=Dispute.Status.OPEN)
        .order_by("invoice__currency")
        .values("invoice__currency")
        .annotate(count=Count("pk"), sum=Sum("amount"), oldest=Min("created_at"))
    )
    return [
        OpenDisputes(row["invoice__currency"], row["count"], row["sum"], row["oldest"])
        for row in rows
    ]


def dispute_by_code(*, actor: Actor, dispute_id: str) -> Dispute:
    """One dispute. Raises NotFound."""
    found = disputes(actor=actor).filter(dispute_id=dispute_id).first()
    if found is None:
        raise NotFound(_("There is no dispute %(id)s.") % {"id": dispute_id})
    return found
