"""Where a document's contents come from: the app that owns the rows registers itself.

Documents know nothing of invoices; `tenants.invoices` calls `register_source` in its
AppConfig.ready().
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from tenants.documents.contents import InvoiceDocument


@dataclass(frozen=True)
class DocumentSource:
    """`load(object_id)` gives the contents as they are now, and the language to print them in.

    It raises NotFound where there is no such object.
    """

    kind: str
    load: Callable[[UUID], tuple[InvoiceDocument, str]]


_sources: dict[str, DocumentSource] = {}


def register_source(source: DocumentSource) -> None:
    """Add a kind of document; registering again replaces it."""
    _sources[source.kind] = source


def source_of(kind: str) -> DocumentSource:
    """The source of that kind. Raises KeyError for one that nobody registered."""
    return _sources[kind]
