"""What a person decides about an import: apply it, undo it, throw it away."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, NotFound
from tenants.imports.kinds import kind_of
from tenants.imports.models import Import
from tenants.imports.services.starting import queue_import

Status = Import.Status


def apply_import(*, actor: Actor, import_id: UUID) -> Import:
    """Import every good row; a worker does it. Asking again while it runs changes nothing.

    Bad rows are left out. Contracts that are to be active need the right to activate, too.
    Raises NotFound, Conflict where it is not checked, has no good row or is over.
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
        if not job.good_rows:
            raise Conflict(_("No row of this file can be imported."))
        _go_on(job, Status.APPLYING)
        record(actor=actor, action="import.apply_asked", target=job, after=_state(job))
    return job


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


def _not_now(job: Import) -> str:
    return _("That cannot be done now: this import is in the state “%(status)s”.") % {
        "status": job.get_status_display()
    }
