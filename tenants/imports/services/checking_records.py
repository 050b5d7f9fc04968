"""The dry run of a file of sites or contracts: each row is written and taken back again."""

from collections import Counter
from collections.abc import Sequence
from typing import IO, Any, cast

from django.db import transaction

from shared.kernel.clock import now
from shared.kernel.errors import FieldError
from shared.kernel.wording import worded as _
from shared.keyring.storage import EncryptedStorage
from tenants.imports.errors import Unreadable
from tenants.imports.kinds import kind_of
from tenants.imports.models import Import, RecordRow, RowProblem
from tenants.imports.reading import TableFile, open_table
from tenants.imports.records import CONFIGURATION_MAX, REFUSED, make_record, reasons_of
from tenants.imports.revenue import named_cells
from tenants.imports.services.holding import BadRow, Hold, in_chunks
from tenants.imports.twins import identity_of, stored_twin
from tenants.imports.updating import change_record, lock_stored, stored_record
from tenants.imports.values import Wrong, read_text

CHUNK_ROWS = 25  # the head of the audit chain is locked meanwhile
CELL_MAX = 500
CODE_OF_KIND = {Import.Kind.SITES: "site_id", Import.Kind.CONTRACTS: "contract_id"}
Effect = RecordRow.Effect
_LONG = frozenset({"billing_configuration"})


def check_records(hold: Hold) -> bool:
    """Rehearse the rows that are left; whether all are checked."""
    kind = kind_of(hold.job)
    file = cast(IO[bytes], EncryptedStorage().open(hold.job.stored_name).file)
    with file, open_table(file, kind.columns) as table:
        left = (row for row in table.rows if row[0] > hold.job.read_through)
        for rows in in_chunks(left, CHUNK_ROWS):
            _check_chunk(hold, table, rows, kind.rows_max)
            if hold.is_over:
                return False
    with hold.chunk() as job:
        job.is_read, job.status, job.percent = True, Import.Status.READY, 100
        job.checked_at = now()
        job.leased_until = job.worker = None
    return True


def _check_chunk(hold: Hold, table: TableFile, rows: Sequence[Any], rows_max: int) -> None:
    good: list[RecordRow] = []
    bad: list[BadRow] = []
    with hold.chunk() as job:
        job.rows += len(rows)
        if job.rows > rows_max:
            raise Unreadable(
                _("The file has more than %(limit)s rows. Bring it in parts.") % {"limit": rows_max}
            )
        codes = _codes_before(job)
        read = [(line, *_read_cells(table, cells)) for line, cells in rows]
        lock_stored(job, [values for _line, values, _reasons in read])
        for line, values, wrong in read:
            reasons = wrong or _doubled(job, values, line, codes)
            row = RecordRow(job=job, line=line, values=values)
            reasons = reasons or _rehearse(hold, job, row)
            if reasons:
                bad.append((line, values, reasons))
            else:
                _flag_doubled(job, row, good)
                good.append(row)
        RecordRow.objects.bulk_create(good)
        _count_effects(job, good)
        hold.refuse_rows(job, RowProblem.Stage.CHECK, bad)
        job.bad_rows += len(bad)
        job.read_through = rows[-1][0]
        job.percent = min(99, 99 * job.read_through // max(1, table.lines))


def _read_cells(table: TableFile, cells: Sequence[Any]) -> tuple[dict[str, str], list[FieldError]]:
    """The cells as text, and those that cannot be."""
    values: dict[str, str] = {}
    reasons: list[FieldError] = []
    for name, cell in named_cells(cells, table.matched.places).items():
        try:
            text = read_text(cell, CONFIGURATION_MAX if name in _LONG else CELL_MAX)
        except Wrong as error:
            reasons.append(error.at(name))
        else:
            if text:
                values[name] = text
    return values, reasons


def _codes_before(job: Import) -> dict[str, int]:
    """The codes that earlier rows of the file choose, and their lines."""
    name = CODE_OF_KIND[Import.Kind(job.kind)]
    chosen = RecordRow.objects.filter(job=job, values__has_key=name)
    return {code.upper(): line for code, line in chosen.values_list(f"values__{name}", "line")}


def _doubled(
    job: Import, values: dict[str, str], line: int, codes: dict[str, int]
) -> list[FieldError]:
    name = CODE_OF_KIND[Import.Kind(job.kind)]
    code = values.get(name, "").upper()
    if not code:
        return []
    first = codes.setdefault(code, line)
    if first == line:
        return []
    message = _("%(code)s is in row %(row)s already.") % {"code": code, "row": first}
    return [FieldError(name, "duplicate", message)]


def _count_effects(job: Import, rows: Sequence[RecordRow]) -> None:
    effects = Counter(row.effect for row in rows)
    job.new_rows += effects[RecordRow.Effect.NEW]
    job.changed_rows += effects[RecordRow.Effect.CHANGED]
    job.same_rows += effects[RecordRow.Effect.SAME]
    job.duplicate_rows += effects[RecordRow.Effect.DUPLICATE]


def _flag_doubled(job: Import, row: RecordRow, before: Sequence[RecordRow]) -> None:
    """A new row that is stored already, or that an earlier row makes, waits for a person's word.

    `before` are the rows of the chunk, which are not stored yet.
    """
    if row.effect != Effect.NEW:
        return
    same = RecordRow.objects.filter(job=job, identity=row.identity).order_by("line")
    first = next((one.line for one in before if one.identity == row.identity), None)
    row.twin_line = same.values_list("line", flat=True).first() or first
    if row.twin or row.twin_line:
        row.effect, row.outcome = Effect.DUPLICATE, RecordRow.Outcome.LEFT_OUT


def _rehearse(hold: Hold, job: Import, row: RecordRow) -> list[FieldError]:
    """What the services say to the row, and what it would do; nothing of it stays."""
    try:
        with transaction.atomic():
            stored = stored_record(job, row.values)
            if stored is None:
                made = make_record(actor=hold.actor, job=job, values=row.values)
                row.identity = identity_of(made)
                row.twin = stored_twin(made, row.identity)
            else:
                row.object_id, row.object_revision = stored.pk, stored.revision
                written = change_record(actor=hold.actor, job=job, values=row.values, stored=stored)
                row.changes = written.changes
                row.effect = Effect.CHANGED if written.changes else Effect.SAME
            transaction.set_rollback(True)
    except REFUSED as error:
        return reasons_of(error)
    if row.effect == Effect.SAME:
        row.outcome = RecordRow.Outcome.SAME
    return []
