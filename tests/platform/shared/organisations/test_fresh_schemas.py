"""A schema made by recorded statements is the same as a migrated one."""

import pytest
from django.db import connection

from shared.organisations import fresh_schemas, provisioning
from shared.organisations.models import Organisation

pytestmark = pytest.mark.usefixtures("as_owner")

# Everything that migrations make, as PostgreSQL describes it, under names without the schema.
DESCRIPTIONS = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity,
               character_maximum_length, numeric_precision, numeric_scale, generation_expression
        FROM information_schema.columns WHERE table_schema = %s""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(pg_constraint.oid)
        FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace
        WHERE nspname = %s""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s",
    "triggers": """
        SELECT tgname, pg_get_triggerdef(pg_trigger.oid), tgenabled::text FROM pg_trigger
        JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = %s AND NOT tgisinternal""",
    "functions": """
        SELECT proname, pg_get_functiondef(pg_proc.oid) FROM pg_proc
        JOIN pg_namespace ON pg_namespace.oid = pronamespace WHERE nspname = %s""",
    "relations": """
        SELECT relname, relkind::text, relpersistence::text, reloptions::text,
               pg_get_expr(relpartbound, pg_class.oid)
        FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = %s AND relkind <> 't'""",
    "rights": """
        SELECT table_name, privilege_type, grantee = current_user
        FROM information_schema.role_table_grants WHERE table_schema = %s""",
}


def make(schema: str) -> Organisation:
    organisation = Organisation.objects.create(name="F", schema_name=schema, subdomain=schema)
    provisioning.create_schema(organisation)
    return organisation


def describe(schema: str) -> dict[str, list[tuple[str, ...]]]:
    with connection.cursor() as cursor:
        found = {}
        for name, query in DESCRIPTIONS.items():
            cursor.execute(query, [schema])
            rows = [tuple(str(one).replace(schema, "") for one in row) for row in cursor.fetchall()]
            found[name] = sorted(rows)
        cursor.execute(f'SELECT app, name FROM "{schema}".django_migrations')
        found["migrations"] = sorted(cursor.fetchall())
        return found


def test_both_ways_make_the_same_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh_schemas, "_known", {})
    make("fresh-first")
    assert len(fresh_schemas._known) == 1
    make("fresh-second")
    migrated, repeated = describe("fresh-first"), describe("fresh-second")
    assert len(migrated["constraints"]) > 500
    assert migrated["triggers"]
    for name, described in migrated.items():
        assert repeated[name] == described, name


def test_what_a_killed_process_left_is_migrated_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh_schemas, "_known", {})
    whole = describe(make("fresh-first").schema_name)
    ((version, migrations),) = fresh_schemas._known.items()
    monkeypatch.setattr(fresh_schemas, "_known", {version: migrations[: len(migrations) // 2]})
    half = make("fresh-second")
    assert len(describe(half.schema_name)["migrations"]) == len(migrations) // 2
    provisioning.migrate_schema(half.schema_name)  # as the job does when it is taken up again
    assert describe(half.schema_name)["migrations"] == whole["migrations"]
    assert describe(half.schema_name)["constraints"] == whole["constraints"]
