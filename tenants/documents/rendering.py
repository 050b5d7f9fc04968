"""From an `InvoiceDocument` to HTML, and from HTML to a PDF. Nothing else is read.

The same contents give the same bytes. A process renders one document at a time: Pango's font
map and the remembered styles are shared by all renders of the process.
"""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any
from xml.etree import ElementTree

from cssselect2 import ElementWrapper
from django.template.loader import get_template
from django.utils import translation
from weasyprint import CSS, DEFAULT_OPTIONS, HTML, Document, Page
from weasyprint.css.counters import CounterStyle
from weasyprint.css.targets import TargetCollector
from weasyprint.formatting_structure.build import build_formatting_structure
from weasyprint.html import UA_COUNTER_STYLE
from weasyprint.images import get_image_from_uri
from weasyprint.layout import LayoutContext, layout_document
from weasyprint.pdf.metadata import DocumentMetadata
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetchingError

from tenants.documents.contents import InvoiceDocument
from tenants.documents.presentation import present_invoice
from tenants.documents.styles import RememberingStyles, StyleMemory

TEMPLATE = "documents/invoice.html"
PRINT_SHEETS = ("fonts.css", "invoice.css", "paper.css")
_one_at_a_time = Lock()


class PrintedDocument(Document):  # type: ignore[misc]
    """A WeasyPrint document whose stylesheets and styles are kept from one to the next."""

    @classmethod
    def lay_out(cls, markup: str, workshop: "Workshop") -> "PrintedDocument":
        """Parse, style and paginate well-formed markup. Raises ValueError where it is not."""
        html = _parse(markup, workshop.fetch_data)
        targets, counter_style = TargetCollector(), CounterStyle()
        counter_style.update(UA_COUNTER_STYLE)
        styles = RememberingStyles(
            html, workshop.sheets, workshop.memory, workshop.fonts, targets
        )
        images: dict[str, Any] = {}
        options = dict(DEFAULT_OPTIONS)

        def load_image(url: str, **kwargs: Any) -> Any:
            return get_image_from_uri(
                url=url, cache=images, url_fetcher=workshop.fetch_data, options=options, **kwargs
            )

        context = LayoutContext(styles, load_image, workshop.fonts, counter_style, targets)
        root_box = build_formatting_structure(
            html.etree_element, styles, context.get_image_from_uri, None, targets, counter_style,
            context.footnotes,
        )
        pages = [Page(box) for box in layout_document(html, root_box, context)]
        metadata = DocumentMetadata(
            title=html.etree_element.findtext("head/title"), lang=html.etree_element.get("lang")
        )
        return cls(pages, metadata, workshop.fetch_data, workshop.fonts, {}, None)


class Workshop:
    """What all renders of a process share: fonts, parsed stylesheets, remembered styles."""

    def __init__(self, folder: Path) -> None:
        self.fonts = FontConfiguration()
        self.memory = StyleMemory()
        self.fetch_data = URLFetcher(allowed_protocols=("data",))
        fetch_own = URLFetcher(allowed_protocols=("file",))
        own = [
            CSS(filename=folder / name, font_config=self.fonts, url_fetcher=fetch_own)
            for name in PRINT_SHEETS
        ]
        self.sheets = [(sheet, "author", None) for sheet in own]


def _parse(markup: str, url_fetcher: URLFetcher) -> HTML:
    """The document as a tree. The template writes XML, which Python reads 20 times faster."""
    html = HTML.__new__(HTML)
    html.base_url = None
    html.url_fetcher = url_fetcher
    html.media_type = "print"
    html.etree_element = ElementTree.fromstring(markup)
    html.wrapper_element = ElementWrapper.from_html_root(html.etree_element, content_language=None)
    return html


@cache
def workshop() -> Workshop:
    return Workshop(Path(__file__).resolve().parents[2] / "frontend_templates/static/documents")


def render_invoice_html(document: InvoiceDocument, language: str) -> str:
    with translation.override(language):
        return get_template(TEMPLATE).render(present_invoice(document, language))


def render_pdf(html: str) -> bytes:
    with _one_at_a_time:
        return PrintedDocument.lay_out(html, workshop()).write_pdf()
