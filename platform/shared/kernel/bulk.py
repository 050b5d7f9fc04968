"""Many rows in one statement. The caller's service has authorised, locked and checked.

Building SQL for thousands of rows costs several times what the database needs to store them:
COPY takes them as they come, and one JSON document carries the changes of many rows.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.db import connection, connections, models


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Append rows to a table by COPY. Constraints and triggers hold as for an insert.

    The connection is busy until the last row is there: making the rows must not ask it anything.
    """
    quote = connection.ops.quote_name
    statement = f"COPY {quote(table)} ({', '.join(map(quote, columns))}) FROM STDIN"
    # Django turns the driver's errors into its own for queries only.
    errors = connection.wrap_database_errors
    with connection.cursor() as cursor, errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def copy_instances(instances: Sequence[models.Model]) -> None:
    """Insert unsaved instances of one model by COPY: defaults, encryption and all.

    As `bulk_create`, but key columns that the database numbers are not read back.
    """
    if not instances:
        return
    meta = instances[0]._meta
    fields = [one for one in meta.concrete_fields if not isinstance(one, models.AutoField)]
    database = connections[connection.alias]  # itself: its stand-in is looked up at every use
    # Made before the copy begins: the first encrypted value may have to fetch its key.
    rows = [
        [one.get_db_prep_save(one.pre_save(instance, True), database) for one in fields]
        for instance in instances
    ]
    copy_rows(meta.db_table, [str(one.column) for one in fields], rows)
    for instance in instances:
        instance._state.adding, instance._state.db = False, database.alias


def update_rows(model: type[models.Model], names: Sequence[str], rows: Iterable[Any]) -> None:
    """Save the named fields of instances in one statement, found by their primary key.

    As `bulk_update`; for fields whose JSON and database values are the same.
    """
    fields = [_field(model, "pk"), *(_field(model, name) for name in names)]
    columns = {str(one.column): str(one.db_type(connection)) for one in fields}
    values = [
        {str(one.column): one.get_prep_value(getattr(row, one.attname)) for one in fields}
        for row in rows
    ]
    quote = connection.ops.quote_name
    table, (key, *changed) = quote(model._meta.db_table), map(quote, columns)
    changes = ", ".join(f"{name} = new.{name}" for name in changed)
    record = ", ".join(f"{quote(name)} {kind}" for name, kind in columns.items())
    statement = (
        f"UPDATE {table} SET {changes} FROM json_to_recordset(%s) AS new ({record}) "  # noqa: S608
        f"WHERE {table}.{key} = new.{key}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [msgspec.json.encode(values).decode()])


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(found, models.Field)
    return found
