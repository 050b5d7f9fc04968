"""The sync log's partitions: the months to come are added, those past their time removed.

Makes tables, so it runs as the owner (queue `provisioning`). Rows of a month that had no
partition wait in the default one and move when it is made. Source: seed 000, Database
Optimization.
"""

from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from shared.kernel.clock import now
from tenants.connections.models import QualitySettings

TABLE = "connections_synclog"
DEFAULT = f"{TABLE}_default"
MONTHS_AHEAD = 3
LOCK_CLASS = 7319


def maintain_partitions() -> tuple[int, int]:
    """Add this month's partition and the next three, remove those past their time.

    Returns how many were added and removed. Safe to run twice and at once.
    """
    today = now().date()
    settings = QualitySettings.objects.first() or QualitySettings()
    oldest = add_months(today.replace(day=1), -settings.log_months)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(current_schema()))", [LOCK_CLASS])
        present = _months(cursor)
        wanted = [add_months(today.replace(day=1), n) for n in range(MONTHS_AHEAD + 1)]
        added = [_add(cursor, month) for month in wanted if month not in present]
        removed = [_remove(cursor, month) for month in sorted(present) if month < oldest]
        cursor.execute(
            sql.SQL("DELETE FROM {} WHERE execution_date < %s").format(sql.Identifier(DEFAULT)),
            [_start(oldest)],
        )
    return len(added), len(removed)


def add_months(month: date, number: int) -> date:
    """The first day of the month so many months on."""
    years, index = divmod(month.month - 1 + number, 12)
    return date(month.year + years, index + 1, 1)


def _months(cursor: Any) -> set[date]:
    """The months that have a partition, read from the partitions' names."""
    cursor.execute(
        "SELECT child.relname FROM pg_inherits"
        " JOIN pg_class child ON child.oid = inhrelid"
        " WHERE inhparent = %s::regclass AND child.relname <> %s",
        [TABLE, DEFAULT],
    )
    rows = cursor.fetchall()
    return {datetime.strptime(f"{name[-7:]}_01+0000", "%Y_%m_%d%z").date() for (name,) in rows}


def _add(cursor: Any, month: date) -> date:
    """A table of the same form, filled with what waited for it, then attached."""
    name = sql.Identifier(_name(month))
    first, end = sql.Literal(_start(month)), sql.Literal(_start(add_months(month, 1)))
    parts = {
        "name": name,
        "table": sql.Identifier(TABLE),
        "default": sql.Identifier(DEFAULT),
        "first": first,
        "end": end,
    }
    for statement in (
        "CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS)",
        "WITH moved AS (DELETE FROM {default} WHERE execution_date >= {first}"
        " AND execution_date < {end} RETURNING *) INSERT INTO {name} SELECT * FROM moved",
        "ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({end})",
    ):
        cursor.execute(sql.SQL(statement).format(**parts))
    return month


def _remove(cursor: Any, month: date) -> date:
    cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(_name(month))))
    return month


def _name(month: date) -> str:
    return f"{TABLE}_{month:%Y_%m}"


def _start(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)
