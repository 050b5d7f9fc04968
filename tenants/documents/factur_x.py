"""An invoice that programs can read: Factur-X (EN 16931, UN/CEFACT CII), alone or inside a PDF/A-3.

The European norm knows one tax a line. Canada's components (GST and QST, say) are therefore
added up to one rate a line, and their breakdown has one entry a rate, which adds up to the
taxes of the invoice to the cent; each component with its base and registration number stands in
a note. Validated by the schema.
"""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration
from drafthorse.models.payment import PaymentTerms
from drafthorse.models.tradelines import LineItem
from drafthorse.pdf import attach_xml
from lxml.etree import XMLSyntaxError

from shared.kernel.errors import Conflict
from tenants.documents.contents import InvoiceDocument
from tenants.documents.looks import Look
from tenants.documents.models import INVOICE
from tenants.documents.rendering import render_contents
from tenants.documents.structured import (
    StructuredInvoice,
    StructuredLine,
    StructuredParty,
    structure_invoice,
)

SCHEMA = "FACTUR-X_EN16931"
LEVEL = "EN 16931"
GUIDELINE = "urn:cen.eu:en16931:2017"
TAX, TAXED, EXEMPT = "VAT", "S", "E"


def write_factur_x(document: InvoiceDocument, language: str) -> bytes:
    """The invoice as Factur-X XML, valid by its schema.

    Raises Conflict where the contents do not fit the schema (an invoice without lines).
    """
    with translation.override(language):
        filled = _write(structure_invoice(document, language))
    try:
        return bytes(filled.serialize(schema=SCHEMA))
    except XMLSyntaxError as error:
        raise Conflict(_("This invoice does not fit the structured format.")) from error


def print_factur_x(document: InvoiceDocument, language: str, look: Look | None) -> bytes:
    """The invoice's PDF as PDF/A-3b with `factur-x.xml` embedded in it."""
    printed = render_contents(document, kind=INVOICE, language=language, output="pdf-a", look=look)
    xml = write_factur_x(document, language)
    return bytes(attach_xml(printed.content, xml, LEVEL, lang=language))


def _write(invoice: StructuredInvoice) -> Any:
    """The filled document, not yet serialised."""
    source = invoice.source
    filled = Document()
    filled.context.guideline_parameter.id = GUIDELINE
    filled.header.id = invoice.number
    filled.header.type_code = invoice.type_code
    filled.header.issue_date_time = _at(source.invoice_date)
    for text in invoice.notes:
        note = IncludedNote()
        note.content = text
        filled.header.notes.add(note)
    _fill_agreement(filled.trade.agreement, invoice)
    filled.trade.delivery.event.occurrence = _at(source.period_end)
    for line in invoice.lines:
        filled.trade.items.add(_line(line))
    _fill_settlement(filled.trade.settlement, invoice)
    return filled


def _fill_agreement(agreement: Any, invoice: StructuredInvoice) -> None:
    _fill_party(agreement.seller, invoice.seller)
    for registration in invoice.seller.registrations:
        entry = TaxRegistration()
        entry.id = (
            "VA" if registration.component in ("GST", "HST") else "FC",
            registration.number,
        )
        agreement.seller.tax_registrations.add(entry)
        break  # the norm takes one of each; the others stand in the notes
    _fill_party(agreement.buyer, invoice.buyer)
    agreement.contract.issuer_assigned_id = invoice.source.contract_code
    if invoice.purchase_order:
        agreement.buyer_order.issuer_assigned_id = invoice.purchase_order


def _line(line: StructuredLine) -> LineItem:
    item = LineItem()
    item.document.line_id = str(line.number)
    item.product.name = line.name
    item.agreement.net.amount = line.price
    item.delivery.billed_quantity = (line.quantity, line.unit)
    item.settlement.trade_tax.type_code = TAX
    item.settlement.trade_tax.category_code = TAXED if line.percent else EXEMPT
    item.settlement.trade_tax.rate_applicable_percent = line.percent
    item.settlement.monetary_summation.total_amount = line.amount
    return item


def _fill_settlement(settlement: Any, invoice: StructuredInvoice) -> None:
    source = invoice.source
    settlement.currency_code = source.currency
    settlement.payment_reference = invoice.number
    settlement.period.start = _at(source.period_start)
    settlement.period.end = _at(source.period_end)
    for rate in invoice.rates:
        tax = ApplicableTradeTax()
        tax.calculated_amount = rate.amount
        tax.type_code = TAX
        if not rate.percent:
            tax.exemption_reason = _("Not taxable")
        tax.basis_amount = rate.base
        tax.category_code = TAXED if rate.percent else EXEMPT
        tax.rate_applicable_percent = rate.percent
        settlement.trade_tax.add(tax)
    terms = PaymentTerms()
    terms.due = _at(source.due_date)
    settlement.terms.add(terms)
    _fill_totals(settlement.monetary_summation, invoice)
    if source.corrects:
        settlement.invoice_referenced_document.issuer_assigned_id = source.corrects


def _fill_totals(totals: Any, invoice: StructuredInvoice) -> None:
    totals.line_total = invoice.net
    totals.charge_total = totals.allowance_total = Decimal("0.00")
    totals.tax_basis_total = invoice.net
    totals.tax_total = (invoice.tax_total, invoice.source.currency)
    totals.grand_total = invoice.gross
    totals.prepaid_total = invoice.settled
    totals.due_amount = invoice.due


def _fill_party(party: Any, facts: StructuredParty) -> None:
    party.name = facts.name
    for place, line in zip(("line_one", "line_two", "line_three"), facts.address, strict=False):
        setattr(party.address, place, line)
    party.address.country_id = facts.country


def _at(day: date) -> datetime:
    return datetime.combine(day, time())
