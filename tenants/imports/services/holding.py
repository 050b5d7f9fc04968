"""A job in work: held by a lease, written chunk by chunk, given back or failed."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from shared.audit.services import Act, record_many
from shared.kernel.actor import Actor
from shared.kernel.clock import now
from shared.kernel.errors import FieldError, Text
from shared.kernel.wording import worded as _
from shared.kernel.wording import wording_of
from tenants.imports.models import Import, RowProblem
from tenants.imports.selectors import free_imports

LEASE = timedelta(seconds=30)  # a chunk takes a second or so; the longest statement ten
SLICE_SECONDS = 240  # well inside the time limit of a task; the rest is queued again
ATTEMPTS_MAX = 5
PAUSE_FIRST = timedelta(seconds=5)  # doubles with each attempt
PROBLEMS_KEPT = 50_000
BadRow = tuple[int, Mapping[str, str], Sequence[FieldError]]


class Lost(Exception):
    """Somebody else holds the job now, or it was stopped."""


class Hold:
    """The right to work on a job, as long as nobody took it over."""

    def __init__(self, job: Import) -> None:
        self.job = job
        self.status = job.status
        self.acts: list[Act] = []
        self._worker = job.worker
        self._until = time.monotonic() + SLICE_SECONDS

    @classmethod
    def take(cls, import_id: UUID) -> "Hold | None":
        """Take the job, or take it over; None where nothing is to do or somebody is at it."""
        with transaction.atomic():
            job = (
                Import.objects.select_for_update(skip_locked=True)
                .filter(free_imports(), pk=import_id)
                .first()
            )
            if job is None:
                return None
            job.worker, job.leased_until = uuid4(), now() + LEASE
            job.attempts += 1
            job.save(update_fields=["worker", "leased_until", "attempts"])
        return cls(job)

    @property
    def actor(self) -> Actor:
        """The system, on behalf of whoever started the import."""
        label = str(self.job.started_by.get("label", ""))
        return Actor(kind="system", id=f"import:{self.job.pk}", label=label)

    @property
    def is_over(self) -> bool:
        """Whether it is time to let another task go on."""
        return time.monotonic() > self._until

    @contextmanager
    def chunk(self) -> Iterator[Import]:
        """One transaction with the job locked: what is set on it is saved with what it did.

        Raises Lost where the job is not held any more.
        """
        with transaction.atomic():
            job = (
                Import.objects.select_for_update()
                .filter(pk=self.job.pk, worker=self._worker, status=self.status)
                .first()
            )
            if job is None:
                raise Lost
            yield job
            job.leased_until = now() + LEASE if job.worker else None
            job.attempts = 0
            job.save()
            if self.acts:
                record_many(actor=self.actor, acts=self.acts)
                self.acts = []
        self.job = job

    def refuse_rows(self, job: Import, stage: str, rows: Sequence[BadRow]) -> None:
        """Keep why rows were left out, up to PROBLEMS_KEPT; call it inside `chunk`."""
        room = self.room_for_problems(job) if rows else 0
        RowProblem.objects.bulk_create(
            RowProblem(
                job=job,
                stage=stage,
                line=line,
                values=dict(values),
                reasons=[_plain(one) for one in reasons],
            )
            for line, values, reasons in rows[:room]
        )

    def keep_rows(
        self, job: Import, rows: Sequence[tuple[int, Mapping[str, str]]], message: Text
    ) -> None:
        """Say which rows an undo left as they are, and why; call it inside `chunk`."""
        reason = FieldError("", "kept", message)
        self.refuse_rows(job, RowProblem.Stage.UNDO, [(line, of, [reason]) for line, of in rows])

    def room_for_problems(self, job: Import) -> int:
        """How many more are kept."""
        return max(0, PROBLEMS_KEPT - RowProblem.objects.filter(job=job).count())

    def give_back(self) -> None:
        """Let whoever comes next go on at once."""
        self._mine().update(leased_until=None, worker=None, attempts=0)

    def pause(self, error: Exception) -> None:
        """After something broke: again a little later, and at last not any more."""
        if self.job.attempts >= ATTEMPTS_MAX:
            message = _("Something broke on our side (%(name)s). What was done so far is kept.")
            self.fail(message % {"name": type(error).__name__})
            return
        pause = PAUSE_FIRST * 2 ** max(0, self.job.attempts - 1)
        self._mine().update(leased_until=now() + pause, worker=None)

    def fail(self, reason: Text) -> None:
        """It cannot go on. What was written stays, and can be undone."""
        self._mine().update(
            status=Import.Status.FAILED,
            failure=reason,
            leased_until=None,
            worker=None,
        )

    def _mine(self) -> Any:
        return Import.objects.filter(pk=self.job.pk, worker=self._worker, status=self.status)


def in_chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of up to `size` items; never more than one of them is held."""
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _plain(reason: FieldError) -> dict[str, Any]:
    message = wording_of(reason.message).as_json()
    return {"field": reason.field, "code": reason.code, "message": message}
