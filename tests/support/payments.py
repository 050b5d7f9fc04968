"""Open invoices and payments through the services."""

from datetime import date
from decimal import Decimal
from typing import Any

from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice
from tenants.ledger.models import Account, JournalLine
from tenants.payments.services import PaymentInput, Receipt, record_customer_payment
from tenants.sites.models import Site

RECEIVED = date(2025, 6, 2)


def open_invoices(
    count: int = 1, *, site: Site | None = None, fee: str = "1000.00", **contract: Any
) -> list[Invoice]:
    """Issued invoices of one site for the months of 2025; in Ontario 1,130.00 each."""
    site = site or make_site()
    make_contract(site, configuration={"monthly_fee": fee}, **contract)
    return [
        generate_invoice(
            actor=SYSTEM, site_id=site.site_id, period=month_period(2025, month)
        ).invoice
        for month in range(1, count + 1)
    ]


def receive(invoice: Invoice, amount: str, **options: Any) -> Receipt:
    """A payment of the invoice's customer; unapplied unless `rules` or `parts` say else."""
    given = PaymentInput(
        Decimal(amount),
        options.pop("currency", invoice.currency),
        options.pop("received_on", RECEIVED),
        options.pop("method", "ACH"),
        options.pop("reference", ""),
        options.pop("payer", ""),
        options.pop("transaction_id", None),
    )
    return record_customer_payment(
        actor=options.pop("actor", SYSTEM),
        customer_id=invoice.customer.customer_id,
        given=given,
        rules=options.pop("rules", ()),
        **options,
    )


def balance_of(account: str, *, base: bool = False) -> Decimal:
    """The account's balance in the journal, all days and currencies; debit positive."""
    name = "base_amount" if base else "amount"
    rows = JournalLine.objects.filter(account=account).values_list(name, flat=True)
    return sum(rows, Decimal(0))


def unapplied_in_books() -> Decimal:
    """Unapplied cash is what is owed to customers: a credit."""
    return -balance_of(Account.UNAPPLIED_CASH)
