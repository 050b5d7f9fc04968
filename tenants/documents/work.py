"""Rendering one document to its end, whatever is killed on the way.

A document in work belongs to whoever took it last: `attempts` counts the takers, and only the
last one may finish it. Each taker writes a file of its own, so a late one spoils nothing.
"""

import logging
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q

from shared.kernel.clock import now
from shared.keyring.storage import EncryptedStorage
from shared.outbox.services import publish
from tenants.documents.looks import report_broken
from tenants.documents.models import Document
from tenants.documents.rendering import (
    Rendered,
    digest_of,
    look_for,
    render_contents,
    template_version,
)
from tenants.documents.sources import source_of

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
ATTEMPTS_MAX = 5
PAUSE_FIRST = timedelta(seconds=10)  # doubles with each attempt
ERROR_LENGTH = 500
IN_WORK = (Document.Status.WAITING, Document.Status.RENDERING)


def render_document(*, document_id: UUID) -> Document | None:
    """Render a waiting document, or take over one whose worker is gone.

    Returns the ready document (another one where the same contents are rendered already), or
    None where there is nothing to do or somebody else is at it. A failure is kept with the
    row and raised; after five attempts the document stays failed.
    """
    document = _take(document_id)
    if document is None:
        return None
    try:
        return _render(document)
    except Exception as error:
        _give_back(document, error)
        raise


def free_documents() -> Q:
    """Documents that anybody may take: waiting without a pause, or of a worker that is gone."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now())
    return Q(status__in=IN_WORK) & free


def find_ready(*, kind: str, object_id: UUID, digest: str) -> Document | None:
    """The rendering of exactly these contents."""
    return Document.objects.filter(
        kind=kind, object_id=object_id, contents_digest=digest, status=Document.Status.READY
    ).first()


def find_kept(*, kind: str, object_id: UUID) -> Document | None:
    """The first rendering of an object, whatever it was made from."""
    found = Document.objects.filter(kind=kind, object_id=object_id, status=Document.Status.READY)
    return found.order_by("created_at").first()


def _take(document_id: UUID) -> Document | None:
    with transaction.atomic():
        document = (
            Document.objects.select_for_update(skip_locked=True)
            .filter(free_documents(), pk=document_id)
            .first()
        )
        if document is None:
            return None
        if document.attempts >= ATTEMPTS_MAX:
            document.status = Document.Status.FAILED
            document.error = document.error or "Its worker was interrupted each time."
            document.save(update_fields=["status", "error"])
            return None
        document.status = Document.Status.RENDERING
        document.attempts += 1
        document.leased_until = now() + LEASE
        document.save(update_fields=["status", "attempts", "leased_until"])
    return document


def _render(document: Document) -> Document | None:
    contents, language = source_of(document.kind).load(document.object_id)
    look = look_for(document.kind, contents, language)
    digest = digest_of(document.kind, contents, language, look)
    ready = find_ready(kind=document.kind, object_id=document.object_id, digest=digest)
    if ready is not None:
        document.delete()
        return ready
    pdf = render_contents(contents, kind=document.kind, language=language, output="pdf", look=look)
    name = EncryptedStorage().save(
        f"documents/{document.pk}-{document.attempts}.pdf", ContentFile(pdf.content)
    )
    document.language, document.contents_digest, document.file_name = language, digest, name
    document.object_code = contents.code
    return _finish(document, pdf)


def _finish(document: Document, pdf: Rendered) -> Document | None:
    document.status = Document.Status.READY
    document.template_version = template_version(document.kind)
    document.own_version_id = pdf.look.version_id if pdf.look else None
    document.fell_back = bool(pdf.broken)
    document.sha256 = sha256(pdf.content).hexdigest()
    document.size_bytes, document.pages = len(pdf.content), pdf.pages
    document.rendered_at, document.leased_until, document.error = now(), None, ""
    with transaction.atomic():
        still_ours = Document.objects.select_for_update().filter(
            pk=document.pk, attempts=document.attempts, status=Document.Status.RENDERING
        )
        if not still_ours.exists():
            EncryptedStorage().delete(document.file_name)
            return None
        document.save()
        publish(
            topic="document.rendered",
            key=document.object_code,
            payload={"document_id": str(document.pk), "kind": document.kind},
        )
    _delete_earlier_files(document)
    if pdf.look and pdf.broken:
        report_broken(pdf.look, cause=pdf.broken, code=document.object_code)
    return document


def _delete_earlier_files(document: Document) -> None:
    """What takers left who were killed between the file and the row."""
    storage = EncryptedStorage()
    for attempt in range(1, document.attempts):
        storage.delete(f"documents/{document.pk}-{attempt}.pdf")


def _give_back(document: Document, error: Exception) -> None:
    logger.exception("document.rendering_failed", extra={"document_id": str(document.pk)})
    last = document.attempts >= ATTEMPTS_MAX
    Document.objects.filter(pk=document.pk, attempts=document.attempts).update(
        status=Document.Status.FAILED if last else Document.Status.WAITING,
        leased_until=None if last else now() + PAUSE_FIRST * 2 ** (document.attempts - 1),
        error=f"{type(error).__name__}: {error}"[:ERROR_LENGTH],
    )
