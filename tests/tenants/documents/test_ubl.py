"""Invoices as UBL 2.1: the elements in the standard's order, the same amounts to the cent."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from shared.kernel.errors import Conflict
from tenants.documents.contents import Conversion, DocumentLine, DocumentTax
from tenants.documents.ubl import CAC, CBC, URN, write_ubl

SPACES = {"cac": CAC, "cbc": CBC}
# The sequences of the OASIS schemas, of what we write; a star marks what must be there.
DOCUMENT = (
    "UBLVersionID ID* IssueDate* {dated} DocumentCurrencyCode LineCountNumeric InvoicePeriod "
    "OrderReference BillingReference ContractDocumentReference AccountingSupplierParty* "
    "AccountingCustomerParty* Delivery PaymentTerms TaxExchangeRate TaxTotal LegalMonetaryTotal* "
)
LINE = "ID* {quantity} LineExtensionAmount* Item* Price"
ORDER = {
    "Invoice": DOCUMENT.format(dated="DueDate InvoiceTypeCode Note") + "InvoiceLine*",
    "CreditNote": DOCUMENT.format(dated="CreditNoteTypeCode Note") + "CreditNoteLine*",
    "InvoiceLine": LINE.format(quantity="InvoicedQuantity"),
    "CreditNoteLine": LINE.format(quantity="CreditedQuantity"),
    "Party": "PartyIdentification PartyName PostalAddress PartyTaxScheme PartyLegalEntity Contact",
    "PartyTaxScheme": "CompanyID TaxScheme*",
    "PostalAddress": "AddressLine Country",
    "Address": "AddressLine Country",
    "Contact": "Name Telephone ElectronicMail",
    "DeliveryLocation": "ID Name Address",
    "TaxTotal": "TaxAmount* TaxSubtotal",
    "TaxSubtotal": "TaxableAmount TaxAmount* TaxCategory*",
    "TaxCategory": "ID Percent TaxExemptionReason TaxScheme*",
    "ClassifiedTaxCategory": "ID Percent TaxExemptionReason TaxScheme*",
    "Item": "Name SellersItemIdentification ClassifiedTaxCategory",
    "LegalMonetaryTotal": (
        "LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount PrepaidAmount PayableAmount*"
    ),
    "TaxExchangeRate": (
        "SourceCurrencyCode* TargetCurrencyCode* ExchangeMarketID CalculationRate "
        "MathematicOperatorCode Date"
    ),
}


def read(document, language="en"):
    root = etree.fromstring(write_ubl(document, language))
    for element in root.iter():
        name = etree.QName(element).localname
        if name not in ORDER:
            continue
        known = ORDER[name].replace("*", "").split()
        places = [known.index(etree.QName(child).localname) for child in element]
        assert places == sorted(places), name
        needed = {one[:-1] for one in ORDER[name].split() if one.endswith("*")}
        assert needed <= {known[place] for place in places}, name
    for amount in root.iter("{*}TaxableAmount", "{*}LineExtensionAmount", "{*}PayableAmount"):
        assert amount.get("currencyID") == document.currency
    return root


def texts(root, path):
    return [element.text for element in root.iterfind(path, SPACES)]


def amounts(root, path):
    return [Decimal(text) for text in texts(root, path)]


def test_an_invoice_says_the_same_to_the_cent(invoice):
    """76,707.75 of five lines; HST 13 % = 9,972.01; 86,679.76 to pay."""
    document = replace(invoice, amount_paid=Decimal("79.76"), balance_due=Decimal(86600))
    root = read(document)
    assert root.tag == f"{{{URN}:Invoice-2}}Invoice"
    assert texts(root, "cbc:ID") == ["AE-2026-001234"]
    assert texts(root, "cbc:InvoiceTypeCode") == ["380"]
    assert texts(root, "cbc:DueDate") == ["2026-11-30"]
    assert amounts(root, "cac:LegalMonetaryTotal/*") == [
        Decimal("76707.75"),
        Decimal("76707.75"),
        Decimal("86679.76"),
        Decimal("79.76"),
        Decimal(86600),
    ]
    lines = amounts(root, "cac:InvoiceLine/cbc:LineExtensionAmount")
    assert sum(lines) == Decimal("76707.75")
    quantities = amounts(root, "cac:InvoiceLine/cbc:InvoicedQuantity")
    prices = amounts(root, "cac:InvoiceLine/cac:Price/cbc:PriceAmount")
    assert [round(q * p, 2) for q, p in zip(quantities, prices, strict=True)] == lines
    assert root.find("cac:InvoiceLine/cbc:InvoicedQuantity", SPACES).get("unitCode") == "HUR"
    seller = "cac:AccountingSupplierParty/cac:Party/cac:PartyTaxScheme"
    assert texts(root, f"{seller}/cbc:CompanyID") == ["812345678 RT0001", "1234567890 TQ0001"]
    assert any(note.startswith("How to pay") for note in texts(root, "cbc:Note"))


def test_each_component_has_its_subtotal_and_each_line_says_what_applies(invoice):
    """GST 5 % of 300.00 = 15.00, PST 7 % of 100.00 = 7.00; the permit bears none."""
    document = replace(
        invoice,
        lines=(
            DocumentLine("fixed_fee", "Fee", Decimal(100), taxes=("GST", "PST")),
            DocumentLine("fixed_fee", "Work", Decimal(200), taxes=("GST",)),
            DocumentLine("reimbursable_cost", "Permit", Decimal(50)),
        ),
        taxes=(
            DocumentTax("GST", Decimal("0.050000"), Decimal(300), Decimal(15), "8123"),
            DocumentTax("PST", Decimal("0.07"), Decimal(100), Decimal(7)),
        ),
        subtotal=Decimal(350),
        total=Decimal(372),
        balance_due=Decimal(372),
    )
    root = read(document)
    assert amounts(root, "cac:TaxTotal/cbc:TaxAmount") == [22]
    subtotal = "cac:TaxTotal/cac:TaxSubtotal"
    assert texts(root, f"{subtotal}//cac:TaxScheme/cbc:ID") == ["GST", "PST"]
    assert texts(root, f"{subtotal}//cbc:Percent") == ["5", "7"]
    assert amounts(root, f"{subtotal}/cbc:TaxableAmount") == [300, 100]
    assert amounts(root, f"{subtotal}/cbc:TaxAmount") == [15, 7]
    categories = [
        texts(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:ID")
        for line in root.iterfind("cac:InvoiceLine", SPACES)
    ]
    assert categories == [["S", "S"], ["S", "E"], ["E", "E"]]


def test_a_credit_note_is_positive_and_points_back(invoice):
    credit = replace(
        invoice,
        kind="credit_note",
        corrects="AE-2026-000999",
        reason="Agreed",
        lines=(
            DocumentLine(
                "labor_regular", "Hours", Decimal(-100), Decimal(-2), Decimal(50), taxes=("HST",)
            ),
        ),
        taxes=(DocumentTax("HST", Decimal("0.13"), Decimal(-100), Decimal(-13)),),
        subtotal=Decimal(-100),
        total=Decimal(-113),
        balance_due=Decimal(-113),
    )
    root = read(credit)
    assert root.tag == f"{{{URN}:CreditNote-2}}CreditNote"
    assert texts(root, "cbc:CreditNoteTypeCode") == ["381"]
    assert texts(root, "cac:BillingReference//cbc:ID") == ["AE-2026-000999"]
    assert amounts(root, "cac:CreditNoteLine/cbc:CreditedQuantity") == [2]
    assert amounts(root, "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount") == [13]
    assert amounts(root, "cac:LegalMonetaryTotal/cbc:PayableAmount") == [113]
    assert "Reason: Agreed" in texts(root, "cbc:Note")


def test_holdback_is_a_line_taken_off_and_is_told(invoice):
    held = DocumentLine("holdback", "Holdback", Decimal(-100), taxes=("HST",))
    document = replace(invoice, lines=(*invoice.lines, held), holdback=Decimal(100))
    root = read(document)
    assert amounts(root, "cac:InvoiceLine/cbc:InvoicedQuantity")[-1] == -1
    assert amounts(root, "cac:InvoiceLine/cbc:LineExtensionAmount")[-1] == -100
    assert amounts(root, "cac:InvoiceLine/cac:Price/cbc:PriceAmount")[-1] == 100
    assert any(note.startswith("Holdback: $100.00") for note in texts(root, "cbc:Note"))


@pytest.mark.parametrize(
    ("changes", "path", "text"),
    [
        ({"number": "", "state": "draft"}, "cbc:ID", "INV000001234"),
        ({"kind": "adjustment", "corrects": "X-1"}, "cbc:InvoiceTypeCode", "384"),
        ({"currency": "JPY"}, "cac:LegalMonetaryTotal/cbc:PayableAmount", "86680"),
        (
            {"purchase_order": "PO <4711> & Co", "is_construction": True},
            "cac:OrderReference/cbc:ID",
            "PO <4711> & Co",
        ),
        ({"notes": "A\x00B\u202e<i>"}, "cbc:Note[last()]", "Notes: AB<i>"),
        (
            {"conversion": Conversion(Decimal("1.3512"), "CAD", date(2026, 10, 30), "Bank")},
            "cac:TaxExchangeRate/cbc:CalculationRate",
            "1.3512",
        ),
    ],
)
def test_it_keeps_to_the_standard_whatever_the_invoice_says(invoice, changes, path, text):
    assert texts(read(replace(invoice, **changes)), path) == [text]
    read(replace(invoice, **changes), "fr-ca")


def test_without_lines_there_is_none(invoice):
    with pytest.raises(Conflict):
        write_ubl(replace(invoice, lines=()), "en")
