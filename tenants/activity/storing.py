"""Storing revenue set-based: the same statement for one day by hand and a million of a file.

Not a service: whoever calls it has authorised the actor, locked the sites (`lock_sites`) and
records what was done.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from shared.kernel.clock import now
from tenants.activity.hooks import SiteDay

# Only what differs is written, so that sending the same again changes no revision; the unique
# index on site, day and category finds the row.
_STORE = """
    INSERT INTO activity_revenuerecord AS stored
        (id, created_at, updated_at, revision, site_id, day, category, gross_amount, net_amount)
    SELECT given.id, %(now)s, %(now)s, 1,
           given.site_id, given.day, given.category, given.gross_amount, given.net_amount
    FROM ({source}) AS given
    ON CONFLICT (site_id, day, category) DO UPDATE
    SET gross_amount = EXCLUDED.gross_amount, net_amount = EXCLUDED.net_amount,
        revision = stored.revision + 1, updated_at = EXCLUDED.updated_at
    WHERE (stored.gross_amount, stored.net_amount)
          IS DISTINCT FROM (EXCLUDED.gross_amount, EXCLUDED.net_amount)
    RETURNING site_id, day
"""


def lock_sites(site_pks: Collection[UUID]) -> None:
    """Lock sites until the transaction ends, always in one order: whoever stores revenue does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM sites_site WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [sorted(site_pks)],
        )


def store_revenue(source: str, values: Mapping[str, Any]) -> list[SiteDay]:
    """Insert or replace the rows of a constant SELECT; site and day of each that really changed.

    `source` gives id, site_id, day, category, gross_amount and net_amount, each site, day and
    category once. An amount that is already stored stays as it is, with its revision.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STORE.format(source=source), {**values, "now": now()})
        return list(cursor.fetchall())
