"""Reading imports: only of kinds that the reader may see."""

from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import Forbidden, NotFound
from tenants.imports.kinds import KINDS, kind_of
from tenants.imports.models import IN_WORK, Import, RecordRow, RowProblem

PREVIEWED = 20
QUEUED_RECENTLY = timedelta(seconds=15)

_PREVIEW_REVENUE = """
    SELECT staged.line, staged.site_code, site.name, staged.day, staged.category,
           staged.gross_amount, staged.net_amount, stored.net_amount,
           CASE WHEN stored.id IS NULL THEN 'new'
                WHEN (stored.gross_amount, stored.net_amount)
                     IS DISTINCT FROM (staged.gross_amount, staged.net_amount) THEN 'changed'
                ELSE 'same' END
    FROM imports_revenuerow AS staged
    JOIN sites_site AS site ON site.site_id = staged.site_code
    LEFT JOIN activity_revenuerecord AS stored
        ON stored.site_id = site.id AND stored.day = staged.day
        AND stored.category = staged.category
    WHERE staged.job_id = %s ORDER BY staged.line LIMIT %s
"""
_PREVIEW_FIELDS = (
    *("row", "site_id", "site_name", "day", "category", "gross_amount", "net_amount"),
    *("stored_net_amount", "effect"),
)


def writable_kinds(actor: Actor) -> list[str]:
    """The kinds that the actor may bring in."""
    return [kind.value for kind, about in KINDS.items() if actor.may(about.write_permission)]


def require_some_kind(actor: Actor, *, to_write: bool = False) -> None:
    """Ask for the right to see imports of any kind, or to bring one in.

    Raises Unauthenticated for nobody, Forbidden for who has it for none.
    """
    rights = [
        about.write_permission if to_write else about.read_permission for about in KINDS.values()
    ]
    authorize(actor, next((right for right in rights if actor.may(right)), rights[0]))


def imports(*, actor: Actor, kind: str = "") -> QuerySet[Import]:
    """Imports, newest first. Raises Forbidden for who may see none."""
    kinds = [one.value for one, about in KINDS.items() if about.may_read(actor)]
    if not kinds:
        raise Forbidden
    return Import.objects.filter(kind__in=[kind] if kind in kinds else kinds)


def import_by_id(*, actor: Actor, import_id: UUID) -> Import:
    """One import. Raises NotFound, also for a kind that the actor must not see."""
    job = Import.objects.filter(pk=import_id).first()
    if job is None or not kind_of(job).may_read(actor):
        raise NotFound(_("There is no such import."))
    return job


def imported_before(job: Import) -> Import | None:
    """Another import of the same content that stands; None for revenue.

    Revenue brought in again replaces itself: site, day and category say which record it is.
    """
    if job.kind == Import.Kind.REVENUE:
        return None
    standing = (Import.Status.APPLYING, Import.Status.APPLIED)
    begun = Q(status=Import.Status.FAILED, applied_through__gt=0)
    same = Import.objects.filter(kind=job.kind, sha256=job.sha256).exclude(pk=job.pk)
    return same.filter(Q(status__in=standing) | begun).first()


def problems(job: Import) -> QuerySet[RowProblem]:
    """The rows of an import that were left out or kept, in the order of the file."""
    return RowProblem.objects.filter(job=job).order_by("line", "pk")


def record_rows(job: Import, effect: str = "") -> QuerySet[RecordRow]:
    """The good rows of a file of sites or contracts, or those of one effect."""
    rows = RecordRow.objects.filter(job=job)
    return rows.filter(effect=effect) if effect in RecordRow.Effect.values else rows


def preview(job: Import) -> list[dict[str, object]]:
    """The first good rows of a checked file, and what each would do."""
    if job.status != Import.Status.READY:
        return []
    if job.kind != Import.Kind.REVENUE:
        rows = record_rows(job).order_by("line")[:PREVIEWED]
        return [
            {"row": row.line, "effect": row.effect, "changes": _said(row), **row.values}
            for row in rows
        ]
    with connection.cursor() as cursor:
        cursor.execute(_PREVIEW_REVENUE, [job.pk, PREVIEWED])
        return [dict(zip(_PREVIEW_FIELDS, row, strict=True)) for row in cursor.fetchall()]


def free_imports() -> Q:
    """Imports with something to do that nobody is at."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now())
    return Q(status__in=IN_WORK) & free


def imports_to_resume() -> list[UUID]:
    """Imports that a worker left behind, or whose message was lost."""
    left = Import.objects.filter(free_imports(), created_at__lt=now() - QUEUED_RECENTLY)
    return list(left.order_by("created_at").values_list("pk", flat=True))


def _said(row: RecordRow) -> list[dict[str, str]]:
    return [{name: str(value) for name, value in one.items()} for one in row.told]
