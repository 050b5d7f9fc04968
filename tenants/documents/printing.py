"""From HTML to a PDF, without fetching anything and without working anything out twice.

A process prints one document at a time: Pango's font map, parsed stylesheets and remembered
styles are shared by all of them.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock
from time import monotonic
from typing import Any
from xml.etree import ElementTree

from celery.exceptions import SoftTimeLimitExceeded
from cssselect2 import ElementWrapper
from weasyprint import CSS, HTML, Document, Page
from weasyprint.css import StyleFor
from weasyprint.css.counters import CounterStyle
from weasyprint.css.targets import TargetCollector
from weasyprint.formatting_structure.build import build_formatting_structure
from weasyprint.html import UA_COUNTER_STYLE
from weasyprint.layout import LayoutContext, layout_document
from weasyprint.pdf.metadata import DocumentMetadata
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from shared.kernel.wording import worded as _
from shared.kernel.wording import wording_of
from tenants.documents.logos import Logo, load_logo
from tenants.documents.looks import LookBroken
from tenants.documents.sources import STATIC
from tenants.documents.styles import RememberingStyles, StyleMemory

PRINT_SHEETS = ("fonts.css", "invoice.css", "paper.css")
ELEMENTS_SHEET = "elements.css"
OWN_SHEETS_KEPT = 64
OWN_SECONDS_MAX = 15.0
OWN_PAGES_MAX = 300
_one_at_a_time = Lock()


@dataclass(frozen=True)
class PrintedPdf:
    """A finished PDF."""

    content: bytes
    pages: int


class Workshop:
    """What all prints with the same stylesheets share: the sheets and their remembered styles."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.fonts = _fonts()
        self.memory = StyleMemory()
        self.sheets = [(_sheet(name), "author", None) for name in names]


class Clock:
    """When the print that is under way has to be done. One at a time in a process."""

    def start(self) -> None:
        """A tenant's own template starts to be printed."""
        self._deadline = monotonic() + OWN_SECONDS_MAX

    def look(self) -> None:
        """Raise LookBroken when the time is up."""
        if monotonic() > self._deadline:
            raise LookBroken(
                _("It takes longer than %(seconds)s seconds to print.")
                % {"seconds": round(OWN_SECONDS_MAX)}
            )


_clock = Clock()


class LimitedLayout(LayoutContext):  # type: ignore[misc]
    """A layout that gives up: nobody knows what a tenant's own stylesheet asks for."""

    def overflows_page(self, bottom_space: float, position_y: float) -> bool:
        """Asked for each line and block, and so the place to look at the clock."""
        self._check()
        return bool(super().overflows_page(bottom_space, position_y))

    def create_block_formatting_context(self, root_box: Any = None, new_list: Any = None) -> None:
        """Asked for each cell, float and flex item, again each time they are measured."""
        self._check()
        super().create_block_formatting_context(root_box, new_list)

    def _check(self) -> None:
        _clock.look()
        if self.current_page and self.current_page > OWN_PAGES_MAX:
            raise LookBroken(_("It has more than %(pages)s pages.") % {"pages": OWN_PAGES_MAX})


class LimitedMatcher:
    """Which rules of a tenant's sheet apply to an element, while there is time."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    def match(self, element: Any) -> Any:
        """The rules as cssselect2 finds them."""
        _clock.look()
        return self._matcher.match(element)


class PrintedDocument(Document):  # type: ignore[misc]
    """A WeasyPrint document whose sheets, styles and logo are kept from one to the next."""

    @classmethod
    def lay_out(cls, markup: str, workshop: Workshop) -> "PrintedDocument":
        """Parse, style and paginate well-formed markup. Raises ParseError where it is not."""
        html = _read_tree(ElementTree.fromstring(markup))  # noqa: S314 - our own, escaped markup
        targets = TargetCollector()
        styles = RememberingStyles(html, workshop.sheets, workshop.memory, workshop.fonts, targets)
        return cls._paginate(html, styles, targets, workshop, LayoutContext)

    @classmethod
    def lay_out_own(cls, markup: str, css: str, workshop: Workshop) -> "PrintedDocument":
        """The same for markup and styles of a tenant, which were checked before.

        Raises LookBroken where it takes too long or too many pages.
        """
        html = _read_tree(ElementTree.fromstring(markup))  # noqa: S314 - checked, and no DTD
        targets = TargetCollector()
        _clock.start()
        own = [(sheet, "author", None) for sheet in (_sheet(ELEMENTS_SHEET), _own_sheet(css))]
        sheets = [*workshop.sheets, *own]
        styles = StyleFor(html, sheets, False, workshop.fonts, targets)
        return cls._paginate(html, styles, targets, workshop, LimitedLayout)

    @classmethod
    def _paginate(
        cls, html: HTML, styles: Any, targets: Any, workshop: Workshop, layout: type[Any]
    ) -> "PrintedDocument":
        counter_style = CounterStyle()
        counter_style.update(UA_COUNTER_STYLE)
        context = layout(styles, _load_image, workshop.fonts, counter_style, targets)
        root = html.etree_element
        root_box = build_formatting_structure(
            root, styles, context.get_image_from_uri, None, targets, counter_style, []
        )
        pages = [Page(box) for box in layout_document(html, root_box, context)]
        metadata = DocumentMetadata(title=root.findtext("head/title"), lang=root.get("lang"))
        return cls(pages, metadata, None, workshop.fonts, {}, None)


def render_markup(
    markup: str,
    *,
    sheets: tuple[str, ...] = PRINT_SHEETS,
    own_css: str | None = None,
    variant: str | None = None,
) -> PrintedPdf:
    """A page as a PDF. Nothing is fetched from outside the process; one at a time in a process.

    The markup is XML, which Python reads 20 times faster than HTML; raises ParseError where it
    is not. With `own_css` (maybe empty) the markup is a tenant's and printed with limits;
    raises LookBroken beyond them, and for whatever else WeasyPrint cannot do with it. `variant`
    is WeasyPrint's name of a PDF standard ("pdf/a-3b").
    """
    with _one_at_a_time, _collector_paused():
        try:
            workshop = open_workshop(sheets)
            if own_css is None:
                document = PrintedDocument.lay_out(markup, workshop)
            else:
                document = PrintedDocument.lay_out_own(markup, own_css, workshop)
            content = bytes(document.write_pdf(pdf_variant=variant))
            return PrintedPdf(content, len(document.pages))
        except BaseException as error:  # what was remembered half-way (a time limit) is forgotten
            open_workshop.cache_clear()
            if own_css is None or not isinstance(error, Exception) or _is_ours(error):
                raise
            raise LookBroken(
                _("It cannot be printed: %(why)s") % {"why": wording_of(error)}
            ) from error


def _is_ours(error: Exception) -> bool:
    """A reason we gave ourselves, or a worker's time limit: no fault of the template."""
    return isinstance(error, LookBroken | SoftTimeLimitExceeded)


@lru_cache(maxsize=16)
def open_workshop(sheets: tuple[str, ...] = PRINT_SHEETS) -> Workshop:
    """The process's workshop for these stylesheets, set up on the first print (50 ms)."""
    return Workshop(sheets)


@cache
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@cache
def _sheet(name: str) -> CSS:
    own_files = URLFetcher(allowed_protocols=("file",))
    return CSS(filename=STATIC / name, font_config=_fonts(), url_fetcher=own_files)


@lru_cache(maxsize=OWN_SHEETS_KEPT)
def _own_sheet(css: str) -> CSS:
    """A tenant's sheet; it may fetch nothing, not even what it embeds."""
    sheet = CSS(string=css, font_config=_fonts(), url_fetcher=URLFetcher(allowed_protocols=()))
    sheet.matcher = LimitedMatcher(sheet.matcher)
    return sheet


def _read_tree(root: Any) -> HTML:
    html = HTML.__new__(HTML)
    html.base_url = html.url_fetcher = None
    html.media_type = "print"
    html.etree_element = root
    html.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
    return html


def _load_image(url: str, **options: object) -> Logo | None:
    """WeasyPrint's hook for images; its options concern how others are fetched."""
    return load_logo(url)


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
