"""Writing calculated invoices, one or many, in the same few statements."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import msgspec
from django.db import connection

from billing.lines import ChargeLine
from shared.audit.services import Act
from shared.kernel.actor import Actor
from shared.kernel.clock import now
from shared.kernel.codes import next_codes
from tenants.invoices.calculation import Calculation
from tenants.invoices.explanation import check_as_json
from tenants.invoices.models import Invoice, InvoiceTax
from tenants.invoices.parties import parties_of

LINE_COLUMNS = (
    "id",
    "created_at",
    "invoice_id",
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
    codes = next_codes(Invoice, "invoice_id", len(calculations))
    invoices = [
        _invoice(calculation, code, actor)
        for calculation, code in zip(calculations, codes, strict=True)
    ]
    Invoice.objects.bulk_create(invoices)
    pairs = list(zip(invoices, calculations, strict=True))
    _copy_lines(pairs)
    InvoiceTax.objects.bulk_create(
        tax for invoice, calculation in pairs for tax in _taxes(invoice, calculation)
    )
    return invoices


def generated_acts(invoices: Sequence[Invoice]) -> list[Act]:
    """What to record of invoices just stored."""
    return [
        Act(action="invoice.generated", target=invoice, after={"total": str(invoice.total)})
        for invoice in invoices
    ]


def _invoice(calculation: Calculation, code: str, actor: Actor) -> Invoice:
    contract = calculation.context.contract
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
        inputs=calculation.inputs,
        inputs_digest=calculation.inputs_digest,
        parties=parties_of(calculation.context.entity, contract.site),
        checks=[check_as_json(check) for check in calculation.checks],
        document_status=Invoice.DocumentStatus.VALIDATED,
        created_by=actor.label,
    )


def _copy_lines(pairs: Sequence[tuple[Invoice, Calculation]]) -> None:
    """COPY takes a third of the time that INSERT does, and an invoice has many lines."""
    created_at = now()
    statement = f"COPY invoices_invoiceline ({', '.join(LINE_COLUMNS)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for invoice, calculation in pairs:
            for position, line in enumerate(calculation.lines, start=1):
                copy.write_row(_line(invoice, position, line, created_at))


def _line(
    invoice: Invoice, position: int, line: ChargeLine, created_at: datetime
) -> tuple[object, ...]:
    """The values of LINE_COLUMNS."""
    return (
        uuid4(),
        created_at,
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


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _taxes(invoice: Invoice, calculation: Calculation) -> list[InvoiceTax]:
    return [
        InvoiceTax(
            invoice=invoice,
            position=position,
            name=tax.name,
            rate=tax.rate,
            base=tax.base,
            amount=tax.amount,
        )
        for position, tax in enumerate(calculation.totals.taxes, start=1)
    ]
