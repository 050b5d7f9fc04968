"""The tables of a fresh schema: migrated once a process, then made by the same statements again.

Django works out the SQL of each migration from the state of all models, which takes several
times as long as PostgreSQL needs to run it. The SQL is the same in every empty schema as long as
no migration runs Python: a test holds the two ways against each other.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from shared.kernel.clock import now
from shared.kernel.tenancy import connection

# Looking something up changes nothing, transactions are made anew, and the path names the schema.
_PASSED_OVER = ("SELECT", "SHOW", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET search_path")
_END_OF_MIGRATION = 'INSERT INTO "django_migrations"'


class Statement(NamedTuple):
    """SQL and its parameters, as Django gave them to the database."""

    sql: str
    parameters: tuple[Any, ...] | None


_known: dict[str, list[list[Statement]]] = {}


def make_tables(version: str, migrate: Callable[[], None]) -> None:
    """Fill the chosen schema, which is empty: by `migrate` the first time for a `version`.

    A transaction for each migration, as there: a process that is killed leaves whole ones.
    """
    if version in _known:
        for statements in _known[version]:
            _run(statements)
        return
    recorded: list[Statement] = []

    def record(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        result = execute(sql, parameters, many, context)
        if not sql.lstrip().startswith(_PASSED_OVER):
            recorded.append(Statement(sql, tuple(parameters) if parameters else None))
        return result

    with connection.execute_wrapper(record):
        migrate()
    _known[version] = _by_migration(recorded)


def _by_migration(recorded: list[Statement]) -> list[list[Statement]]:
    """Each migration's statements; noting it in Django's table is the last of them."""
    found: list[list[Statement]] = [[]]
    for statement in recorded:
        found[-1].append(statement)
        if statement.sql.startswith(_END_OF_MIGRATION):
            found.append([])
    return [statements for statements in found if statements]


def _run(statements: list[Statement]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, parameters in statements:
            given = parameters and [
                now() if isinstance(one, datetime) else one for one in parameters
            ]
            cursor.execute(sql, given)
