"""Kinds of documents: the app that owns the rows registers what its documents are made of.

Documents know nothing of invoices or statements; those apps call `register_source` in their
AppConfig.ready().
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from tenants.documents.contents import Letterhead
from tenants.documents.looks import LookKey

FRONTEND = Path(__file__).resolve().parents[2] / "frontend_templates"
STATIC = FRONTEND / "static/documents"  # the stylesheets and fonts of documents


class Contents(Protocol):
    """What a document says: a frozen dataclass whose repr tells it from all others.

    The same contents give the same bytes. A logo is left out of the repr.
    """

    @property
    def code(self) -> str:
        """The code of the object (INV000000001); names the file."""

    @property
    def supplier(self) -> Letterhead:
        """Whose document it is."""


C = TypeVar("C", bound=Contents)


@dataclass(frozen=True)
class Example:
    """An object whose document a template can be tried on; "" is any language."""

    object_id: UUID
    code: str
    label: str
    language: str = ""


def no_examples(code: str) -> Sequence[Example]:
    """A kind of document that is tried on its sample only."""
    return ()


def count_lines(contents: Any) -> int:
    """The rows of a document whose contents have `lines`."""
    return len(contents.lines)


@dataclass(frozen=True)
class DocumentSource(Generic[C]):
    """One kind of document.

    `load(object_id)` gives the contents as they are now and the language to print them in, and
    raises NotFound where there is no such object. `present(contents, language)` gives the
    template's context: text, numbers, and lists and dataclasses of those, in the language that
    is active then. The templates are paths under templates/: `template` is what stands in the
    page's body, XML without named entities, as is `shell`, the page around it.

    A document of a kind that is made `once` stays as it was first rendered, whatever template or
    logo comes later: of an account as it stood there is one document.

    Templates are tried on `sample()`, and on `examples(code)`: the newest few objects, or the
    one with that code; whoever sees those needs `permission`.
    """

    kind: str
    load: Callable[[UUID], tuple[C, str]]
    present: Callable[[C, str], dict[str, Any]]
    template: str
    text_template: str
    subject_template: str = ""
    shell: str = "documents/page.html"
    sheets: tuple[str, ...] = ("fonts.css", "invoice.css", "paper.css")
    look: Callable[[C], LookKey] | None = None
    length: Callable[[C], int] = count_lines
    once: bool = False
    permission: str = "invoices.read"
    sample: Callable[[], C] | None = None
    examples: Callable[[str], Sequence[Example]] = no_examples

    def look_key(self, contents: C) -> LookKey:
        """Which of the tenant's own templates is meant for these contents."""
        return self.look(contents) if self.look else LookKey((self.kind,))


_sources: dict[str, DocumentSource[Any]] = {}


def register_source(source: DocumentSource[Any]) -> None:
    """Add a kind of document; registering again replaces it."""
    _sources[source.kind] = source


def source_of(kind: str) -> DocumentSource[Any]:
    """The source of that kind. Raises KeyError for one that nobody registered."""
    return _sources[kind]
