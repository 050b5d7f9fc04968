"""Rendered documents as HTTP answers, each under a policy that lets it do nothing."""

from typing import TypeVar

from django.http import FileResponse, HttpResponse, HttpResponseBase

from shared.keyring.storage import EncryptedStorage
from tenants.documents.models import Document
from tenants.documents.rendering import Output, Rendered

Answer = TypeVar("Answer", bound=HttpResponseBase)
MEDIA_TYPES: dict[Output, str] = {
    "pdf": "application/pdf",
    "pdf-a": "application/pdf",
    "html": "text/html; charset=utf-8",
    "text": "text/plain; charset=utf-8",
    "subject": "text/plain; charset=utf-8",
}
EXTENSIONS: dict[Output, str] = {
    "pdf": "pdf",
    "pdf-a": "pdf",
    "html": "html",
    "text": "txt",
    "subject": "txt",
}
# Its own styles and fonts and the embedded logo; no script, no form, no other host.
DOCUMENT_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src data:; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox"
)


def answer_document(rendered: Rendered, *, output: Output, name: str) -> HttpResponse:
    """The document, to be shown and not kept by anybody on the way."""
    return answer_file(rendered.content, MEDIA_TYPES[output], f"{name}.{EXTENSIONS[output]}")


def answer_file(content: bytes, media_type: str, name: str) -> HttpResponse:
    """The file, sealed."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return seal(response)


def stream_pdf(document: Document) -> FileResponse:
    """A stored document, decrypted as it is sent."""
    response = FileResponse(
        EncryptedStorage().open(document.file_name),
        content_type=MEDIA_TYPES["pdf"],
        filename=f"{document.object_code}.pdf",
    )
    response["Content-Length"] = str(document.size_bytes)
    return seal(response)


def seal(response: Answer) -> Answer:
    """Headers of a document: no script runs in it, nobody frames it, nobody keeps it."""
    response["Content-Security-Policy"] = DOCUMENT_POLICY
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
