"""Sites and contracts made and changed from checked rows, and taken or put back again."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.db import transaction

from shared.audit.services import Act, Target
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, Text
from shared.kernel.models import RevisedRow
from shared.kernel.wording import joined
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.contracts.models import Contract
from tenants.imports.models import Import, RecordRow, RowProblem
from tenants.imports.records import REFUSED, make_record, reasons_of
from tenants.imports.services.holding import BadRow, Hold
from tenants.imports.twins import identity_of, stored_twin
from tenants.imports.updating import change_record, lock_stored, put_back, stored_record
from tenants.sites.models import Site
from tenants.sites.services.removing import delete_unused

CHUNK_ROWS = 10  # the head of the audit chain is locked meanwhile
Outcome = RecordRow.Outcome
MAKING = (RecordRow.Effect.NEW, RecordRow.Effect.DUPLICATE)
_WRITTEN = ("outcome", "previous", "object_id", "object_code", "object_revision")
_MODELS: dict[str, type[Site] | type[Contract]] = {
    Import.Kind.SITES: Site,
    Import.Kind.CONTRACTS: Contract,
}


def apply_records(hold: Hold) -> bool:
    """Write the rows that wait; whether all are written. Unchanged ones never wait."""
    while hold.job.status == Import.Status.APPLYING and not hold.is_over:
        _apply_chunk(hold)
    return hold.job.status == Import.Status.APPLIED


def undo_records(hold: Hold) -> bool:
    """Take away what was made and put back what was changed, newest first; whether it is done.

    A record that was changed since, or that something depends on, stays and is named.
    """
    while hold.job.status == Import.Status.UNDOING and not hold.is_over:
        _undo_chunk(hold)
    return hold.job.status == Import.Status.UNDONE


def _apply_chunk(hold: Hold) -> None:
    with hold.chunk() as job:
        rows = _next_rows(job, Outcome.WAITING)
        lock_stored(job, [row.values for row in rows])
        refused: list[BadRow] = []
        for row in rows:
            try:
                with transaction.atomic():
                    written: Any = _write(hold, job, row)
            except REFUSED as error:
                row.outcome = Outcome.REFUSED
                refused.append((row.line, row.values, reasons_of(error)))
            else:
                row.outcome, row.object_id = Outcome.APPLIED, written.pk
                row.object_code = str(getattr(written, _code_field(job)))
                row.object_revision = written.revision
        _save_rows(rows)
        hold.refuse_rows(job, RowProblem.Stage.APPLY, refused)
        job.bad_rows += len(refused)
        job.applied_rows += len(rows) - len(refused)
        done = job.applied_rows + job.bad_rows + job.same_rows + job.duplicate_rows
        job.percent = min(100, 100 * done // max(1, job.rows))
        job.applied_through = rows[-1].line if rows else job.read_through
        if not rows:
            job.status, job.applied_at = Import.Status.APPLIED, now()
            job.leased_until = job.worker = None
            after = {"kind": job.kind, "rows": job.applied_rows, "refused": job.bad_rows}
            hold.acts.append(Act(action="import.applied", target=job, after=after))


def _write(hold: Hold, job: Import, row: RecordRow) -> RevisedRow:
    """Make or change the record of a row. Raises Conflict where it is not as it was checked."""
    if row.effect in MAKING:
        made = make_record(actor=hold.actor, job=job, values=row.values)
        twin = "" if job.allow_duplicates else stored_twin(made, identity_of(made))
        if twin:
            raise Conflict(_("%(code)s says the same already.") % {"code": twin})
        return made
    stored = stored_record(job, row.values)
    if stored is None or stored.revision != row.object_revision:
        raise Conflict(_("It was changed after the file was checked; check the file again."))
    written = change_record(actor=hold.actor, job=job, values=row.values, stored=stored)
    row.previous = written.previous
    return written.record


def _undo_chunk(hold: Hold) -> None:
    with hold.chunk() as job:
        rows = _next_rows(job, Outcome.APPLIED)
        lock_stored(job, [row.values for row in rows])
        for row in rows:
            is_new = row.effect in MAKING
            reason = _take_away(hold, job, row) if is_new else _put_back(hold, job, row)
            row.outcome = Outcome.KEPT if reason else Outcome.UNDONE
            if reason:
                job.kept_rows += 1
                hold.keep_rows(job, [(row.line, {_code_field(job): row.object_code})], reason)
            else:
                job.undone_rows += 1
        _save_rows(rows)
        done = job.undone_rows + job.kept_rows
        job.percent = min(100, 100 * done // max(1, job.applied_rows))
        if not rows:
            job.status, job.undone_at = Import.Status.UNDONE, now()
            job.leased_until = job.worker = None
            after = {"kind": job.kind, "rows": job.undone_rows, "kept": job.kept_rows}
            hold.acts.append(Act(action="import.undone", target=job, after=after))


def _next_rows(job: Import, outcome: str) -> list[RecordRow]:
    """Made in the order of the file, taken away in the opposite one."""
    order = "line" if outcome == Outcome.WAITING else "-line"
    return list(RecordRow.objects.filter(job=job, outcome=outcome).order_by(order)[:CHUNK_ROWS])


def _save_rows(rows: Sequence[RecordRow]) -> None:
    RecordRow.objects.bulk_update(rows, _WRITTEN)


def _put_back(hold: Hold, job: Import, row: RecordRow) -> Text:
    """Give the record of a row its former values; else why it stays as it is."""
    try:
        with transaction.atomic():
            put_back(actor=hold.actor, job=job, row=row)
    except REFUSED as error:
        return joined(one.message for one in reasons_of(error))
    return ""


def _take_away(hold: Hold, job: Import, row: RecordRow) -> Text:
    """Delete the record of a row; else why it stays."""
    model: Any = _MODELS[job.kind]
    made = model.objects.select_for_update().filter(pk=row.object_id).first()
    if made is None:
        return ""  # somebody was quicker
    if made.revision != row.object_revision:
        return _("It was changed after the import.")
    customer = made.customer if isinstance(made, Site) else None
    try:
        delete_unused(made)
    except Conflict as error:
        return error.detail
    if customer is not None and "customer_id" not in row.values:
        with suppress(Conflict):  # made with the site; stays where others use it
            delete_unused(customer)
    topic = "site.removed" if job.kind == Import.Kind.SITES else "contract.removed"
    key = row.object_code if job.kind == Import.Kind.SITES else made.site.site_id
    publish(topic=topic, key=key, payload={_code_field(job): row.object_code})
    target = Target(type=made._meta.label_lower, id=str(row.object_id), label=row.object_code)
    hold.acts.append(Act(action=topic, target=target, before={"import": str(job.pk)}))
    return ""


def _code_field(job: Import) -> str:
    return "site_id" if job.kind == Import.Kind.SITES else "contract_id"
