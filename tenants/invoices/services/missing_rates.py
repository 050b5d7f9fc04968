"""Invoices in a foreign currency that get into the books without an exchange rate."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from django.urls import reverse

from shared.kernel.wording import worded as _
from tenants.invoices.models import Invoice
from tenants.ledger.rates import REVIEW_KIND
from tenants.review.services import NewItem, raise_items


def ask_for_rates(invoices: Sequence[Invoice]) -> None:
    """Ask once for each company and currency of which no rate was known on the invoice date.

    Such an invoice stays in the books in its own currency. A credit note follows what it
    corrects. A part of the transaction that issues. Source: `domain.md` 2.
    """
    raise_items(list({one.target_id: one for one in map(_item, invoices) if one}.values()))


def _item(invoice: Invoice) -> NewItem | None:
    company, currency = invoice.entity, invoice.currency
    is_known = currency == company.currency or invoice.exchange_rate is not None
    if is_known or invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return None
    cause = _(
        "No exchange rate of %(currency)s into %(into)s is known for %(day)s: %(invoice)s is in "
        "the books in %(currency)s. Enter the rate for the invoices to come."
    ) % {
        "currency": currency,
        "into": company.currency,
        "day": invoice.invoice_date,
        "invoice": invoice,
    }
    return NewItem(
        kind=REVIEW_KIND,
        target_type=company._meta.label_lower,
        target_id=_target(company.pk, currency),
        target_label=f"{company.name} · {currency} → {company.currency}",
        cause=cause,
        field="exchange_rate",
        link=reverse("exchange_rates"),
        details={
            "invoice_id": invoice.invoice_id,
            "currency": currency,
            "into": company.currency,
            "day": str(invoice.invoice_date),
        },
    )


def _target(company: UUID, currency: str) -> UUID:
    """One review for a company and currency, whichever invoice lacks the rate."""
    return uuid5(company, f"exchange_rate:{currency}")
