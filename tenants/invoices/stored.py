"""A stored invoice as its calculation saw it: what it was rated from, and its lines."""

from collections.abc import Mapping, Sequence
from typing import Any

from billing.lines import ChargeLine, Trace
from billing.tax import TaxAmount
from billing.totals import Totals
from tenants.invoices.models import Invoice


def stored_inputs(kept: Mapping[str, Any]) -> dict[str, object]:
    """What an invoice was calculated from, as `billing_data` that can be sent again.

    Agreed adjustments are no part of it: they come from the contract each time.
    """
    hours = {name: value for name, value in kept["labor_hours"].items() if name != "job_code"}
    return {
        "revenue_amount": kept["revenue_amount"],
        "labor_hours": hours,
        "labor": kept["labor"],
        "costs": _told(kept["costs"]),
        "additional_charges": _told(kept["additional_charges"]),
    }


def _told(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def stored_line(line: Any) -> ChargeLine:
    """A line of a stored invoice as it was rated."""
    return ChargeLine(
        code=line.code,
        description="",
        quantity=line.quantity,
        rate=line.rate,
        amount=line.amount,
        taxable=line.taxable if isinstance(line.taxable, bool) else tuple(line.taxable),
        component=line.component,
        trace=Trace.from_json(line.trace),
        subject=line.subject,
    )


def stored_totals(invoice: Invoice) -> Totals:
    """Subtotal, taxes and total as they are kept."""
    taxes = tuple(
        TaxAmount(tax.name, tax.rate, tax.base, tax.amount) for tax in invoice.taxes.all()
    )
    return Totals(invoice.subtotal, taxes, invoice.total)
