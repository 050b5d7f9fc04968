"""Invoiced revenue by month and contract type."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import DateField, F, Func, Sum

from billing.periods import Frequency, Period, previous_period
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.contracts.models import ContractType
from tenants.invoices.models import Invoice

MONTHS = 12
# TruncMonth would take the day through the session's zone, which costs more than the sum itself.
_MONTH = Func(
    F("invoice_date"),
    template="date_trunc('month', %(expressions)s::timestamp)::date",
    output_field=DateField(),
)


@dataclass(frozen=True)
class RevenueByType:
    """Net amounts by currency, contract type and month (its first day)."""

    months: tuple[date, ...]
    amounts: Mapping[str, Mapping[tuple[str, date], Decimal]]

    def series(self, currency: str) -> list[tuple[str, list[Decimal]]]:
        """The types that have any revenue in the currency, each with one value a month."""
        found = self.amounts.get(currency, {})
        present = [one for one in ContractType.values if any(kind == one for kind, _m in found)]
        return [
            (kind, [found.get((kind, month), Decimal(0)) for month in self.months])
            for kind in present
        ]


def revenue_by_type(*, actor: Actor, last: Period) -> RevenueByType:
    """Issued invoices and credit notes by the month of their date, without tax.

    The twelve months that end with `last`. One query.
    """
    authorize(actor, "invoices.read")
    months = [last]
    while len(months) < MONTHS:
        months.insert(0, previous_period(Frequency.MONTHLY, months[0]))
    rows = (
        Invoice.objects.filter(
            document_status=Invoice.DocumentStatus.ISSUED,
            invoice_date__range=(months[0].start_date, last.end_date),
        )
        .order_by()
        .annotate(month=_MONTH)
        .values_list("currency", "contract_type", "month")
        .annotate(net=Sum("subtotal"))
    )
    amounts: dict[str, dict[tuple[str, date], Decimal]] = {}
    for currency, kind, month, net in rows:
        amounts.setdefault(currency, {})[kind, month] = net
    return RevenueByType(months=tuple(month.start_date for month in months), amounts=amounts)
