"""Computed styles that outlive one document.

Half of WeasyPrint's time on a one-page invoice goes into finding out, for each element and
each of 250 properties, what the same stylesheets said about the same element of the document
before. Here the answers are remembered by the element's place: its tag, its attributes and
those of its ancestors. Every document gets its own copies, because layout writes into them.

It holds for stylesheets whose selectors look only at an element and its ancestors (no
sibling, :has or position selectors) and use no viewport units; a test renders with and
without this cache and wants the same bytes. Written against WeasyPrint 70.
"""

from typing import Any
from xml.etree.ElementTree import Element

from weasyprint.css import AnonymousStyle, ComputedStyle, StyleFor
from weasyprint.css.computed_values import COMPUTER_FUNCTIONS
from weasyprint.css.properties import INITIAL_NOT_COMPUTED, INITIAL_VALUES
from weasyprint.layout.page import PageType

# Logical border widths are looked up through their physical ones only.
PROPERTIES = [
    name
    for name in INITIAL_VALUES
    if name not in INITIAL_NOT_COMPUTED or name in COMPUTER_FUNCTIONS
]
PLACES_MAX = 2_000  # some 50 are usual; a brand colour adds one
# Attributes that no selector of ours or of the browser's sheet looks at.
UNSTYLED = frozenset(("src", "alt", "href", "content", "media"))

Place = tuple[str, tuple[tuple[str, str], ...]]
PageKey = tuple[Place, str, bool, str, bool]


class FinishedStyle(ComputedStyle):  # type: ignore[misc]
    """A copy of a remembered style in which every property is already there."""

    def __init__(self, remembered: "RememberedStyle") -> None:
        self.update(remembered.style)
        self.__dict__.update(remembered.style.__dict__)
        self._remembered = remembered
        self.__dict__["anonymous_style"] = _copy_anonymous(remembered.anonymous, self)


def _copy_anonymous(finished: AnonymousStyle, parent: ComputedStyle) -> AnonymousStyle:
    copy = AnonymousStyle(parent)
    copy.update(finished)
    return copy


class RememberedStyle:
    """One computed style, worked out in full and never handed to layout itself."""

    def __init__(self, computed: ComputedStyle) -> None:
        self.style = computed.copy()
        self.anonymous = AnonymousStyle(self.style)
        for name in PROPERTIES:
            self.style[name]
            self.anonymous[name]


class RememberedPlace:
    """An element's place in the tree: its styles by pseudo-element, and the places inside."""

    def __init__(self) -> None:
        self.styles: dict[str | None, RememberedStyle] = {}
        self.inside: dict[Place, RememberedPlace] = {}


class StyleMemory:
    """What is remembered for one set of stylesheets. One render at a time may use it."""

    def __init__(self) -> None:
        self.root = RememberedPlace()
        self.pages: dict[PageKey, dict[str | None, RememberedStyle]] = {}
        self.places = 0

    def learn(self, root: Element, computed: StyleFor) -> None:
        """Remember the styles that WeasyPrint computed for a document, before its layout."""
        if self.places > PLACES_MAX:
            self.root, self.places = RememberedPlace(), 0
        pseudo_styles: dict[Element, dict[str | None, ComputedStyle]] = {}
        for (element, pseudo), style in computed.get_computed_styles().items():
            pseudo_styles.setdefault(element, {})[pseudo] = style
        waiting = [(root, self.root)]
        while waiting:
            element, outside = waiting.pop()
            place = outside.inside.get(place_of(element))
            if place is None:
                place = RememberedPlace()
                for pseudo, style in pseudo_styles[element].items():
                    place.styles[pseudo] = RememberedStyle(style)
                outside.inside[place_of(element)] = place
                self.places += 1
            waiting.extend((child, place) for child in element)

    def recall(self, root: Element) -> dict[tuple[Any, str | None], ComputedStyle] | None:
        """Fresh copies of the styles of all elements; None where one has not been seen."""
        styles: dict[tuple[Any, str | None], ComputedStyle] = {}
        copies: dict[RememberedPlace, dict[str | None, ComputedStyle]] = {}
        waiting = [(root, self.root)]
        while waiting:
            element, outside = waiting.pop()
            place = outside.inside.get(place_of(element))
            if place is None:
                return None
            own = copies.get(place)
            if own is None:
                own = copies[place] = {
                    pseudo: FinishedStyle(style) for pseudo, style in place.styles.items()
                }
            for pseudo, style in own.items():
                styles[element, pseudo] = style
            waiting.extend((child, place) for child in element)
        return styles


def place_of(element: Element) -> Place:
    """The element as selectors see it: its tag and the attributes that could matter."""
    return element.tag, tuple(
        (name, value)
        for name, value in element.items()
        if name not in UNSTYLED and not name.startswith("data-")
    )


class RememberingStyles(StyleFor):  # type: ignore[misc]
    """WeasyPrint's `StyleFor`, which first asks the memory and then teaches it."""

    def __init__(
        self,
        html: Any,
        sheets: list[tuple[Any, str, Any]],
        memory: StyleMemory,
        font_config: Any,
        target_collector: Any,
    ) -> None:
        self._memory = memory
        self._root = place_of(html.etree_element)  # pages inherit from it
        recalled = memory.recall(html.etree_element)
        if recalled is None:
            super().__init__(html, sheets, False, font_config, target_collector)
            memory.learn(html.etree_element, self)
            return
        self._cascaded_styles: dict[Any, Any] = {}
        self._computed_styles = recalled
        self.initial_page_sizes = {"box": None, "area": None}
        self._sheets = sheets
        self.font_config = font_config

    def add_page_declarations(self, page_type: Any) -> None:
        """Take the styles of a kind of page from the memory, or collect its rules."""
        remembered = self._memory.pages.get(self._page_key(page_type))
        if remembered is None:
            super().add_page_declarations(page_type)
            return
        for pseudo, style in remembered.items():
            self._computed_styles[page_type, pseudo] = FinishedStyle(style)

    def set_computed_styles(self, element: Any, *args: Any, **kwargs: Any) -> None:
        """Compute a style; those of pages are remembered at once, layout changes them later."""
        if not isinstance(element, PageType):
            super().set_computed_styles(element, *args, **kwargs)
            return
        pseudo = kwargs.get("pseudo_type")
        if (element, pseudo) in self._computed_styles:
            return
        super().set_computed_styles(element, *args, **kwargs)
        kind = self._memory.pages.setdefault(self._page_key(element), {})
        kind[pseudo] = RememberedStyle(self._computed_styles[element, pseudo])

    def _page_key(self, page: Any) -> PageKey:
        return self._root, page.side, page.blank, page.name, page.index == 0
