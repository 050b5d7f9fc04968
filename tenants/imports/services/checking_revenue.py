"""The dry run of a revenue file: staged by COPY, then compared set-based; no revenue is written."""

from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple, cast

from django.db import connection

from shared.kernel.clock import now
from shared.kernel.wording import Wording
from shared.kernel.wording import worded as _
from shared.keyring.storage import EncryptedStorage
from tenants.imports.errors import Unreadable
from tenants.imports.kinds import kind_of
from tenants.imports.models import Import, RowProblem
from tenants.imports.reading import TableFile, open_table
from tenants.imports.revenue import COPIED, RevenueReader, WrongRow, named_cells
from tenants.imports.services.holding import BadRow, Hold, in_chunks
from tenants.imports.values import shown

CHUNK_ROWS = 20_000
READ_SHARE = 90  # per cent of the work; the rest is the comparison

_COPY = f"COPY imports_revenuerow ({COPIED}) FROM STDIN"

# Rows that {found} names by line, with the value that the message mentions, leave the staging
# with a reason, whose message is kept as a Wording is.
_REJECT = """
    WITH bad AS (
        DELETE FROM imports_revenuerow AS staged USING ({found}) AS found
        WHERE staged.job_id = %(job)s AND staged.line = found.line
        RETURNING staged.*, found.said
    ), kept AS (
        INSERT INTO imports_rowproblem
            (id, created_at, job_id, stage, line, "values", reasons)
        SELECT gen_random_uuid(), %(now)s, job_id, %(stage)s, line,
            jsonb_build_object(
                'site_id', site_code, 'day', day::text, 'category', category,
                'gross_amount', trim_scale(gross_amount)::text,
                'net_amount', trim_scale(net_amount)::text
            ),
            jsonb_build_array(jsonb_build_object(
                'field', %(field)s::text, 'code', %(code)s::text,
                'message', jsonb_build_object(
                    'text', %(message)s::text,
                    'values', jsonb_build_object(%(place)s::text, said)
                )
            ))
        FROM bad ORDER BY line LIMIT %(room)s
    )
    SELECT count(*) FROM bad
"""
_UNKNOWN_SITE = """
    SELECT line, site_code AS said FROM imports_revenuerow AS staged
    WHERE job_id = %(job)s AND line > %(after)s AND line <= %(through)s
      AND NOT EXISTS (SELECT FROM sites_site WHERE site_id = staged.site_code)
"""
_DOUBLED = """
    SELECT line, first AS said FROM (
        SELECT line, min(line) OVER (PARTITION BY site_code, day, category) AS first
        FROM imports_revenuerow WHERE job_id = %(job)s
    ) AS numbered WHERE line <> first
"""
_COMPARE = """
    SELECT count(*) FILTER (WHERE stored.id IS NULL),
           count(*) FILTER (WHERE stored.id IS NOT NULL AND
               (stored.gross_amount, stored.net_amount)
               IS DISTINCT FROM (staged.gross_amount, staged.net_amount)),
           count(*)
    FROM imports_revenuerow AS staged
    JOIN sites_site AS site ON site.site_id = staged.site_code
    LEFT JOIN activity_revenuerecord AS stored
        ON stored.site_id = site.id AND stored.day = staged.day
        AND stored.category = staged.category
    WHERE staged.job_id = %(job)s
"""


class _Row(NamedTuple):
    """A row that was read: what COPY takes, or why it is bad."""

    line: int
    copied: str
    bad: BadRow | None


def check_revenue(hold: Hold) -> bool:
    """Read what is left of the file, then compare it with what is stored; whether it is done."""
    if not hold.job.is_read and not _read_on(hold):
        return False
    _compare(hold)
    return True


def reject_unknown_sites(hold: Hold, job: Import, stage: str, after: int, through: int) -> int:
    """Take rows of sites that do not exist out of these lines; how many. Inside a chunk."""
    return _reject(
        hold,
        job,
        _UNKNOWN_SITE,
        stage=stage,
        field="site_id",
        code="unknown",
        message=_("There is no site %(site)s."),
        place="site",
        after=after,
        through=through,
    )


def _read_on(hold: Hold) -> bool:
    """Stage the rows behind those that are staged already."""
    kind = kind_of(hold.job)
    file = cast(IO[bytes], EncryptedStorage().open(hold.job.stored_name).file)
    with file, open_table(file, kind.columns) as table:
        for rows in in_chunks(_rows(hold.job, table), CHUNK_ROWS):
            _stage(hold, rows, table.lines, kind.rows_max)
            if hold.is_over:
                return False
    with hold.chunk() as job:
        job.is_read = True
    return True


def _rows(job: Import, table: TableFile) -> Iterator[_Row]:
    reader = RevenueReader(job, table.matched, decimal_comma=table.decimal_comma)
    for line, cells in table.rows:
        if line <= job.read_through:
            continue
        try:
            yield _Row(line, reader.read(line, cells), None)
        except WrongRow as error:
            found = named_cells(cells, table.matched.places)
            values = {name: shown(cell) for name, cell in found.items()}
            yield _Row(line, "", (line, values, error.reasons))


def _stage(hold: Hold, rows: Sequence[_Row], lines: int, rows_max: int) -> None:
    bad = [row.bad for row in rows if row.bad]
    with hold.chunk() as job:
        job.rows += len(rows)
        if job.rows > rows_max:
            raise Unreadable(
                _("The file has more than %(limit)s rows. Bring it in parts.") % {"limit": rows_max}
            )
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.write("".join(row.copied for row in rows))
        hold.refuse_rows(job, RowProblem.Stage.CHECK, bad)
        job.bad_rows += len(bad)
        job.read_through = rows[-1].line
        job.percent = min(READ_SHARE, READ_SHARE * job.read_through // max(1, lines))


def _compare(hold: Hold) -> None:
    with hold.chunk() as job:
        job.bad_rows += reject_unknown_sites(hold, job, RowProblem.Stage.CHECK, 0, job.read_through)
    with hold.chunk() as job:
        job.bad_rows += _reject(
            hold,
            job,
            _DOUBLED,
            stage=RowProblem.Stage.CHECK,
            field="day",
            code="duplicate",
            message=_("The same site, day and category as row %(row)s."),
            place="row",
        )
    with hold.chunk() as job, connection.cursor() as cursor:
        cursor.execute(_COMPARE, {"job": job.pk})
        created, changed, every = cursor.fetchone()
        job.new_rows, job.changed_rows = created, changed
        job.same_rows = every - created - changed
        job.status, job.percent, job.checked_at = Import.Status.READY, 100, now()
        job.leased_until = job.worker = None


def _reject(
    hold: Hold,
    job: Import,
    found: str,
    *,
    stage: str,
    field: str,
    code: str,
    message: Wording,
    place: str,
    **values: Any,
) -> int:
    asked = {
        "job": job.pk,
        "now": now(),
        "stage": stage,
        "field": field,
        "code": code,
        "message": message.text,
        "place": place,
        "room": hold.room_for_problems(job),
        **values,
    }
    with connection.cursor() as cursor:
        cursor.execute(_REJECT.format(found=found), asked)
        (count,) = cursor.fetchone()
    return int(count)
