"""Migration operations shared by the tenant apps."""

from django.db import migrations
from django.db.models import Field

from shared.kernel.fields import WordingField

# The words of a kept Wording in English, for the way back to a column of text.
_WORDS = """
    CREATE OR REPLACE FUNCTION pg_temp.words_of(kept jsonb) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
        said text := kept ->> 'text';
        part record;
    BEGIN
        IF jsonb_typeof(kept) <> 'object' THEN
            RETURN kept #>> '{}';
        ELSIF kept ? 'of' THEN
            RETURN (
                SELECT string_agg(one, ' ') FROM jsonb_array_elements_text(kept -> 'of') AS one
            );
        ELSIF (kept ->> 'number')::numeric <> 1 THEN
            said := kept ->> 'plural';
        END IF;
        FOR part IN SELECT * FROM jsonb_each(coalesce(kept -> 'values', '{}')) LOOP
            said := replace(said, '%(' || part.key || ')s', pg_temp.words_of(part.value));
            said := replace(said, '%(' || part.key || ')d', pg_temp.words_of(part.value));
        END LOOP;
        RETURN said;
    END $$;
"""


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


def keep_wording(
    table: str, model: str, name: str, field: WordingField, before: "Field[str, str]"
) -> migrations.SeparateDatabaseAndState:
    """Turn a column of text into one of Wordings; each text becomes a Wording of its own words.

    `before` is the field of text, whose length the way back keeps to: there each Wording becomes
    its English words.
    """
    column = f'ALTER TABLE "{table}" ALTER COLUMN "{name}" TYPE'
    kind = f"varchar({before.max_length})" if before.max_length else "text"
    words = f'pg_temp.words_of("{name}")'
    if before.max_length:
        words = f"left({words}, {before.max_length})"
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                f'{column} jsonb USING to_jsonb("{name}")',
                f"{_WORDS} {column} {kind} USING {words}",
            )
        ],
        state_operations=[migrations.AlterField(model, name, field)],
    )
