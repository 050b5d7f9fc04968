"""Revenue out of the staging, and back: by ranges of lines, each range in one transaction."""

from typing import Any

from django.db import connection

from shared.audit.services import Act
from shared.kernel.clock import now
from shared.kernel.wording import worded as _
from tenants.activity.hooks import tell_revenue_changed
from tenants.activity.storing import lock_sites, store_revenue
from tenants.imports.models import Import, RowProblem
from tenants.imports.services.checking_revenue import reject_unknown_sites
from tenants.imports.services.holding import Hold

CHUNK_LINES = 20_000

_RANGE = "staged.job_id = %(job)s AND staged.line > %(after)s AND staged.line <= %(through)s"
_STAGED = """
    imports_revenuerow AS staged JOIN sites_site AS site ON site.site_id = staged.site_code
"""
_SOURCE = f"""
    SELECT staged.record_id AS id, site.id AS site_id, staged.day, staged.category,
           staged.gross_amount, staged.net_amount
    FROM {_STAGED} WHERE {_RANGE}
"""  # noqa: S608 - of constants
_SITES = f"SELECT DISTINCT site.id FROM {_STAGED} WHERE {_RANGE}"  # noqa: S608
_REMEMBER = f"""
    UPDATE imports_revenuerow AS staged
    SET old_gross_amount = stored.gross_amount, old_net_amount = stored.net_amount
    FROM sites_site AS site, activity_revenuerecord AS stored
    WHERE {_RANGE} AND site.site_id = staged.site_code AND stored.site_id = site.id
      AND stored.day = staged.day AND stored.category = staged.category
      AND (stored.gross_amount, stored.net_amount)
          IS DISTINCT FROM (staged.gross_amount, staged.net_amount)
"""  # noqa: S608
_SAME = """
    (stored.gross_amount, stored.net_amount) = (staged.gross_amount, staged.net_amount)
"""
_REMOVE = f"""
    DELETE FROM activity_revenuerecord AS stored USING imports_revenuerow AS staged
    WHERE {_RANGE} AND stored.id = staged.record_id AND {_SAME}
    RETURNING stored.site_id, stored.day
"""  # noqa: S608
_RESTORE = f"""
    UPDATE activity_revenuerecord AS stored
    SET gross_amount = staged.old_gross_amount, net_amount = staged.old_net_amount,
        revision = stored.revision + 1, updated_at = %(now)s
    FROM {_STAGED}
    WHERE {_RANGE} AND staged.old_gross_amount IS NOT NULL AND stored.site_id = site.id
      AND stored.day = staged.day AND stored.category = staged.category AND {_SAME}
    RETURNING stored.site_id, stored.day
"""  # noqa: S608
# After removing and restoring: what this import wrote and somebody has changed since.
_KEPT = f"""
    SELECT staged.line, staged.site_code, staged.day::text, staged.category,
           trim_scale(stored.gross_amount)::text, trim_scale(stored.net_amount)::text
    FROM {_STAGED}
    JOIN activity_revenuerecord AS stored ON stored.site_id = site.id
        AND stored.day = staged.day AND stored.category = staged.category
    WHERE {_RANGE} AND (
        stored.id = staged.record_id
        OR (staged.old_gross_amount, staged.old_net_amount)
           IS DISTINCT FROM (stored.gross_amount, stored.net_amount)
           AND staged.old_gross_amount IS NOT NULL
    )
    ORDER BY staged.line
"""  # noqa: S608
_KEPT_FIELDS = ("site_id", "day", "category", "gross_amount", "net_amount")


def apply_revenue(hold: Hold) -> bool:
    """Store the lines behind those that are stored; whether all are."""
    while hold.job.applied_through < hold.job.read_through:
        _apply_chunk(hold)
        if hold.is_over:
            break
    return hold.job.status == Import.Status.APPLIED


def undo_revenue(hold: Hold) -> bool:
    """Take back what the import wrote, where nobody has changed it since; whether it is done.

    New records go, replaced ones get their former amounts; what was changed since stays and is
    named.
    """
    while hold.job.undone_through < hold.job.applied_through:
        _undo_chunk(hold)
        if hold.is_over:
            break
    return hold.job.status == Import.Status.UNDONE


def _apply_chunk(hold: Hold) -> None:
    with hold.chunk() as job:
        after = job.applied_through
        through = min(after + CHUNK_LINES, job.read_through)
        job.bad_rows += reject_unknown_sites(hold, job, RowProblem.Stage.APPLY, after, through)
        values = {"job": job.pk, "after": after, "through": through}
        lock_sites([pk for (pk,) in _fetch(_SITES, values)])
        _execute(_REMEMBER, values)
        changed = store_revenue(_SOURCE, values)
        tell_revenue_changed(hold.actor, set(changed))
        job.applied_rows += len(changed)
        job.applied_through = through
        job.percent = 100 * through // job.read_through
        if through == job.read_through:
            job.status, job.applied_at = Import.Status.APPLIED, now()
            job.leased_until = job.worker = None
            hold.acts.append(
                Act(
                    action="import.applied",
                    target=job,
                    after={"kind": job.kind, "rows": job.applied_rows, "refused": job.bad_rows},
                )
            )


def _undo_chunk(hold: Hold) -> None:
    with hold.chunk() as job:
        after = job.undone_through
        through = min(after + CHUNK_LINES, job.applied_through)
        values = {"job": job.pk, "after": after, "through": through, "now": now()}
        lock_sites([pk for (pk,) in _fetch(_SITES, values)])
        changed = [*_fetch(_REMOVE, values), *_fetch(_RESTORE, values)]
        tell_revenue_changed(hold.actor, set(changed))
        kept = _fetch(_KEPT, values)
        hold.keep_rows(
            job,
            [(line, dict(zip(_KEPT_FIELDS, row, strict=True))) for line, *row in kept],
            _("It was changed after the import."),
        )
        job.undone_rows += len(changed)
        job.kept_rows += len(kept)
        job.undone_through = through
        job.percent = 100 * through // max(1, job.applied_through)
        if through == job.applied_through:
            job.status, job.undone_at = Import.Status.UNDONE, now()
            job.leased_until = job.worker = None
            hold.acts.append(
                Act(
                    action="import.undone",
                    target=job,
                    after={"kind": job.kind, "rows": job.undone_rows, "kept": job.kept_rows},
                )
            )


def _fetch(statement: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _execute(statement: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
