"""Remembered styles change nothing: stock WeasyPrint makes the same bytes."""

import re
from dataclasses import replace

import pytest
from support.documents import page_of, print_page
from weasyprint import HTML
from weasyprint.urls import URLFetcher

from tenants.documents import printing, styles
from tenants.documents.contents import DocumentLine
from tenants.documents.printing import open_workshop
from tenants.documents.samples import sample_invoice
from tenants.documents.styles import PLACES_MAX, place_of


class StockDocument(HTML):
    """WeasyPrint as it comes, with the documents' own stylesheets."""

    def _ua_stylesheets(self, forms=False):
        return []


def print_stock(html):
    workshop = open_workshop()
    return StockDocument(
        string=re.sub("<link[^>]*>", "", html),
        url_fetcher=URLFetcher(allowed_protocols=("data",)),
    ).write_pdf(
        stylesheets=[sheet for sheet, _origin, _specificity in workshop.sheets],
        font_config=workshop.fonts,
    )


def variants(invoice, letterhead):
    many = tuple(replace(invoice.lines[0], description=f"Line {number}") for number in range(90))
    hybrid = tuple(replace(line, component=i % 2) for i, line in enumerate(invoice.lines))
    yield invoice
    yield replace(invoice, state="draft", brand_colour="#0b5cad")
    yield replace(invoice, supplier=letterhead, paper="a4")
    yield replace(invoice, lines=many, notes="Thank you.\nWe mean it.")
    yield replace(invoice, lines=hybrid, component_types=("fixed_fee", "fixed_fee"))
    yield replace(invoice, lines=(DocumentLine("fixed_fee", "Fixed fee", invoice.total),))


def test_the_bytes_are_those_of_stock_weasyprint(invoice, letterhead):
    for document in variants(invoice, letterhead):
        for language in ("en", "fr-ca"):
            html = page_of(document, language)
            stock = print_stock(html)
            assert print_page(html) == stock, "while learning"
            assert print_page(html) == stock, "from memory"


def test_a_known_document_computes_no_style(invoice, monkeypatch):
    html = page_of(invoice, "en")
    expected = print_page(html)

    def refuse(*args, **kwargs):
        raise AssertionError("a style was computed again")

    monkeypatch.setattr(styles.StyleMemory, "learn", refuse)
    assert print_page(html) == expected


def test_what_was_interrupted_is_forgotten(invoice, monkeypatch):
    html = page_of(invoice, "en")
    expected, before = print_page(html), open_workshop()

    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(printing, "layout_document", stop)
        with pytest.raises(KeyboardInterrupt):
            print_page(html)
    assert open_workshop() is not before
    assert print_page(html) == expected


def test_the_memory_is_bounded(monkeypatch):
    memory = open_workshop().memory
    monkeypatch.setattr(styles, "PLACES_MAX", 60)
    for number in range(12):
        colour = f"#0000{number:02x}"
        print_page(page_of(replace(sample_invoice(number), brand_colour=colour), "en"))
        assert memory.places <= 60 + 60
    assert PLACES_MAX > 60


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('<td class="num"/>', '<td class="num"/>', True),
        ('<td class="num"/>', "<td/>", False),
        ('<img src="a"/>', '<img src="b"/>', True),
        ('<div style="color:red"/>', '<div style="color:blue"/>', False),
        ('<body data-page="Page"/>', '<body data-page="Seite"/>', True),
    ],
)
def test_a_place_is_what_selectors_see(one, other, same):
    from xml.etree.ElementTree import fromstring

    assert (place_of(fromstring(one)) == place_of(fromstring(other))) is same
