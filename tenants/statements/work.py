"""Making the statements of a run, chunk by chunk, whatever is killed on the way.

A chunk belongs to whoever took it last: `attempts` counts the takers, and only the last one may
finish it. Files are written first, under names that follow from the rows' ids; then one
transaction stores the statements, their lines and documents and marks the chunk as done. So a
kill leaves no statement without its file, and none is made twice.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from time import monotonic, perf_counter
from uuid import UUID, uuid5

from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.base import ContentFile
from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet

from shared.audit.services import Act, record_many
from shared.kernel.actor import Actor
from shared.kernel.bulk import copy_instances, update_rows
from shared.kernel.clock import now
from shared.kernel.codes import next_codes
from shared.kernel.errors import AppError, Text
from shared.kernel.memory import drop_batch
from shared.kernel.wording import Wording
from shared.kernel.wording import worded as _
from shared.keyring.storage import EncryptedStorage
from shared.outbox.services import publish_many
from tenants.documents.looks import Look, report_broken
from tenants.documents.models import Document
from tenants.documents.rendering import Rendered, digest_of, render_contents, template_version
from tenants.statements.building import Draft, account_of, build_statement, is_same, load_figures
from tenants.statements.contents import StatementDocument, statement_document
from tenants.statements.documents import STATEMENT
from tenants.statements.hooks import distributor
from tenants.statements.models import (
    Statement,
    StatementRun,
    StatementRunChunk,
    StatementRunItem,
)
from tenants.statements.selectors.settings import statement_settings
from tenants.statements.template_choice import Looks
from tenants.statements.variance import raise_unusual

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
LEASE_RENEWED_AFTER = 30.0  # seconds of rendering
ATTEMPTS_MAX = 5
PAUSE_FIRST = timedelta(seconds=5)  # doubles with each attempt
Status = StatementRunChunk.Status
ItemStatus = StatementRunItem.Status


class LeaseLost(Exception):
    """Somebody else has taken the chunk: what was done here is thrown away."""


@dataclass
class Made:
    """What became of a chunk's items: drafts with their documents, and the items themselves."""

    drafts: list[Draft] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    broken: dict[UUID, tuple[Look, Text, str]] = field(default_factory=dict)


def work_on_run(*, run_id: UUID, seconds: float) -> bool:
    """Do chunks of a run until none is free or the time is over; whether more are free.

    Any number of workers may do so at once.
    """
    run = StatementRun.objects.get(pk=run_id)
    deadline = monotonic() + seconds
    looks = Looks(run.template)
    while run.status == StatementRun.Status.RUNNING:
        chunk = take_chunk(run)
        if chunk is None:
            return False
        do_chunk(run, chunk, looks)
        drop_batch()
        if monotonic() > deadline:
            return free_chunks(run).exists()
    return False


def free_chunks(run: StatementRun) -> QuerySet[StatementRunChunk]:
    """Chunks that anybody may take: waiting without a pause, or of a worker that is gone."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now())
    return StatementRunChunk.objects.filter(free, run=run).exclude(status=Status.DONE)


def take_chunk(run: StatementRun) -> StatementRunChunk | None:
    """The next free chunk, leased; None where there is none. One that failed too often ends."""
    while True:
        with transaction.atomic():
            chunk = free_chunks(run).select_for_update(skip_locked=True).order_by("number").first()
            if chunk is None:
                return None
            if chunk.attempts < ATTEMPTS_MAX:
                chunk.status, chunk.attempts = Status.WORKING, chunk.attempts + 1
                chunk.leased_until = now() + LEASE
                chunk.save(update_fields=["status", "attempts", "leased_until"])
                return chunk
            _give_up(chunk)


def do_chunk(run: StatementRun, chunk: StatementRunChunk, looks: Looks) -> None:
    """Make the chunk's statements; a failure is logged and the chunk tried again after a pause."""
    started = perf_counter()
    made = Made()
    try:
        items = list(chunk.items.filter(status=ItemStatus.WAITING).order_by("pk"))
        _make(run, chunk, items, looks, made)
        _store(run, chunk, items, made, round((perf_counter() - started) * 1000))
    except LeaseLost:
        _delete_files(made.documents)
        logger.warning("statement_run.lease_lost", extra={"chunk": str(chunk.pk)})
    except (OperationalError, SoftTimeLimitExceeded):
        _delete_files(made.documents)
        _give_back(chunk)
        raise  # the database is gone, or the worker's time is over
    except Exception:
        _delete_files(made.documents)
        _give_back(chunk)
        logger.exception("statement_run.chunk_failed", extra={"chunk": str(chunk.pk)})


def _make(
    run: StatementRun,
    chunk: StatementRunChunk,
    items: Sequence[StatementRunItem],
    looks: Looks,
    made: Made,
) -> None:
    """Read, build and render; nothing but files is written."""
    if not items:
        return
    found = load_figures(run, items)
    settings = statement_settings()
    for item in items:
        latest = found.latest.get(account_of(item))
        if latest is not None and run.kind == StatementRun.Kind.REGULAR:
            item.status, item.statement = ItemStatus.SKIPPED, latest
            item.reason = _("There is a statement of this period already.")
            continue
        draft = build_statement(run, item, found, settings)
        if latest is not None and is_same(draft.statement, latest):
            item.status, item.statement = ItemStatus.SKIPPED, latest
            item.reason = _("Nothing has changed since.")
            continue
        made.drafts.append(draft)
    codes = next_codes(Statement, "statement_code", len(made.drafts)) if made.drafts else []
    renewed = monotonic()
    for draft, code in zip(list(made.drafts), codes, strict=True):
        draft.statement.statement_code = code
        _render_draft(draft, chunk, looks, made)
        if monotonic() - renewed > LEASE_RENEWED_AFTER:
            _renew(chunk)
            renewed = monotonic()


def _render_draft(draft: Draft, chunk: StatementRunChunk, looks: Looks, made: Made) -> None:
    """The draft's PDF, encrypted, and its document; a draft that cannot be printed fails alone."""
    try:
        contents = statement_document(draft.statement, draft.lines, draft.parties)
        language = draft.statement.language
        look = looks.find(draft.statement.contract_type, language, contents)
        pdf = render_contents(contents, kind=STATEMENT, language=language, output="pdf", look=look)
    except (OperationalError, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        logger.exception("statement_run.statement_failed", extra={"item": str(draft.item.pk)})
        draft.item.status = ItemStatus.FAILED
        draft.item.reason = _failure(error)
        made.drafts.remove(draft)
        return
    _note_template(draft.statement, pdf)
    if pdf.look and pdf.broken:
        made.broken[pdf.look.version_id] = (pdf.look, pdf.broken, contents.code)
    made.documents.append(_document(draft, contents, pdf, chunk.attempts))
    draft.item.status, draft.item.statement, draft.item.reason = (
        ItemStatus.MADE,
        draft.statement,
        "",
    )


def _failure(error: Exception) -> Wording:
    """Why a statement could not be made: as we say it, else what the error calls itself."""
    if isinstance(error, AppError):
        return error.wording()
    return Wording(f"{type(error).__name__}: {error}")


def _note_template(statement: Statement, pdf: Rendered) -> None:
    """Which template made it: the tenant's own version, or the default by its digest."""
    used = None if pdf.broken else pdf.look
    number = getattr(used, "number", 0)
    digest = template_version(STATEMENT)
    statement.template_version = f"own-v{number}" if used else f"default-{digest}"
    statement.own_version_id = pdf.look.version_id if pdf.look else None
    statement.fell_back = bool(pdf.broken)


def _document(draft: Draft, contents: StatementDocument, pdf: Rendered, attempt: int) -> Document:
    """The row of the file that is written now; its name tells whose and which attempt's it is."""
    statement = draft.statement
    pk = uuid5(draft.item.pk, "document")
    name = EncryptedStorage().save(f"documents/{pk}-{attempt}.pdf", ContentFile(pdf.content))
    return Document(
        pk=pk,
        kind=STATEMENT,
        object_id=statement.pk,
        object_code=statement.statement_code,
        language=statement.language,
        template_version=template_version(STATEMENT),
        own_version_id=statement.own_version_id,
        fell_back=statement.fell_back,
        contents_digest=digest_of(STATEMENT, contents, statement.language, pdf.look),
        status=Document.Status.READY,
        attempts=attempt,
        file_name=name,
        sha256=sha256(pdf.content).hexdigest(),
        size_bytes=len(pdf.content),
        pages=pdf.pages,
        rendered_at=now(),
    )


def _store(
    run: StatementRun,
    chunk: StatementRunChunk,
    items: Sequence[StatementRunItem],
    made: Made,
    milliseconds: int,
) -> None:
    """Everything in one transaction; LeaseLost where the chunk is somebody else's now."""
    actor = run_actor(run)
    statements = [draft.statement for draft in made.drafts]
    with transaction.atomic():
        mine = StatementRunChunk.objects.select_for_update().filter(
            pk=chunk.pk, attempts=chunk.attempts, status=Status.WORKING
        )
        if not mine.exists():
            raise LeaseLost
        asked = _request_delivery(run, statements)
        copy_instances(statements)
        copy_instances([line for draft in made.drafts for line in draft.lines])
        copy_instances(made.documents)
        update_rows(StatementRunItem, ["status", "statement", "reason"], items)
        _close(chunk, items, milliseconds)
        raise_unusual(statements)
        if asked and (distribute := distributor()):
            pks = [statement.pk for statement in asked]
            distribute(actor=actor, statement_ids=pks, method=run.delivery_method)
        publish_many(topic="statement.generated", events=map(_event, statements))
        record_many(actor=actor, acts=[_act(statement) for statement in statements])
    _delete_earlier_files(made.documents)
    for look, cause, code in made.broken.values():
        report_broken(look, cause=cause, code=code)


def run_actor(run: StatementRun) -> Actor:
    """The run itself, on behalf of who started it."""
    label = str(run.started_by.get("label", "run"))
    return Actor(kind="system", id=f"statement_run:{run.pk}", label=label)


def _request_delivery(run: StatementRun, statements: Sequence[Statement]) -> list[Statement]:
    """Mark what is sent at once: an unusual one waits until somebody has looked at it."""
    if run.delivery_method == StatementRun.Delivery.NONE or distributor() is None:
        return []
    asked = [statement for statement in statements if not statement.is_unusual]
    for statement in asked:
        statement.delivery_status = Statement.DeliveryStatus.REQUESTED
    return asked


def _event(statement: Statement) -> tuple[str, dict[str, str]]:
    payload = {
        "statement_id": str(statement.pk),
        "statement_code": statement.statement_code,
        "customer_id": statement.customer.customer_id,
        "run_id": str(statement.run_id),
    }
    return statement.statement_code, payload


def _act(statement: Statement) -> Act:
    return Act(
        action="statement.generated",
        target=statement,
        after={
            "closing_balance": statement.closing_balance,
            "currency": statement.currency,
            "template_version": statement.template_version,
        },
    )


def _close(chunk: StatementRunChunk, items: Sequence[StatementRunItem], milliseconds: int) -> None:
    counts = [item.status for item in items]
    chunk.status, chunk.leased_until, chunk.finished_at = Status.DONE, None, now()
    chunk.made = counts.count(ItemStatus.MADE)
    chunk.skipped = counts.count(ItemStatus.SKIPPED)
    chunk.failed = counts.count(ItemStatus.FAILED)
    chunk.milliseconds = milliseconds
    chunk.save()


def _give_up(chunk: StatementRunChunk) -> None:
    """The locked chunk has had all its attempts: what is left of it failed."""
    left = list(chunk.items.filter(status=ItemStatus.WAITING))
    for item in left:
        item.status = ItemStatus.FAILED
        item.reason = _("It was interrupted each time.")
    StatementRunItem.objects.bulk_update(left, ["status", "reason"])
    _close(chunk, left, 0)


def _renew(chunk: StatementRunChunk) -> None:
    mine = StatementRunChunk.objects.filter(
        pk=chunk.pk, attempts=chunk.attempts, status=Status.WORKING
    )
    if not mine.update(leased_until=now() + LEASE):
        raise LeaseLost


def _give_back(chunk: StatementRunChunk) -> None:
    pause = PAUSE_FIRST * 2 ** (chunk.attempts - 1)
    StatementRunChunk.objects.filter(pk=chunk.pk, attempts=chunk.attempts).exclude(
        status=Status.DONE
    ).update(status=Status.WAITING, leased_until=now() + pause)


def _delete_files(documents: Sequence[Document]) -> None:
    storage = EncryptedStorage()
    for document in documents:
        storage.delete(document.file_name)


def _delete_earlier_files(documents: Sequence[Document]) -> None:
    """What takers left who were killed between the files and the transaction."""
    storage = EncryptedStorage()
    for document in documents:
        for attempt in range(1, document.attempts):
            storage.delete(f"documents/{document.pk}-{attempt}.pdf")
