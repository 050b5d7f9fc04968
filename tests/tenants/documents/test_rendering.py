"""What stands on the page, in both languages, on one page and on many."""

import gc
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import ParseError

import pytest
from support.documents import page_of, print_page, words

from tenants.documents.contents import (
    DocumentLine,
    DocumentTax,
    Party,
)
from tenants.documents.logos import load_logo
from tenants.documents.printing import render_markup
from tenants.documents.rendering import digest_of


def charge(description, amount="12.50"):
    return DocumentLine(
        "additional_charge", description, Decimal(amount), Decimal(1), Decimal(amount)
    )


def test_one_page_says_everything(invoice, read_pages):
    (page,) = read_pages(invoice)
    text = words(page)
    for expected in (
        "Acme Electric Ltd.",
        "GST/HST 812345678 RT0001",
        "QST 1234567890 TQ0001",
        "Lakeside Parking 1234",
        "Toronto ON M5J 2J2",
        "SITE000114",
        "AE-2026-001234",
        "CON00001234",
        "Oct 31, 2026",
        "Nov 30, 2026",
        "Net 30 days",
        "October 2026",
        "Labour, overtime · EL-1234",
        "$79.50",
        "$993.75",  # 12.5 x 79.50
        "HST 13%",
        "No. 812345678 RT0001",
        "account 123-456-7",
        "Page 1 of 1",
    ):
        assert expected in text, expected


def test_amounts_are_exact_and_labelled(invoice, read_pages):
    # 1394 x 53 + 12.5 x 79.50 + 4 x 106 + 8 x 106 + 560 = 76,707.75; 13 % = 9,972.01
    (page,) = read_pages(invoice)
    text = words(page)
    assert "Subtotal $76,707.75" in text
    assert "on $76,707.75" in text
    assert "$9,972.01" in text
    assert "Total $86,679.76" in text
    assert "Balance due $86,679.76 CAD" in text


def test_french_formats(invoice, read_pages):
    (page,) = read_pages(invoice, "fr-ca")
    text = words(page)
    assert "86 679,76 $" in text
    assert "31 oct. 2026" in text
    assert "13 %" in text
    assert "octobre 2026" in text
    assert 'lang="fr-CA"' in page_of(invoice, "fr-ca")


@pytest.mark.parametrize(("currency", "total"), [("JPY", "¥86,680"), ("KWD", "86,679.760")])
def test_decimals_are_the_currencys(invoice, read_pages, currency, total):
    (page,) = read_pages(replace(invoice, currency=currency))
    assert total in words(page)


def test_shares_show_their_base_and_percentage(invoice, read_pages):
    share = DocumentLine(
        "revenue_share", "Revenue share", Decimal("7500"), Decimal("50000"), Decimal("0.15")
    )
    cost = DocumentLine(
        "reimbursable_cost", "Cable", Decimal("115"), Decimal("100"), Decimal("1.15")
    )
    plain = DocumentLine("reimbursable_cost", "Tape", Decimal("9"), Decimal(1), Decimal("9"))
    (page,) = read_pages(replace(invoice, lines=(share, cost, plain)))
    text = words(page)
    assert "Revenue share $50,000.00 15% $7,500.00" in text
    assert "Cable $100.00 115% $115.00" in text
    assert "Tape 1 $9.00 $9.00" in text


def test_components_have_headings_and_subtotals(invoice, read_pages):
    lines = (
        DocumentLine("fixed_fee", "Fixed fee", Decimal("2500"), component=0),
        replace(invoice.lines[0], component=1, amount=Decimal("100")),
        replace(invoice.lines[1], component=1, amount=Decimal("50")),
        DocumentLine("maximum_cap", "Maximum cap", Decimal("-650")),
        charge("Lift"),
    )
    (page,) = read_pages(
        replace(invoice, lines=lines, component_types=("fixed_fee", "per_labor_hour"))
    )
    text = words(page)
    assert "1. Fixed fee $2,500.00" in text
    assert "2. Labour hours $150.00" in text
    assert "Contract as a whole −$650.00" in text
    assert "Other charges $12.50" in text


def test_each_tax_has_its_rate_base_and_number(invoice, read_pages):
    taxes = (
        DocumentTax("GST", Decimal("0.05"), Decimal(200), Decimal(10), "812345678 RT0001"),
        DocumentTax("QST", Decimal("0.09975"), Decimal(100), Decimal("9.98"), "1234567890 TQ0001"),
    )
    (page,) = read_pages(replace(invoice, taxes=taxes))
    text = words(page)
    assert "GST 5%" in text
    assert "on $200.00 · No. 812345678 RT0001" in text
    assert "QST 9.975%" in text
    assert "on $100.00 · No. 1234567890 TQ0001" in text


def test_a_paid_part_leaves_a_balance(invoice, read_pages):
    paid = replace(
        invoice, state="partially_paid", amount_paid=Decimal("6679.76"), balance_due=Decimal(80000)
    )
    (page,) = read_pages(paid)
    text = words(page)
    assert "Partly paid" in text
    assert "Amount paid −$6,679.76" in text
    assert "$80,000.00 CAD due November 30, 2026" in text


@pytest.mark.parametrize(
    ("state", "mark", "marked"),
    [("draft", "DRAFT", True), ("void", "VOID", True), ("issued", "DRAFT", False)],
)
def test_drafts_and_void_ones_are_marked_across_the_page(invoice, read_pages, state, mark, marked):
    (page,) = read_pages(replace(invoice, state=state))
    assert (mark in page) is marked


def test_a_credit_note_asks_for_no_payment(invoice, read_pages):
    credit = replace(
        invoice,
        kind="credit_note",
        corrects="AE-2026-000999",
        total=-invoice.total,
        balance_due=-invoice.total,
    )
    (page,) = read_pages(credit)
    text = words(page)
    assert "Credit note" in text
    assert "Corrects AE-2026-000999" in text
    assert "$86,679.76 CAD credited to your account" in text
    assert "How to pay" not in text
    assert "Due date" not in text


def test_three_hundred_lines_repeat_the_heads_and_lose_nothing(invoice, read_pages):
    lines = tuple(charge(f"Delivery {number:03}.") for number in range(300))
    pages = read_pages(replace(invoice, lines=lines))
    count = len(pages)
    assert count > 5
    text = " ".join(pages)
    assert [f"Delivery {number:03}." in text for number in range(300)] == [True] * 300
    for number, page in enumerate(pages, start=1):
        assert "Description" in page
        assert "Amount" in page
        assert f"Page {number} of {count}" in words(page)
    for page in pages[1:]:  # the running head
        assert words(page).startswith("Acme Electric Ltd. AE-2026-001234") or (
            "Acme Electric Ltd." in page and "AE-2026-001234" in page
        )
    assert "Delivery 299." in pages[-1], "totals stand with their last line"
    assert all(total in pages[-1] for total in ("Subtotal", "Total", "Balance due"))


def test_lines_do_not_split_between_pages(invoice, read_pages):
    long = "Installed and tested one luminaire of the lower level, " * 6
    lines = tuple(charge(f"[{number}] {long}(end {number})") for number in range(40))
    pages = read_pages(replace(invoice, lines=lines))
    assert len(pages) > 2
    for number in range(40):
        on_page = [f"[{number}]" in page for page in pages]
        assert on_page == [f"(end {number})" in words(page) for page in pages]


def test_long_names_and_words_stay_on_the_page(invoice):
    word = "Supercalifragilisticexpialidocious" * 4
    huge = replace(
        invoice,
        supplier=replace(invoice.supplier, name=f"{word} Limited Partnership of {word}"),
        buyer=Party(name=word, address=(word, "Toronto"), email=f"{word}@example.com"),
        lines=(charge(word, "99999999999999.99"), *invoice.lines),
        total=Decimal("-999999999999999.99"),
        balance_due=Decimal("-999999999999999.99"),
    )
    assert outside(huge) == []
    assert outside(invoice) == []


def outside(document):
    """Lines of text that leave the paper's margins (56 px of 816)."""
    from weasyprint.formatting_structure.boxes import TextBox

    from tenants.documents.printing import PrintedDocument, open_workshop

    html = page_of(document, "en")
    pages = PrintedDocument.lay_out(html, open_workshop()).pages
    boxes = [
        box
        for page in pages
        for box in page._page_box.descendants()
        if isinstance(box, TextBox) and box.text.strip()
    ]
    assert boxes
    return [
        box.text
        for box in boxes
        if box.position_x < 55.9 or box.position_x + box.width > 816 - 55.9
    ]


def test_words_do_not_overlap(invoice):
    """No two lines of text share paper, whatever the length of the names."""
    from weasyprint.formatting_structure.boxes import TextBox

    from tenants.documents.printing import PrintedDocument, open_workshop

    long = replace(
        invoice,
        supplier=replace(invoice.supplier, name="Mechanical and Electrical Contracting " * 5),
        buyer=replace(invoice.buyer, name="Buyer " * 40),
        lines=(charge("Lift", "-1234567890123.45"), charge("x" * 300), *invoice.lines),
    )
    html = page_of(long, "fr-ca")
    for page in PrintedDocument.lay_out(html, open_workshop()).pages:
        areas = [
            (box.position_x, box.position_y, box.position_x + box.width, box.position_y + 9)
            for box in page._page_box.descendants()
            if isinstance(box, TextBox) and box.text.strip()
        ]
        for index, (left, top, right, bottom) in enumerate(areas):
            for other in areas[index + 1 :]:
                apart = other[0] >= right - 0.5 or other[2] <= left + 0.5
                assert apart or other[1] >= bottom - 0.5 or other[3] <= top + 0.5


def test_a4(invoice):
    from io import BytesIO

    from pypdf import PdfReader

    pdf = print_page(page_of(replace(invoice, paper="a4"), "en"))
    pages = PdfReader(BytesIO(pdf)).pages
    assert [round(float(side)) for side in pages[0].mediabox[2:]] == [595, 842]
    assert len(pages) == 1


def test_markup_in_the_contents_is_text(invoice, read_pages):
    evil = "<script>alert(1)</script><img src='https://evil.example/x.png'/>&copy;"
    document = replace(
        invoice,
        lines=(charge(evil), *invoice.lines),
        buyer=replace(invoice.buyer, name='"><b onclick="x">Bob'),
        notes="</div><style>body{display:none}</style>",
    )
    html = page_of(document, "en")
    assert "<script" not in html
    assert "onclick=&quot;" in html
    (page,) = read_pages(document)
    assert "<script>alert(1)</script>" in page
    assert "body{display:none}" in page


def test_characters_no_document_can_show_are_left_out(invoice, read_pages):
    document = replace(invoice, lines=(charge("A\x00B\x1b\u202eC\ud800D\ufffeE"),))
    (page,) = read_pages(document)
    assert "ABCDE" in page


def test_nothing_is_fetched(invoice, monkeypatch):
    import socket

    def refuse(*args, **kwargs):
        raise AssertionError("a document asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    html = page_of(invoice, "en").replace(
        "<table ",
        '<img src="https://evil.example/a.png"/><img src="file:///etc/passwd"/>'
        '<p style="background:url(https://evil.example/b.png)">seen</p><table ',
        1,
    )
    assert render_markup(html).pages == 1
    assert load_logo("file:///etc/passwd") is None
    assert load_logo("https://evil.example/a.png") is None


def test_only_well_formed_markup_is_printed():
    with pytest.raises(ParseError):
        render_markup("<html><body><p>open</body></html>")


def test_same_contents_same_bytes(invoice):
    other = replace(invoice, number="AE-2026-009999", state="draft")
    first = print_page(page_of(invoice, "en"))
    print_page(page_of(other, "fr-ca"))
    assert print_page(page_of(invoice, "en")) == first


def test_the_digest_tells_contents_languages_and_logos_apart(invoice, logo):
    digest = digest_of("invoice", invoice, "en")
    assert digest_of("invoice", replace(invoice), "en") == digest
    with_logo = replace(invoice, supplier=replace(invoice.supplier, logo=logo))
    others = [
        digest_of("invoice", invoice, "fr-ca"),
        digest_of("invoice", replace(invoice, invoice_date=date(2026, 10, 30)), "en"),
        digest_of("invoice", with_logo, "en"),
    ]
    assert len({digest, *others}) == 4


@pytest.mark.parametrize("html", ["<html><head/><body><p>One</p></body></html>", "<html>"])
def test_the_garbage_collector_is_left_as_it_was(html):
    for state in (gc.disable, gc.enable):
        state()
        before = gc.isenabled()
        with suppress(ParseError):
            render_markup(html)
        assert gc.isenabled() is before
