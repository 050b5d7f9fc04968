"""Asking for documents, and links to them that need no sign-in.

A link is signed for one organisation and one invoice and expires; whoever has it may read the
document, and nothing else. Source: `api.md` (`pdf_url` is a signed, expiring link).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from shared.kernel.clock import now
from shared.kernel.errors import AppError, Gone, NotFound, Unavailable
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.tenancy import current_organisation_id
from shared.kernel.wording import worded as _
from tenants.documents.models import INVOICE, Document
from tenants.documents.rendering import digest_of, look_for
from tenants.documents.sources import source_of
from tenants.documents.work import find_kept, find_ready, render_document

DOCUMENTS_A_TASK = 20
LINK_VALID_FOR = timedelta(days=30)
LINES_AT_ONCE = 400  # about half a second; longer documents are left to a worker
DAY = timedelta(days=1)


@dataclass(frozen=True)
class LinkedDocument:
    """What a signed link leads to."""

    kind: str
    object_id: UUID


def request_documents(object_ids: Sequence[UUID], *, kind: str = INVOICE) -> None:
    """Have documents rendered by workers after the present transaction commits.

    The caller has authorised whoever asked. An object whose document is in work already is not
    queued twice; the contents are read when the work is done.
    """
    from tenants.documents.tasks import render_documents

    documents = [Document(kind=kind, object_id=object_id) for object_id in object_ids]
    Document.objects.bulk_create(documents, ignore_conflicts=True)
    for start in range(0, len(documents), DOCUMENTS_A_TASK):
        few = documents[start : start + DOCUMENTS_A_TASK]
        enqueue_after_commit(render_documents, document_ids=[str(one.pk) for one in few])


def provide_document(*, kind: str, object_id: UUID) -> Document | None:
    """The rendering of the object's contents as they are now, made at once where it is missing.

    None where it has to be waited for: a worker is at it, or it is too long to be rendered
    while somebody waits. Raises NotFound, and whatever made the rendering fail.
    """
    source = source_of(kind)
    if source.once and (kept := find_kept(kind=kind, object_id=object_id)):
        return kept
    contents, language = source.load(object_id)
    digest = digest_of(kind, contents, language, look_for(kind, contents, language))
    ready = find_ready(kind=kind, object_id=object_id, digest=digest)
    if ready is not None:
        return ready
    if source.length(contents) > LINES_AT_ONCE:
        request_documents([object_id], kind=kind)
        return None
    Document.objects.bulk_create([Document(kind=kind, object_id=object_id)], ignore_conflicts=True)
    in_work = Document.objects.filter(
        kind=kind,
        object_id=object_id,
        status__in=(Document.Status.WAITING, Document.Status.RENDERING),
    ).first()
    return render_document(document_id=in_work.pk) if in_work else None


def make_document(*, kind: str, object_id: UUID) -> Document | None:
    """`provide_document` for somebody who waits: whatever made it fail is Unavailable.

    The failure is kept with the row and logged, and a sweep tries again.
    """
    try:
        return provide_document(kind=kind, object_id=object_id)
    except AppError:
        raise
    except Exception as error:
        raise Unavailable(
            _("The document could not be made just now. We try again; come back in a minute.")
        ) from error


def signed_link(*, invoice_pk: UUID, valid_for: timedelta = LINK_VALID_FOR) -> str:
    """The path of an invoice's PDF for whoever gets the link, on the organisation's host.

    It is valid at least that long, to the end of the day in UTC: one link a day, so that an
    answer with it can be repeated.
    """
    expires = (now() + valid_for + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    token = _signer().sign_object(
        {"kind": INVOICE, "id": invoice_pk.hex, "until": int(expires.timestamp())}
    )
    return reverse("signed_document", args=[token])


def read_link(token: str) -> LinkedDocument:
    """What the token of a signed link leads to.

    Raises NotFound for one that was altered or is another organisation's, Gone when expired.
    """
    try:
        claims = _signer().unsign_object(token)
    except (BadSignature, ValueError) as error:
        raise NotFound(_("There is no document at this address.")) from error
    if datetime.fromtimestamp(claims["until"], UTC) <= now():
        raise Gone(_("The link to this document has expired."))
    return LinkedDocument(kind=claims["kind"], object_id=UUID(claims["id"]))


def _signer() -> Signer:
    """Its salt names the organisation: a link of one is no link of another."""
    return Signer(salt=f"tenants.documents.link:{current_organisation_id()}")
