"""Invoices to print, and a kind of document whose contents a test decides."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from PIL import Image
from pypdf import PdfReader
from support.documents import page_of, print_page

from shared.kernel.errors import NotFound
from shared.kernel.tenancy import organisation_context
from shared.organisations.models import Organisation
from tenants.documents import sources
from tenants.documents.contents import InvoiceDocument, Letterhead, Registration
from tenants.documents.presentation import invoice_source
from tenants.documents.samples import sample_invoice
from tenants.documents.sources import register_source

KIND = "pamphlet"


@pytest.fixture
def invoice() -> InvoiceDocument:
    """One page, five lines, HST, with two registration numbers."""
    sample = sample_invoice(1234)
    registrations = (
        Registration("GST/HST", "812345678 RT0001"),
        Registration("QST", "1234567890 TQ0001"),
    )
    return replace(sample, supplier=replace(sample.supplier, registrations=registrations))


@pytest.fixture
def logo() -> bytes:
    """A small PNG with transparency."""
    picture = Image.new("RGBA", (120, 40), (0, 0, 0, 0))
    picture.paste((11, 92, 173, 255), (5, 5, 60, 35))
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def read_pages() -> Callable[..., list[str]]:
    """Prints an invoice and returns the text of each page."""

    def read(document: InvoiceDocument, language: str = "en") -> list[str]:
        pdf = print_page(page_of(document, language))
        return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]

    return read


@dataclass
class Shelf:
    """The objects of the test's own kind, by id; `language` is what they are printed in."""

    objects: dict[UUID, InvoiceDocument] = field(default_factory=dict)
    language: str = "en"
    loads: int = 0

    def put(self, document: InvoiceDocument) -> UUID:
        object_id = uuid4()
        self.objects[object_id] = document
        return object_id

    def load(self, object_id: UUID) -> tuple[InvoiceDocument, str]:
        self.loads += 1
        if object_id not in self.objects:
            raise NotFound()
        return self.objects[object_id], self.language


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A source of documents that belongs to the test."""
    monkeypatch.setattr(sources, "_sources", dict(sources._sources))
    shelf = Shelf()
    register_source(invoice_source(shelf.load, KIND))
    return shelf


@pytest.fixture
def letterhead(logo: bytes) -> Letterhead:
    """A supplier with a logo."""
    return Letterhead(name="Acme Electric Ltd.", logo=logo, logo_type="image/png")


@pytest.fixture
def in_schema_of_globex(globex: Organisation) -> Callable[[], AbstractContextManager[None]]:
    """Opens a look at globex from inside a test that works in acme."""
    return lambda: organisation_context(globex)
