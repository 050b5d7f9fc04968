"""Migration operations shared by the tenant apps."""

from django.db import migrations


def create_code_sequence(table: str) -> migrations.RunSQL:
    """The sequence that `kernel.codes` draws a table's public codes from."""
    return migrations.RunSQL(
        f'CREATE SEQUENCE "{table}_code_seq"', f'DROP SEQUENCE "{table}_code_seq"'
    )


def create_uuid_range() -> migrations.RunSQL:
    """A range type over UUIDs.

    An exclusion constraint over an id and a date range needs GiST equality on the id; the
    usual extension (btree_gist) is not everywhere, a range of one value is.
    """
    return migrations.RunSQL(
        "CREATE TYPE uuid_range AS RANGE (subtype = uuid)", "DROP TYPE uuid_range"
    )
