"""Open invoices and payments through the services."""

from datetime import date
from decimal import Decimal
from typing import Any

from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.codes import next_code
from tenants.invoices.journal import Charge, Charges, issue_entries
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice
from tenants.ledger.models import Account, JournalLine
from tenants.ledger.services import post
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


def credit_note(invoice: Invoice, amount: str) -> Invoice:
    """An issued credit note for a part of an invoice, without tax, posted as one is."""
    credited = Decimal(amount)
    note = Invoice.objects.create(
        invoice_id=next_code(Invoice, "invoice_id"),
        kind=Invoice.Kind.CREDIT_NOTE,
        corrects=invoice,
        contract=invoice.contract,
        site=invoice.site,
        customer=invoice.customer,
        entity=invoice.entity,
        contract_type=invoice.contract_type,
        number=f"{invoice.number}C",
        number_prefix="CN",
        number_year=2025,
        number_sequence=invoice.number_sequence,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        currency=invoice.currency,
        base_currency=invoice.base_currency,
        exchange_rate=invoice.exchange_rate,
        subtotal=-credited,
        tax_total=0,
        total=-credited,
        inputs={},
        inputs_digest="",
        parties=dict(invoice.parties),
        document_status=Invoice.DocumentStatus.ISSUED,
        issued_at=now(),
    )
    line = Charge("adjustment", -credited, "")
    post(list(issue_entries([note], {note.pk: Charges([line], [])})))
    return note
