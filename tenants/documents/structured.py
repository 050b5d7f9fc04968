"""An invoice that programs can read: Factur-X (EN 16931, UN/CEFACT CII), alone or inside a PDF/A-3.

The European norm knows one tax a line. Canada's components (GST and QST, say) are therefore
added up to one rate a line, and their breakdown has one entry a rate, which adds up to the
taxes of the invoice to the cent; each component with its base and registration number stands in
a note. Credit notes carry positive amounts, as the norm wants. Validated by the schema.
"""

from collections.abc import Iterator
from dataclasses import dataclass
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

from billing.money import round_money
from shared.kernel.errors import Conflict
from tenants.documents.contents import DocumentLine, InvoiceDocument, printable
from tenants.documents.looks import Look
from tenants.documents.models import INVOICE
from tenants.documents.notes import footings
from tenants.documents.rendering import render_contents

SCHEMA = "FACTUR-X_EN16931"
LEVEL = "EN 16931"
GUIDELINE = "urn:cen.eu:en16931:2017"
# UNTDID 1001: commercial invoice, credit note, corrected invoice.
TYPE_CODES = {"credit_note": "381", "adjustment": "384"}
INVOICE_CODE = "380"
TAX, TAXED, EXEMPT = "VAT", "S", "E"
PIECE = "C62"
XML_NAME = "factur-x.xml"


@dataclass
class _Rate:
    """The lines that are taxed alike."""

    percent: Decimal
    base: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)


def write_structured(document: InvoiceDocument, language: str) -> bytes:
    """The invoice as Factur-X XML, valid by its schema.

    Raises Conflict where the contents do not fit the schema (an invoice without lines).
    """
    with translation.override(language):
        filled = _Writer(document, language).write()
    try:
        return bytes(filled.serialize(schema=SCHEMA))
    except XMLSyntaxError as error:
        raise Conflict(_("This invoice does not fit the structured format.")) from error


def print_structured(document: InvoiceDocument, language: str, look: Look | None) -> bytes:
    """The invoice's PDF as PDF/A-3b with `factur-x.xml` embedded in it."""
    printed = render_contents(document, kind=INVOICE, language=language, output="pdf-a", look=look)
    xml = write_structured(document, language)
    return bytes(attach_xml(printed.content, xml, LEVEL, lang=language))


class _Writer:
    """Fills one Factur-X document."""

    def __init__(self, document: InvoiceDocument, language: str) -> None:
        self._document = document
        self._language = language
        self._sign = Decimal(-1) if document.kind == "credit_note" else Decimal(1)
        self._rates = self._group_rates()

    def write(self) -> Any:
        """The filled document, not yet serialised."""
        invoice = self._document
        filled = Document()
        filled.context.guideline_parameter.id = GUIDELINE
        filled.header.id = invoice.number or invoice.code
        filled.header.type_code = TYPE_CODES.get(invoice.kind, INVOICE_CODE)
        filled.header.issue_date_time = _at(invoice.invoice_date)
        for text in self._notes():
            note = IncludedNote()
            note.content = text
            filled.header.notes.add(note)
        self._fill_agreement(filled.trade.agreement)
        filled.trade.delivery.event.occurrence = _at(invoice.period_end)
        for number, line in enumerate(invoice.lines, start=1):
            filled.trade.items.add(self._line(number, line))
        self._fill_settlement(filled.trade.settlement)
        return filled

    def _money(self, amount: Decimal) -> Decimal:
        return round_money(self._sign * amount, self._document.currency)

    def _notes(self) -> Iterator[str]:
        for tax in self._document.taxes:
            number = f" ({tax.registration})" if tax.registration else ""
            percent = (tax.rate * 100).normalize()
            amounts = f"{self._money(tax.base)}: {self._money(tax.amount)}"
            yield printable(f"{tax.name} {percent:f}% × {amounts}{number}")
        for label, text in footings(self._document, self._language):
            yield f"{label}: {text}"

    def _fill_agreement(self, agreement: Any) -> None:
        invoice = self._document
        _fill_party(agreement.seller, invoice.supplier.name, invoice.supplier.address)
        for registration in invoice.supplier.registrations:
            entry = TaxRegistration()
            entry.id = (
                "VA" if registration.component in ("GST", "HST") else "FC",
                registration.number,
            )
            agreement.seller.tax_registrations.add(entry)
            break  # the norm takes one of each; the others stand in the notes
        _fill_party(agreement.buyer, invoice.buyer.name, invoice.buyer.address)
        agreement.contract.issuer_assigned_id = invoice.contract_code
        if invoice.purchase_order:
            agreement.buyer_order.issuer_assigned_id = printable(invoice.purchase_order)

    def _line(self, number: int, line: DocumentLine) -> LineItem:
        amount = self._money(line.amount)
        item = LineItem()
        item.document.line_id = str(number)
        item.product.name = printable(line.description) or line.code
        # A price is never negative in the norm; what is taken off has a negative quantity.
        item.agreement.net.amount = abs(amount)
        item.delivery.billed_quantity = (Decimal(-1 if amount < 0 else 1), PIECE)
        rate = self._rate_of(line)
        item.settlement.trade_tax.type_code = TAX
        item.settlement.trade_tax.category_code = TAXED if rate else EXEMPT
        item.settlement.trade_tax.rate_applicable_percent = rate
        item.settlement.monetary_summation.total_amount = amount
        return item

    def _rate_of(self, line: DocumentLine) -> Decimal:
        """All components that apply to the line, as one percentage."""
        taxes = self._document.taxes
        return sum((tax.rate * 100 for tax in taxes if tax.name in line.taxes), Decimal(0))

    def _group_rates(self) -> list[_Rate]:
        """The breakdown by rate; rounding differences go to the largest base."""
        rates: dict[Decimal, _Rate] = {}
        for line in self._document.lines:
            percent = self._rate_of(line)
            rates.setdefault(percent, _Rate(percent)).base += self._money(line.amount)
        taxes = sum((self._money(tax.amount) for tax in self._document.taxes), Decimal(0))
        for rate in rates.values():
            rate.amount = round_money(rate.base * rate.percent / 100, self._document.currency)
        taxed = [rate for rate in rates.values() if rate.percent]
        if taxed:
            largest = max(taxed, key=lambda rate: abs(rate.base))
            largest.amount += taxes - sum((rate.amount for rate in taxed), Decimal(0))
        return list(rates.values())

    def _fill_settlement(self, settlement: Any) -> None:
        invoice = self._document
        settlement.currency_code = invoice.currency
        settlement.payment_reference = invoice.number or invoice.code
        settlement.period.start = _at(invoice.period_start)
        settlement.period.end = _at(invoice.period_end)
        for rate in self._rates:
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
        terms.due = _at(invoice.due_date)
        settlement.terms.add(terms)
        self._fill_totals(settlement.monetary_summation)
        if invoice.corrects:
            settlement.invoice_referenced_document.issuer_assigned_id = invoice.corrects

    def _fill_totals(self, totals: Any) -> None:
        invoice = self._document
        net, gross = self._money(invoice.subtotal), self._money(invoice.total)
        totals.line_total = net
        totals.charge_total = totals.allowance_total = Decimal("0.00")
        totals.tax_basis_total = net
        totals.tax_total = (gross - net, invoice.currency)
        totals.grand_total = gross
        totals.prepaid_total = gross - self._money(invoice.balance_due)
        totals.due_amount = self._money(invoice.balance_due)


def _fill_party(party: Any, name: str, address: tuple[str, ...]) -> None:
    lines = [printable(line) for line in address]
    country = lines.pop() if lines and len(lines[-1]) == 2 else "CA"
    party.name = printable(name)
    for place, line in zip(("line_one", "line_two", "line_three"), lines, strict=False):
        setattr(party.address, place, line)
    party.address.country_id = country


def _at(day: date) -> datetime:
    return datetime.combine(day, time())
