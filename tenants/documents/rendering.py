"""From an `InvoiceDocument` to HTML, and from HTML to a PDF. Nothing else is read.

The same contents give the same bytes. A process renders one document at a time: Pango's font
map and the remembered styles are shared by all renders of the process.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from xml.etree import ElementTree

from cssselect2 import ElementWrapper
from django.template.loader import get_template
from django.utils import translation
from weasyprint import CSS, HTML, Document, Page
from weasyprint import __version__ as weasyprint_version
from weasyprint.css.counters import CounterStyle
from weasyprint.css.targets import TargetCollector
from weasyprint.formatting_structure.build import build_formatting_structure
from weasyprint.html import UA_COUNTER_STYLE
from weasyprint.layout import LayoutContext, layout_document
from weasyprint.pdf.metadata import DocumentMetadata
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from tenants.documents.contents import InvoiceDocument
from tenants.documents.logos import Logo, load_logo
from tenants.documents.presentation import present_invoice
from tenants.documents.styles import RememberingStyles, StyleMemory

TEMPLATE = "documents/invoice.html"
FRONTEND = Path(__file__).resolve().parents[2] / "frontend_templates"
TEMPLATE_FILE = FRONTEND / "templates" / TEMPLATE
STATIC = FRONTEND / "static/documents"
PRINT_SHEETS = ("fonts.css", "invoice.css", "paper.css")
_one_at_a_time = Lock()


@dataclass(frozen=True)
class PrintedPdf:
    """A finished PDF."""

    content: bytes
    pages: int


class PrintedDocument(Document):  # type: ignore[misc]
    """A WeasyPrint document whose sheets, styles and logo are kept from one to the next."""

    @classmethod
    def lay_out(cls, markup: str, workshop: "Workshop") -> "PrintedDocument":
        """Parse, style and paginate well-formed markup. Raises ParseError where it is not."""
        html = _parse(markup)
        root = html.etree_element
        targets, counter_style = TargetCollector(), CounterStyle()
        counter_style.update(UA_COUNTER_STYLE)
        styles = RememberingStyles(html, workshop.sheets, workshop.memory, workshop.fonts, targets)
        context = LayoutContext(styles, _load_image, workshop.fonts, counter_style, targets)
        root_box = build_formatting_structure(
            root, styles, context.get_image_from_uri, None, targets, counter_style, []
        )
        pages = [Page(box) for box in layout_document(html, root_box, context)]
        metadata = DocumentMetadata(title=root.findtext("head/title"), lang=root.get("lang"))
        return cls(pages, metadata, None, workshop.fonts, {}, None)


class Workshop:
    """What all renders of a process share: fonts, parsed stylesheets, remembered styles."""

    def __init__(self) -> None:
        self.fonts = FontConfiguration()
        self.memory = StyleMemory()
        own_files = URLFetcher(allowed_protocols=("file",))
        self.sheets = [
            (
                CSS(filename=STATIC / name, font_config=self.fonts, url_fetcher=own_files),
                "author",
                None,
            )
            for name in PRINT_SHEETS
        ]


def _parse(markup: str) -> HTML:
    """The document as a tree. The template writes XML, which Python reads 20 times faster."""
    html = HTML.__new__(HTML)
    html.base_url = html.url_fetcher = None
    html.media_type = "print"
    html.etree_element = ElementTree.fromstring(markup)  # noqa: S314 - our own, escaped markup
    html.wrapper_element = ElementWrapper.from_html_root(html.etree_element, content_language=None)
    return html


def _load_image(url: str, **options: object) -> Logo | None:
    """WeasyPrint's hook for images; its options concern how others are fetched."""
    return load_logo(url)


@cache
def open_workshop() -> Workshop:
    """The process's workshop, set up on the first render (50 ms)."""
    return Workshop()


@cache
def template_version() -> str:
    """A short digest of everything that decides how a document looks."""
    digest = sha256(f"weasyprint {weasyprint_version}".encode())
    sheets = [STATIC / name for name in PRINT_SHEETS]
    fonts, words = STATIC.glob("fonts/*.woff2"), FRONTEND.glob("locale/*/LC_MESSAGES/*.mo")
    for path in sorted((TEMPLATE_FILE, *sheets, *fonts, *words)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def digest_of(document: InvoiceDocument, language: str) -> str:
    """The same for the same contents, language and look; of 64 hexadecimal digits."""
    supplier = document.supplier
    logo = sha256(supplier.logo or b"").hexdigest()
    contents = replace(document, supplier=replace(supplier, logo=None))
    text = f"{template_version()} {language} {logo} {contents!r}"
    return sha256(text.encode()).hexdigest()


def render_invoice_html(document: InvoiceDocument, language: str) -> str:
    """The document as an HTML page, which is also what `render_pdf` prints.

    `language` is Django's ("en", "fr-ca"). All text is escaped.
    """
    with translation.override(language):
        return get_template(TEMPLATE).render(present_invoice(document, language))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A document's boxes live until it is written: looking for garbage among them finds none.

    It took a tenth of the time in a process full of other objects.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def print_html(html: str) -> PrintedPdf:
    """A page of `render_invoice_html` as a PDF. Nothing is fetched from outside the process.

    One at a time in a process. Raises ParseError for markup that is no XML.
    """
    with _one_at_a_time, _collector_paused():
        try:
            document = PrintedDocument.lay_out(html, open_workshop())
            return PrintedPdf(bytes(document.write_pdf()), len(document.pages))
        except BaseException:  # what was remembered half-way (a time limit) is forgotten
            open_workshop.cache_clear()
            raise


def render_pdf(html: str) -> bytes:
    """The bytes of `print_html`."""
    return print_html(html).content
