"""Taking a file in: what it is, whether it has the columns, where it lies encrypted."""

from hashlib import sha256
from typing import IO, Any
from uuid import uuid4

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid, Text
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.wording import worded as _
from shared.keyring.storage import EncryptedStorage
from tenants.imports.errors import Unreadable
from tenants.imports.kinds import KINDS
from tenants.imports.models import Import
from tenants.imports.reading import open_table

NAME_MAX = 255
PIECE_BYTES = 1024 * 1024


def start_import(
    *,
    actor: Actor,
    kind: str,
    file: IO[bytes],
    file_name: str,
    day_form: str = Import.DayForm.ISO,
) -> Import:
    """Keep the file and have a worker check every row; nothing else is written yet.

    `file` is seekable. It may be CSV, CSV in GZIP or ZIP, or an Excel workbook, told by content:
    a million rows of revenue are about 50 MB of CSV and 10 MB compressed, so the limit of
    uploads stays what it is. Raises Invalid naming `kind`, `day_form` or `file`.
    """
    if kind not in Import.Kind.values:
        raise _refuse("kind", "choice", _choices(Import.Kind))
    authorize(actor, KINDS[Import.Kind(kind)].write_permission)
    if day_form not in Import.DayForm.values:
        raise _refuse("day_form", "choice", _choices(Import.DayForm))
    size, digest = _measure(file)
    try:
        with open_table(file, KINDS[Import.Kind(kind)].columns, whole=False) as table:
            matched = table.matched
    except Unreadable as error:
        raise _refuse("file", "unreadable", error.reason) from error
    job = Import(
        id=uuid4(),
        kind=kind,
        day_form=day_form,
        file_name=_storable(file_name),
        size_bytes=size,
        sha256=digest,
        columns=dict(matched.headers),
        ignored=list(matched.ignored)[:100],
        started_by={"kind": actor.kind, "id": actor.id, "label": actor.label},
    )
    file.seek(0)
    job.stored_name = EncryptedStorage().save(f"imports/{job.pk}", File(file, "upload"))
    with transaction.atomic():
        job.save(force_insert=True)
        queue_import(job)
        record(
            actor=actor,
            action="import.started",
            target=job,
            after={"kind": kind, "bytes": size, "sha256": digest},
        )
    return job


def queue_import(job: Import) -> None:
    """Have a worker go on with it once the present transaction commits."""
    from tenants.imports.tasks import continue_import

    enqueue_after_commit(continue_import, import_id=str(job.pk))


def _measure(file: IO[bytes]) -> tuple[int, str]:
    """Size and digest. Raises Invalid for an empty file and for one over the limit of uploads."""
    size, digest = 0, sha256()
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        size += len(piece)
        digest.update(piece)
    file.seek(0)
    if not size:
        raise _refuse("file", "empty", _("The file is empty."))
    if size > settings.UPLOAD_LIMIT_BYTES:
        limit = settings.UPLOAD_LIMIT_BYTES // 1024**2
        message = _("The file is over %(limit)s MB. Compress it (gzip or ZIP).") % {"limit": limit}
        raise _refuse("file", "too_large", message)
    return size, digest.hexdigest()


def _storable(name: str) -> str:
    """The last part of the name, without characters that have no shape."""
    shaped = "".join(one for one in name if one.isprintable())
    return shaped.replace("\\", "/").rpartition("/")[2][-NAME_MAX:] or "import"


def _choices(choices: Any) -> Text:
    return _("Use one of: %(choices)s.") % {"choices": ", ".join(choices.values)}


def _refuse(field: str, code: str, message: Text) -> Invalid:
    return Invalid(errors=[FieldError(field, code, message)])
