"""An invoice as its document shows it: the parties as they were, the amounts as they are."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.db.models import Prefetch, Q
from django.utils.translation import override

from shared.kernel.errors import NotFound
from shared.kernel.tenancy import require_organisation
from tenants.contracts.models import Contract
from tenants.documents.contents import (
    Conversion,
    DocumentKind,
    DocumentLine,
    DocumentState,
    DocumentTax,
    InvoiceDocument,
    Letterhead,
    Party,
    Registration,
    Statute,
    address_lines,
)
from tenants.documents.messages import InvoiceMessage
from tenants.documents.services import signed_link
from tenants.documents.sources import Example
from tenants.invoices.calculation import Calculation, statute_of
from tenants.invoices.explanation import line_name
from tenants.invoices.models import Invoice, InvoiceLine, InvoiceTax
from tenants.invoices.parties import Parties, parties_of
from tenants.structure.models import LegalEntity

EXAMPLES = 60
_STATES: dict[str, DocumentState] = {
    "issued": "issued",
    "delivered": "issued",
    "partially_paid": "partially_paid",
    "paid": "paid",
    "credited": "credited",
    "void": "void",
}


def load_invoice_document(invoice_pk: UUID) -> tuple[InvoiceDocument, str]:
    """The document of a stored invoice and the buyer's language. Raises NotFound."""
    invoice = (
        Invoice.objects.select_related("contract__site", "entity", "corrects")
        .prefetch_related(
            Prefetch("lines", queryset=InvoiceLine.objects.order_by("position")),
            Prefetch("taxes", queryset=InvoiceTax.objects.order_by("position")),
        )
        .filter(pk=invoice_pk)
        .first()
    )
    if invoice is None:
        raise NotFound()
    language = invoice.parties["buyer"]["language"]
    with override(language):
        return invoice_document(invoice), language


def load_invoice_message(invoice_pk: UUID) -> tuple[InvoiceMessage, str]:
    """The e-mail with a stored invoice and the buyer's language. Raises NotFound."""
    document, language = load_invoice_document(invoice_pk)
    link = f"{require_organisation().url}{signed_link(invoice_pk=invoice_pk)}"
    return InvoiceMessage(document, link), language


def invoice_examples(code: str) -> Sequence[Example]:
    """The newest invoices, or the one with this code or number, to try a template on."""
    rows = Invoice.objects.order_by("-created_at").only("invoice_id", "number", "parties")
    found = rows.filter(Q(invoice_id=code) | Q(number=code)) if code else rows
    return [
        Example(
            object_id=invoice.pk,
            code=invoice.invoice_id,
            label=f"{invoice} · {invoice.parties['buyer']['name']}",
            language=invoice.parties["buyer"]["language"],
        )
        for invoice in found[:EXAMPLES]
    ]


def invoice_document(invoice: Invoice) -> InvoiceDocument:
    """The document of a loaded invoice; its lines are named in the language now active."""
    return InvoiceDocument(
        code=invoice.invoice_id,
        kind=cast(DocumentKind, invoice.kind),
        state=_STATES.get(invoice.status, "draft"),
        number=invoice.number or "",
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        terms_days=(invoice.due_date - invoice.invoice_date).days,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        contract_code=invoice.contract.contract_id,
        contract_type=invoice.contract_type,
        **_parties(invoice.parties, invoice.entity),
        lines=_lines(invoice.lines.all(), invoice.taxes.all()),
        taxes=_taxes(invoice.taxes.all(), invoice.parties),
        subtotal=Decimal(invoice.subtotal),
        total=Decimal(invoice.total),
        amount_paid=Decimal(invoice.amount_paid),
        balance_due=invoice.balance_due,
        currency=invoice.currency,
        component_types=_component_types(_calculated(invoice).inputs),
        corrects=(invoice.corrects.number or "") if invoice.corrects else "",
        reason=str(invoice.reason),
        amount_credited=Decimal(invoice.amount_credited),
        amount_written_off=Decimal(invoice.amount_written_off),
        holdback=Decimal(invoice.holdback),
        voided_on=invoice.voided_on,
        conversion=_conversion(invoice),
        **_construction(invoice.contract, invoice.invoice_date),
    )


def preview_document(calculation: Calculation) -> InvoiceDocument:
    """The document of an invoice that is not stored yet."""
    contract = calculation.context.contract
    entity = calculation.context.entity
    parties = parties_of(entity, contract.site)
    totals = calculation.totals
    return InvoiceDocument(
        code="",
        kind="regular",
        state="draft",
        number="",
        invoice_date=calculation.invoice_date,
        due_date=calculation.due_date,
        terms_days=contract.net_days,
        period_start=calculation.period.start_date,
        period_end=calculation.period.end_date,
        contract_code=contract.contract_id,
        contract_type=calculation.contract_type,
        **_parties(parties, entity),
        lines=_lines(calculation.lines, totals.taxes),
        taxes=_taxes(totals.taxes, parties),
        subtotal=totals.subtotal,
        total=totals.total,
        amount_paid=Decimal(0),
        balance_due=totals.total,
        currency=contract.currency,
        component_types=_component_types(calculation.inputs),
        holdback=calculation.holdback,
        **_construction(contract, calculation.invoice_date),
    )


def _conversion(invoice: Invoice) -> Conversion | None:
    """The rate it was booked at, where its currency is not the entity's."""
    if invoice.exchange_rate is None or invoice.exchange_rate_on is None:
        return None
    return Conversion(
        rate=invoice.exchange_rate,
        currency=invoice.base_currency or invoice.entity.currency,
        on=invoice.exchange_rate_on,
        source=invoice.exchange_rate_source,
    )


def _construction(contract: Contract, dated: date) -> dict[str, Any]:
    """The customer's order, and what a construction contract asks to be on its invoices."""
    statute = statute_of(contract, dated)
    return {
        "purchase_order": contract.purchase_order,
        "is_construction": contract.is_construction,
        "statute": Statute(statute.pay_days, statute.source) if statute else None,
    }


def _parties(parties: Parties, entity: LegalEntity) -> dict[str, Any]:
    supplier, buyer, site = parties["supplier"], parties["buyer"], parties["site"]
    return {
        "supplier": Letterhead(
            name=supplier["name"],
            address=address_lines(supplier["address"]),  # type: ignore[arg-type]
            email=supplier["email"],
            phone=supplier["phone"],
            registrations=tuple(
                Registration(component, number)
                for component, number in supplier["registrations"].items()
            ),
            logo=bytes(entity.logo) if entity.logo else None,
            logo_type=entity.logo_type,
        ),
        "buyer": Party(
            name=buyer["name"],
            address=address_lines(buyer["address"]),  # type: ignore[arg-type]
            code=buyer["customer_id"],
            attention=buyer["contact_name"],
            email=buyer["contact_email"],
        ),
        "site": Party(
            name=site["name"],
            address=address_lines(site["address"]),  # type: ignore[arg-type]
            code=site["site_id"],
        ),
        "payment_instructions": supplier["payment_instructions"],
        "brand_colour": entity.brand_colour,
    }


def _lines(lines: Any, taxes: Any) -> tuple[DocumentLine, ...]:
    """`taxable` of a line is true, false, or the names of the components that apply."""
    names = tuple(tax.name for tax in taxes)
    return tuple(_line(line, names) for line in lines)


def _line(line: Any, names: tuple[str, ...]) -> DocumentLine:
    applies = names if isinstance(line.taxable, bool) else tuple(line.taxable)
    return DocumentLine(
        code=line.code,
        description=line_name(line.code, line.subject),
        amount=line.amount,
        quantity=line.quantity,
        rate=line.rate,
        component=line.component,
        taxes=tuple(name for name in names if name in applies) if line.taxable else (),
    )


def _taxes(taxes: Any, parties: Parties) -> tuple[DocumentTax, ...]:
    numbers = parties["supplier"]["registrations"]
    return tuple(
        DocumentTax(
            name=tax.name,
            rate=tax.rate,
            base=tax.base,
            amount=tax.amount,
            registration=numbers.get(tax.name, ""),
        )
        for tax in taxes
    )


def _calculated(invoice: Invoice) -> Invoice:
    """The invoice whose terms the lines were calculated by: a credit note has the original's."""
    return invoice.corrects if "terms" not in invoice.inputs and invoice.corrects else invoice


def _component_types(inputs: Any) -> tuple[str, ...]:
    terms = inputs.get("terms") or [{}]  # the release of a holdback was calculated by none
    return tuple(terms[-1].get("component_types", ()))
