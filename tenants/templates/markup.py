"""What a tenant's template wrote, read as strict markup and written again from what is allowed.

Nothing is repaired: a tag, an attribute or a nesting that is not allowed is refused by name, so
that a browser and the PDF see the same tree. What is written is well-formed XML of plain text
elements only; there is no element in it whose content is anything but text and elements.
"""

import re
from collections.abc import Callable, Mapping
from html import escape, unescape
from urllib.parse import urlsplit

from shared.kernel.wording import Wording
from shared.kernel.wording import worded as _
from tenants.documents.contents import printable
from tenants.templates.sandbox import Broken
from tenants.templates.stylesheets import check_declarations, words

LOGO = "logo"  # what a template writes as the source of the one picture there is
DEPTH_MAX = 24
TABLES_MAX = 3
ELEMENTS_MAX = 60_000
SPAN_MAX = 50
SCHEMES = ("https", "mailto", "tel")

VOID = frozenset(("br", "hr", "img", "col", "wbr"))
TAGS = VOID | words(
    "a abbr address article aside b blockquote caption cite code colgroup dd del dfn div"
    " dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header i ins li main mark ol p"
    " pre q s samp section small span strong sub sup table tbody td tfoot th thead time"
    " tr u ul"
)
TEXT_ATTRIBUTES = frozenset(
    ("class", "id", "lang", "dir", "title", "role", "scope", "alt", "aria-hidden", "aria-label")
)
# An opening, closing or void tag, its quotes closed and no angle bracket inside.
_ATTRIBUTE = r"""\s+[a-zA-Z][a-zA-Z0-9-]*+(?:\s*+=\s*+(?:"[^"<>]*+"|'[^'<>]*+'))?+"""
_TAG = re.compile(rf"<(/?)([a-zA-Z][a-zA-Z0-9]*+)((?:{_ATTRIBUTE})*+)\s*+(/?)>")
_ATTRIBUTES = re.compile(r"""\s+([a-zA-Z][a-zA-Z0-9-]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'))?+""")
_OPENS = re.compile(r"<(?=[a-zA-Z/!?])")


def clean_markup(text: str, logo_url: str = "", link: str = "") -> str:
    """The same elements and text as well-formed XML, the logo in its place. Raises Broken.

    `link` is an address of ours that may be linked to, whatever its scheme.
    """
    writer = _Writer(logo_url, link)
    position = 0
    for match in _OPENS.finditer(text):
        start = match.start()
        writer.text(text[position:start])
        tag = _TAG.match(text, start)
        if tag is None:
            raise Broken(_unreadable(text[start : start + 40]))
        closing, name, attributes, _void = tag.groups()
        if closing:
            writer.close(name.lower())
        else:
            writer.open(name.lower(), attributes)
        position = tag.end()
    writer.text(text[position:])
    return writer.finish()


class _Writer:
    """Writes one tag after the other and knows what is open."""

    def __init__(self, logo_url: str, link: str) -> None:
        self._logo_url = logo_url
        self._link = link
        self._parts: list[str] = []
        self._open: list[str] = []
        self._elements = 0

    def text(self, text: str) -> None:
        """Text with entities, of which only the needed ones are left."""
        if text:
            self._parts.append(escape(printable(unescape(text)), quote=False))

    def open(self, name: str, attributes: str) -> None:
        """An opening tag, with the attributes that are allowed."""
        if name not in TAGS:
            raise Broken(_("<%(tag)s> is not allowed.") % {"tag": name})
        self._elements += 1
        if self._elements > ELEMENTS_MAX:
            raise Broken(_("There are too many elements."))
        written = "".join(self._attributes(name, attributes))
        if name in VOID:
            if name != "img" or "src=" in written:
                self._parts.append(f"<{name}{written}/>")
            return
        self._open.append(name)
        if len(self._open) > DEPTH_MAX or self._open.count("table") > TABLES_MAX:
            raise Broken(_("Elements are nested too deep."))
        self._parts.append(f"<{name}{written}>")

    def close(self, name: str) -> None:
        """A closing tag, which must be that of the element opened last."""
        if name in VOID:
            return
        if not self._open or self._open[-1] != name:
            expected = f"</{self._open[-1]}>" if self._open else _("nothing to close")
            raise Broken(
                _("Found </%(tag)s>, expected %(expected)s.") % {"tag": name, "expected": expected}
            )
        self._open.pop()
        self._parts.append(f"</{name}>")

    def finish(self) -> str:
        """All of it. Raises Broken where something is still open."""
        if self._open:
            raise Broken(_("<%(tag)s> is not closed.") % {"tag": self._open[-1]})
        return "".join(self._parts)

    def _attributes(self, tag: str, attributes: str) -> list[str]:
        written: dict[str, str] = {}
        for match in _ATTRIBUTES.finditer(attributes):
            name, value = match[1].lower(), unescape(match[2] or match[3] or "")
            if name in written:
                raise Broken(_twice(tag, name))
            read = _READERS.get(name) or (_keep if name in TEXT_ATTRIBUTES else None)
            if read is None:
                raise Broken(
                    _("%(name)s is not allowed in <%(tag)s>.") % {"name": name, "tag": tag}
                )
            written[name] = self._logo_url if name == "src" and tag == "img" else value
            if not (tag == "a" and name == "href" and value and value == self._link):
                read(tag, value)
        return [f' {name}="{escape(printable(value))}"' for name, value in written.items() if value]


def _keep(tag: str, value: str) -> None:
    """A text of which nothing depends."""


def _check_link(tag: str, value: str) -> None:
    """A link a reader may follow from a document."""
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        scheme = ""
    if tag != "a" or scheme not in SCHEMES or any(ord(one) <= 32 for one in value):
        raise Broken(_("A link must start with https:, mailto: or tel:."))


def _check_source(tag: str, value: str) -> None:
    """The one picture: the logo."""
    if tag != "img" or value != LOGO:
        raise Broken(_("The only picture is the logo: an img whose src is {{ logo_url }}."))


def _check_span(tag: str, value: str) -> None:
    """A cell's span, which is as many columns to lay out."""
    if not (
        value.isascii() and len(value) <= 3 and value.isdecimal() and 1 <= int(value) <= SPAN_MAX
    ):
        raise Broken(_("A cell spans 1 to %(max)s columns or rows.") % {"max": SPAN_MAX})


def _check_style(tag: str, value: str) -> None:
    check_declarations(value)


_READERS: Mapping[str, Callable[[str, str], None]] = {
    "colspan": _check_span,
    "href": _check_link,
    "rowspan": _check_span,
    "span": _check_span,
    "src": _check_source,
    "style": _check_style,
}


def _unreadable(text: str) -> Wording:
    if text.startswith("<!"):
        return _("Use {# … #} for comments; a document type is ours to write.")
    return _("This is no tag: %(text)s") % {"text": text.split("\n")[0]}


def _twice(tag: str, name: str) -> Wording:
    return _("%(name)s stands twice in <%(tag)s>.") % {"name": name, "tag": tag}
