"""Writing calculated invoices, one or many, in the same few statements."""

from collections.abc import Sequence

from shared.audit.services import Act
from shared.kernel.actor import Actor
from shared.kernel.codes import next_codes
from tenants.invoices.calculation import Calculation
from tenants.invoices.explanation import check_as_json
from tenants.invoices.models import Invoice, InvoiceLine, InvoiceTax
from tenants.invoices.parties import parties_of


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
    InvoiceLine.objects.bulk_create(
        line for invoice, calculation in pairs for line in _lines(invoice, calculation)
    )
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


def _lines(invoice: Invoice, calculation: Calculation) -> list[InvoiceLine]:
    return [
        InvoiceLine(
            invoice=invoice,
            position=position,
            code=line.code,
            component=line.component,
            subject=line.subject,
            quantity=line.quantity,
            rate=line.rate,
            amount=line.amount,
            taxable=line.taxable,
            trace=line.trace.as_json(),
        )
        for position, line in enumerate(calculation.lines, start=1)
    ]


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
