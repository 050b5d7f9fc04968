"""Writing calculated invoices, one or many, in the same few statements."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from uuid import uuid4

import msgspec

from shared.audit.services import Act
from shared.kernel.actor import Actor
from shared.kernel.bulk import copy_instances, copy_rows
from shared.kernel.clock import now
from shared.kernel.codes import next_codes
from tenants.invoices.calculation import Calculation
from tenants.invoices.explanation import check_as_json
from tenants.invoices.models import Invoice
from tenants.invoices.parties import parties_of
from tenants.ledger.rates import BookRate, book_rate

TAX_COLUMNS = ("position", "name", "rate", "base", "amount")
LINE_COLUMNS = (
    "position",
    "code",
    "component",
    "subject",
    "quantity",
    "rate",
    "amount",
    "taxable",
    "trace",
)


def store_invoices(*, actor: Actor, calculations: Sequence[Calculation]) -> list[Invoice]:
    """Store the invoices as validated drafts, in the caller's transaction.

    The caller has authorised the actor, locked the contracts and records `generated_acts` at
    the end. The database refuses a second live invoice for the days of a contract.
    """
    invoices = build_invoices(actor, calculations)
    store_charges(invoices, calculations)
    copy_instances(invoices)
    return invoices


def build_invoices(actor: Actor, calculations: Sequence[Calculation]) -> list[Invoice]:
    """The invoices of these calculations, with their codes and rates, not stored yet."""
    codes = next_codes(Invoice, "invoice_id", len(calculations))
    rates = cache(book_rate)  # one query for each currency and day of a batch
    return [
        _invoice(calculation, code, actor, rates)
        for calculation, code in zip(calculations, codes, strict=True)
    ]


def store_charges(invoices: Sequence[Invoice], calculations: Sequence[Calculation]) -> None:
    """Store lines and taxes, before their invoices: those may be frozen from the start."""
    pairs = list(zip(invoices, calculations, strict=True))
    created_at = now()
    for table, columns, rows_of in (
        ("invoices_invoiceline", LINE_COLUMNS, _lines),
        ("invoices_invoicetax", TAX_COLUMNS, _taxes),
    ):
        rows = ((uuid4(), created_at, *row) for pair in pairs for row in rows_of(*pair))
        copy_rows(table, ("id", "created_at", "invoice_id", *columns), rows)


def generated_acts(invoices: Sequence[Invoice]) -> list[Act]:
    """What to record of invoices just stored."""
    return [
        Act(action="invoice.generated", target=invoice, after={"total": str(invoice.total)})
        for invoice in invoices
    ]


def _invoice(
    calculation: Calculation, code: str, actor: Actor, rates: Callable[[str, str, date], BookRate]
) -> Invoice:
    contract = calculation.context.contract
    books = rates(contract.currency, calculation.context.entity.currency, calculation.invoice_date)
    totals = calculation.totals
    return Invoice(
        invoice_id=code,
        contract=contract,
        site=contract.site,
        customer=contract.site.customer,
        entity=calculation.context.entity,
        contract_type=calculation.contract_type,
        period_start=calculation.period.start_date,
        period_end=calculation.period.end_date,
        invoice_date=calculation.invoice_date,
        due_date=calculation.due_date,
        currency=contract.currency,
        subtotal=totals.subtotal,
        tax_total=totals.tax_total,
        total=totals.total,
        holdback=calculation.holdback,
        exchange_rate=books.rate if books.on else None,
        exchange_rate_on=books.on,
        exchange_rate_source=books.source,
        base_currency=books.base_currency,
        inputs=calculation.inputs,
        inputs_digest=calculation.inputs_digest,
        parties=parties_of(calculation.context.entity, contract.site),
        checks=[check_as_json(check) for check in calculation.checks],
        document_status=Invoice.DocumentStatus.VALIDATED,
        created_by=actor.label,
        creator=f"{actor.kind}:{actor.id}"[:100],
    )


def _lines(invoice: Invoice, calculation: Calculation) -> Iterator[tuple[object, ...]]:
    """The invoice's key and LINE_COLUMNS."""
    for position, line in enumerate(calculation.lines, start=1):
        yield (
            invoice.pk,
            position,
            line.code,
            line.component,
            line.subject,
            line.quantity,
            line.rate,
            line.amount,
            _json(line.taxable),
            _json(line.trace.as_json()),
        )


def _taxes(invoice: Invoice, calculation: Calculation) -> Iterator[tuple[object, ...]]:
    """The invoice's key and TAX_COLUMNS."""
    for position, tax in enumerate(calculation.totals.taxes, start=1):
        yield (invoice.pk, position, tax.name, tax.rate, tax.base, tax.amount)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
