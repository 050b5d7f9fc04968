"""An invoice that programs can read: OASIS UBL 2.1, an Invoice or a CreditNote.

UBL tells taxes apart: each component has its subtotal, and each line names the components that
apply and those that do not. The order of elements is the standard's, which its schemas insist on.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from lxml import etree

from tenants.documents.contents import Conversion, InvoiceDocument, printable
from tenants.documents.structured import (
    StructuredInvoice,
    StructuredLine,
    StructuredParty,
    StructuredTax,
    structure_invoice,
)

URN = "urn:oasis:names:specification:ubl:schema:xsd"
CBC, CAC = f"{URN}:CommonBasicComponents-2", f"{URN}:CommonAggregateComponents-2"
VERSION = "2.1"
TAXED, EXEMPT = "S", "E"
BY_MULTIPLYING = "Multiply"

Element = Any
"""lxml's elements have no types of their own."""


def write_ubl(document: InvoiceDocument, language: str) -> bytes:
    """The invoice as UBL 2.1; a credit note as CreditNote. Raises Conflict without lines."""
    with translation.override(language):
        root = _Writer(structure_invoice(document, language)).write()
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


class _Writer:
    """Writes one document, element by element in the standard's order."""

    def __init__(self, invoice: StructuredInvoice) -> None:
        self._invoice = invoice
        self._source = invoice.source
        self._kind = "CreditNote" if invoice.is_credit_note else "Invoice"

    def write(self) -> Element:
        """The root element."""
        namespace = f"{URN}:{self._kind}-2"
        spaces = {None: namespace, "cac": CAC, "cbc": CBC}
        root = etree.Element(etree.QName(namespace, self._kind), nsmap=spaces)
        self._head(root)
        self._references(root)
        _party(_cac(root, "AccountingSupplierParty"), self._invoice.seller)
        _party(_cac(root, "AccountingCustomerParty"), self._invoice.buyer)
        _place(root, self._invoice.site)
        if not self._invoice.is_credit_note:
            _cbc(_cac(root, "PaymentTerms"), "PaymentDueDate", self._source.due_date.isoformat())
        if self._invoice.conversion is not None:
            _exchange_rate(root, self._source.currency, self._invoice.conversion)
        self._taxes(root)
        self._totals(root)
        for line in self._invoice.lines:
            self._line(root, line)
        return root

    def _head(self, root: Element) -> None:
        source, is_credit = self._source, self._invoice.is_credit_note
        _cbc(root, "UBLVersionID", VERSION)
        _cbc(root, "ID", self._invoice.number)
        _cbc(root, "IssueDate", source.invoice_date.isoformat())
        if not is_credit:
            _cbc(root, "DueDate", source.due_date.isoformat())
        _cbc(root, f"{self._kind}TypeCode", self._invoice.type_code)
        for note in self._invoice.notes:
            _cbc(root, "Note", note)
        _cbc(root, "DocumentCurrencyCode", source.currency)
        _cbc(root, "LineCountNumeric", str(len(self._invoice.lines)))

    def _references(self, root: Element) -> None:
        source = self._source
        period = _cac(root, "InvoicePeriod")
        _cbc(period, "StartDate", source.period_start.isoformat())
        _cbc(period, "EndDate", source.period_end.isoformat())
        if self._invoice.purchase_order:
            _cbc(_cac(root, "OrderReference"), "ID", self._invoice.purchase_order)
        if source.corrects:
            reference = _cac(_cac(root, "BillingReference"), "InvoiceDocumentReference")
            _cbc(reference, "ID", source.corrects)
        _cbc(_cac(root, "ContractDocumentReference"), "ID", source.contract_code)

    def _taxes(self, root: Element) -> None:
        total = _cac(root, "TaxTotal")
        self._amount(total, "TaxAmount", self._invoice.tax_total)
        for tax in self._invoice.taxes:
            subtotal = _cac(total, "TaxSubtotal")
            self._amount(subtotal, "TaxableAmount", tax.base)
            self._amount(subtotal, "TaxAmount", tax.amount)
            _category(_cac(subtotal, "TaxCategory"), tax, applies=True)

    def _totals(self, root: Element) -> None:
        invoice = self._invoice
        totals = _cac(root, "LegalMonetaryTotal")
        self._amount(totals, "LineExtensionAmount", invoice.net)
        self._amount(totals, "TaxExclusiveAmount", invoice.net)
        self._amount(totals, "TaxInclusiveAmount", invoice.gross)
        self._amount(totals, "PrepaidAmount", invoice.settled)
        self._amount(totals, "PayableAmount", invoice.due)

    def _line(self, root: Element, line: StructuredLine) -> None:
        quantity = "CreditedQuantity" if self._invoice.is_credit_note else "InvoicedQuantity"
        element = _cac(root, f"{self._kind}Line")
        _cbc(element, "ID", str(line.number))
        _cbc(element, quantity, f"{line.quantity:f}", unitCode=line.unit)
        self._amount(element, "LineExtensionAmount", line.amount)
        item = _cac(element, "Item")
        _cbc(item, "Name", line.name)
        _cbc(_cac(item, "SellersItemIdentification"), "ID", line.code)
        for tax in self._invoice.taxes:
            category = _cac(item, "ClassifiedTaxCategory")
            _category(category, tax, applies=tax.name in line.taxes)
        self._amount(_cac(element, "Price"), "PriceAmount", line.price)

    def _amount(self, parent: Element, name: str, amount: Decimal) -> None:
        _cbc(parent, name, f"{amount:f}", currencyID=self._source.currency)


def _cac(parent: Element, name: str) -> Element:
    return etree.SubElement(parent, etree.QName(CAC, name))


def _cbc(parent: Element, name: str, text: str, **attributes: str) -> None:
    etree.SubElement(parent, etree.QName(CBC, name), attributes).text = printable(text)


def _category(category: Element, tax: StructuredTax, *, applies: bool) -> None:
    _cbc(category, "ID", TAXED if applies else EXEMPT)
    _cbc(category, "Percent", f"{tax.percent if applies else 0:f}")
    if not applies:
        _cbc(category, "TaxExemptionReason", _("Not taxable"))
    _cbc(_cac(category, "TaxScheme"), "ID", tax.name)


def _party(parent: Element, facts: StructuredParty) -> None:
    party = _cac(parent, "Party")
    if facts.code:
        _cbc(_cac(party, "PartyIdentification"), "ID", facts.code)
    _cbc(_cac(party, "PartyName"), "Name", facts.name)
    _address(_cac(party, "PostalAddress"), facts)
    for registration in facts.registrations:
        scheme = _cac(party, "PartyTaxScheme")
        _cbc(scheme, "CompanyID", registration.number)
        _cbc(_cac(scheme, "TaxScheme"), "ID", registration.component)
    _cbc(_cac(party, "PartyLegalEntity"), "RegistrationName", facts.name)
    reachable = list(_contact(facts))
    if reachable:
        contact = _cac(party, "Contact")
        for name, text in reachable:
            _cbc(contact, name, text)


def _contact(facts: StructuredParty) -> Iterator[tuple[str, str]]:
    told = (
        ("Name", facts.attention),
        ("Telephone", facts.phone),
        ("ElectronicMail", facts.email),
    )
    return ((name, text) for name, text in told if text)


def _place(root: Element, site: StructuredParty) -> None:
    """Where the work was done: the place of supply."""
    place = _cac(_cac(root, "Delivery"), "DeliveryLocation")
    if site.code:
        _cbc(place, "ID", site.code)
    _cbc(place, "Name", site.name)
    _address(_cac(place, "Address"), site)


def _address(address: Element, facts: StructuredParty) -> None:
    for line in facts.address:
        _cbc(_cac(address, "AddressLine"), "Line", line)
    _cbc(_cac(address, "Country"), "IdentificationCode", facts.country)


def _exchange_rate(root: Element, currency: str, conversion: Conversion) -> None:
    """What the taxes are worth in the supplier's currency."""
    rate = _cac(root, "TaxExchangeRate")
    _cbc(rate, "SourceCurrencyCode", currency)
    _cbc(rate, "TargetCurrencyCode", conversion.currency)
    _cbc(rate, "ExchangeMarketID", conversion.source)
    _cbc(rate, "CalculationRate", f"{conversion.rate:f}")
    _cbc(rate, "MathematicOperatorCode", BY_MULTIPLYING)
    _cbc(rate, "Date", conversion.on.isoformat())
