"""What a person decides about an import: apply it, undo it, throw it away."""

from uuid import UUID

from django.db import transaction

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, NotFound, Text
from shared.kernel.wording import worded as _
from tenants.imports.kinds import kind_of
from tenants.imports.models import Import, RecordRow
from tenants.imports.selectors import imported_before
from tenants.imports.services.starting import queue_import

Status = Import.Status


def apply_import(*, actor: Actor, import_id: UUID, allow_duplicates: bool = False) -> Import:
    """Import every good row; a worker does it. Asking again while it runs changes nothing.

    Bad rows are left out, and so are duplicates unless they are allowed. A file of sites or
    contracts that was imported already is refused unless duplicates are allowed. Contracts that
    are to be active need the right to activate, too. Raises NotFound, Conflict where it is not
    checked, has no row to import or is over.
    """
    with transaction.atomic():
        job = _lock_authorized(actor, import_id)
        if job.status in (Status.APPLYING, Status.APPLIED):
            return job
        resumes = job.status == Status.FAILED and job.checked_at and not job.undone_through
        if job.status != Status.READY and not resumes:
            raise Conflict(_not_now(job))
        if job.kind == Import.Kind.CONTRACTS and "activate" in job.columns:
            authorize(actor, "contracts.activate")
        job.allow_duplicates = job.allow_duplicates or allow_duplicates
        _refuse_doubling(job)
        if job.allow_duplicates:
            left = RecordRow.objects.filter(job=job, outcome=RecordRow.Outcome.LEFT_OUT)
            left.update(outcome=RecordRow.Outcome.WAITING)
        _go_on(job, Status.APPLYING)
        record(actor=actor, action="import.apply_asked", target=job, after=_state(job))
    return job


def _refuse_doubling(job: Import) -> None:
    """Raise Conflict where nothing is left to import, or the same file was imported already."""
    if not job.good_rows:
        if job.duplicate_rows:
            raise Conflict(
                _("Every row is there already. Allow duplicates to import them all the same.")
            )
        raise Conflict(_("No row of this file can be imported."))
    former = imported_before(job)
    if former is not None and not job.allow_duplicates:
        raise Conflict(
            _(
                "The content of this file was imported already. Allow duplicates to import it "
                "all the same."
            ),
            extra={"import_id": str(former.pk)},
        )


def undo_import(*, actor: Actor, import_id: UUID) -> Import:
    """Take back what the import wrote; a worker does it. Asking again changes nothing.

    What somebody changed since, or depends on, stays and is named. Raises NotFound, Conflict
    where nothing was imported or its rows are not kept any more.
    """
    with transaction.atomic():
        job = _lock_authorized(actor, import_id)
        if job.status in (Status.UNDOING, Status.UNDONE):
            return job
        begun = job.status == Status.FAILED and job.applied_through
        if job.status != Status.APPLIED and not begun:
            raise Conflict(_not_now(job))
        if not job.stored_name:
            raise Conflict(_("It can be undone for 30 days; its rows are not kept any more."))
        _go_on(job, Status.UNDOING)
        record(actor=actor, action="import.undo_asked", target=job, after=_state(job))
    return job


def discard_import(*, actor: Actor, import_id: UUID) -> Import:
    """Say that a file that was checked is not wanted. Raises NotFound, Conflict."""
    with transaction.atomic():
        job = _lock_authorized(actor, import_id)
        if job.status == Status.DISCARDED:
            return job
        if job.status != Status.READY:
            raise Conflict(_not_now(job))
        job.status = Status.DISCARDED
        job.save(update_fields=["status"])
        record(actor=actor, action="import.discarded", target=job, after=_state(job))
    return job


def _lock_authorized(actor: Actor, import_id: UUID) -> Import:
    job = Import.objects.select_for_update().filter(pk=import_id).first()
    if job is None or not kind_of(job).may_read(actor):
        raise NotFound(_("There is no such import."))
    authorize(actor, kind_of(job).write_permission)
    return job


def _go_on(job: Import, status: str) -> None:
    job.status, job.percent, job.failure = status, 0, ""
    job.leased_until, job.worker, job.attempts = None, None, 0
    job.save()
    queue_import(job)


def _state(job: Import) -> dict[str, object]:
    return {"kind": job.kind, "rows": job.rows, "refused": job.bad_rows}


def _not_now(job: Import) -> Text:
    return _("That cannot be done now: this import is in the state “%(status)s”.") % {
        "status": Status(job.status).label
    }
