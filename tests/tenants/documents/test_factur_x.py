"""Invoices for programs: valid by the schema, the same amounts to the cent, inside a PDF/A-3."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from xml.etree import ElementTree

import pytest
from pypdf import PdfReader

from shared.kernel.errors import Conflict
from tenants.documents.contents import DocumentLine, DocumentTax, Registration
from tenants.documents.factur_x import print_factur_x, write_factur_x

RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"


def read(document, language="en"):
    return ElementTree.fromstring(write_factur_x(document, language))


def texts(root, name):
    return [element.text for element in root.iter(f"{RAM}{name}")]


def amounts(root, name):
    return [Decimal(text) for text in texts(root, name)]


def test_an_invoice_says_the_same_to_the_cent(invoice):
    """76,707.75 of five lines; HST 13 % = 9,972.01; 86,679.76 to pay."""
    root = read(invoice)
    assert texts(root, "ID")[1] == "AE-2026-001234"
    assert texts(root, "TypeCode")[0] == "380"
    assert len(texts(root, "LineID")) == 5
    lines = [
        Decimal(line.text)
        for line in root.iterfind(f".//{RAM}SpecifiedTradeSettlementLineMonetarySummation/*")
    ]
    assert sum(lines) == Decimal("76707.75")
    totals = root.find(f".//{RAM}SpecifiedTradeSettlementHeaderMonetarySummation")
    read_totals = {one.tag.removeprefix(RAM): Decimal(one.text) for one in totals}
    assert read_totals["LineTotalAmount"] == Decimal("76707.75")
    assert read_totals["TaxTotalAmount"] == Decimal("9972.01")
    assert read_totals["GrandTotalAmount"] == Decimal("86679.76")
    assert read_totals["DuePayableAmount"] == Decimal("86679.76")
    assert amounts(root, "CalculatedAmount") == [Decimal("9972.01")]
    assert set(amounts(root, "RateApplicablePercent")) == {Decimal(13)}
    notes = " ".join(texts(root, "Content"))
    assert "812345678 RT0001" in notes
    assert "How to pay" in notes


def test_components_are_added_up_and_told_apart_in_notes(invoice):
    """GST 5 % of 300.00 = 15.00, PST 7 % of 100.00 = 7.00: 12 % of 100 and 5 % of 200."""
    lines = (
        DocumentLine("fixed_fee", "Fee", Decimal(100), taxes=("GST", "PST")),
        DocumentLine("fixed_fee", "Work", Decimal(200), taxes=("GST",)),
        DocumentLine("reimbursable_cost", "Permit", Decimal(50)),
    )
    document = replace(
        invoice,
        lines=lines,
        taxes=(
            DocumentTax("GST", Decimal("0.05"), Decimal(300), Decimal(15), "8123"),
            DocumentTax("PST", Decimal("0.07"), Decimal(100), Decimal(7)),
        ),
        subtotal=Decimal(350),
        total=Decimal(372),
        balance_due=Decimal(372),
    )
    root = read(document)
    header = root.find(f".//{RAM}ApplicableHeaderTradeSettlement")
    found = {
        Decimal(tax.find(f"{RAM}RateApplicablePercent").text): (
            Decimal(tax.find(f"{RAM}BasisAmount").text),
            Decimal(tax.find(f"{RAM}CalculatedAmount").text),
            tax.find(f"{RAM}CategoryCode").text,
        )
        for tax in header.iterfind(f"{RAM}ApplicableTradeTax")
    }
    assert found == {
        Decimal(12): (100, 12, "S"),
        Decimal(5): (200, 10, "S"),
        Decimal(0): (50, 0, "E"),
    }
    notes = " ".join(texts(root, "Content"))
    assert "GST 5% × 300.00: 15.00 (8123)" in notes
    assert "PST 7% × 100.00: 7.00" in notes


def test_rounding_by_rate_still_adds_up(invoice):
    """Three lines of 0.10 at 14.975 %: 5 % of 0.30 = 0.02 and 9.975 % = 0.03, not 0.04."""
    lines = tuple(
        DocumentLine("fixed_fee", "Fee", Decimal("0.10"), taxes=("GST", "QST")) for _ in range(3)
    )
    document = replace(
        invoice,
        lines=lines,
        taxes=(
            DocumentTax("GST", Decimal("0.05"), Decimal("0.30"), Decimal("0.02")),
            DocumentTax("QST", Decimal("0.09975"), Decimal("0.30"), Decimal("0.03")),
        ),
        subtotal=Decimal("0.30"),
        total=Decimal("0.35"),
        balance_due=Decimal("0.35"),
    )
    assert amounts(read(document), "CalculatedAmount") == [Decimal("0.05")]


def test_a_credit_note_is_positive_and_points_back(invoice):
    credit = replace(
        invoice,
        kind="credit_note",
        corrects="AE-2026-000999",
        lines=(DocumentLine("fixed_fee", "Fee", Decimal("-100"), taxes=("HST",)),),
        taxes=(DocumentTax("HST", Decimal("0.13"), Decimal("-100"), Decimal("-13")),),
        subtotal=Decimal("-100"),
        total=Decimal("-113"),
        balance_due=Decimal("-113"),
    )
    root = read(credit)
    assert texts(root, "TypeCode")[0] == "381"
    assert amounts(root, "GrandTotalAmount") == [Decimal(113)]
    assert amounts(root, "BilledQuantity") == [Decimal(1)]
    assert "AE-2026-000999" in texts(root, "IssuerAssignedID")
    adjustment = replace(invoice, kind="adjustment", corrects="AE-2026-000999")
    assert texts(read(adjustment), "TypeCode")[0] == "384"


def test_what_is_taken_off_has_a_negative_quantity(invoice):
    held = DocumentLine("holdback", "Holdback", Decimal("-100"), taxes=("HST",))
    document = replace(invoice, lines=(*invoice.lines, held), holdback=Decimal(100))
    root = read(document)
    assert amounts(root, "BilledQuantity")[-1] == Decimal(-1)
    assert amounts(root, "ChargeAmount")[-1] == Decimal(100)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "paid", "amount_paid": Decimal("86679.76"), "balance_due": Decimal(0)},
        {"number": "", "state": "draft"},
        {"currency": "JPY"},
        {"purchase_order": "PO <4711> & Co", "is_construction": True},
        {"notes": "A\x00B\u202e<script>", "period_start": date(2026, 1, 1)},
    ],
)
def test_it_is_valid_whatever_the_invoice_says(invoice, changes):
    for language in ("en", "fr-ca"):
        read(replace(invoice, **changes), language)


def test_what_does_not_fit_the_format_is_said(invoice):
    with pytest.raises(Conflict):
        write_factur_x(replace(invoice, lines=()), "en")


def test_a_registration_of_quebec_alone_is_told(invoice):
    supplier = replace(invoice.supplier, registrations=(Registration("QST", "123 TQ0001"),))
    assert "123 TQ0001" in texts(read(replace(invoice, supplier=supplier)), "ID")


def test_the_pdf_is_an_archive_with_the_xml_in_it(invoice, letterhead):
    document = replace(invoice, supplier=letterhead)
    reader = PdfReader(BytesIO(print_factur_x(document, "en", None)))
    (name,) = reader.attachments
    assert name == "factur-x.xml"
    root = ElementTree.fromstring(reader.attachments[name][0])
    assert texts(root, "ID")[1] == "AE-2026-001234"
    assert "Balance due" in reader.pages[0].extract_text()
    catalog = reader.trailer["/Root"]
    xmp = catalog["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in xmp
    assert "EN 16931" in xmp
    assert catalog["/AF"][0].get_object()["/AFRelationship"] in ("/Alternative", "/Data", "/Source")
    assert catalog["/OutputIntents"]
    fonts = reader.pages[0]["/Resources"]["/Font"]
    for font in fonts.values():
        descendant = font.get_object()["/DescendantFonts"][0].get_object()
        assert "/FontFile2" in descendant["/FontDescriptor"] or (
            "/FontFile3" in descendant["/FontDescriptor"]
        )
