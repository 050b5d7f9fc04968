"""Schemas and roles as the owner makes them, and what the application may do with them."""

import os

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from shared.kernel.tenancy import shared_context
from shared.organisations import provisioning
from shared.organisations.models import MigrationState, Organisation

pytestmark = pytest.mark.usefixtures("as_owner")


@pytest.fixture
def fresh() -> Organisation:
    organisation = Organisation.objects.create(
        name="Fresh", schema_name="fresh-one", subdomain="fresh-one"
    )
    provisioning.create_schema(organisation)
    return organisation


def _as_application() -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def _fails_as(role: str, statement: str) -> None:
    with _as_application() as session:
        session.execute(f'SET ROLE "{role}"')
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(statement)


def test_a_schema_has_its_tables_a_role_without_login_and_a_state(fresh: Organisation) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", [fresh.schema_name])
        assert cursor.fetchone()[0] > 20
        cursor.execute(
            "SELECT rolcanlogin, rolinherit, rolsuper FROM pg_roles WHERE rolname = %s",
            [fresh.database_role],
        )
        assert cursor.fetchone() == (False, False, False)
    state = MigrationState.objects.get(schema_name="fresh-one")
    assert (state.status, state.version) == (
        "done",
        provisioning.current_version("fresh-one"),
    )


def test_the_tenants_role_reads_and_writes_its_own_tables_only(fresh: Organisation) -> None:
    with _as_application() as session:
        session.execute(f'SET ROLE "{fresh.database_role}"')
        session.execute('SET search_path TO "fresh-one"')
        assert session.execute("SELECT count(*) FROM accounts_user").fetchone() == (0,)
    for statement in (
        "SELECT * FROM public.organisations_organisation",
        "SELECT * FROM public.accounts_user",
        "SELECT * FROM acme.accounts_user",
        'CREATE TABLE "fresh-one".extra (id int)',
        'DROP TABLE "fresh-one".accounts_user',
        "CREATE TABLE public.extra (id int)",
    ):
        _fails_as(fresh.database_role, statement)


def test_nobody_but_the_owner_makes_temporary_tables() -> None:
    """They are found first: one called invoices_invoice would blind the triggers of its lines."""
    may = "SELECT has_database_privilege(%s, current_database(), 'TEMPORARY')"
    with transaction.atomic(), connection.cursor() as cursor:
        provisioning.grant_public_to_application()
        cursor.execute(may, [settings.APPLICATION_ROLE])
        assert cursor.fetchone() == (False,)
        transaction.set_rollback(True)  # tests make some


def test_the_application_inherits_nothing_and_owns_nothing(fresh: Organisation) -> None:
    with _as_application() as session:
        for statement in (
            'SELECT * FROM "fresh-one".accounts_user',
            "DROP TABLE public.organisations_organisation",
            "UPDATE public.organisations_migrationstate SET version = ''",
            "DELETE FROM public.django_migrations",
            "CREATE SCHEMA mine",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)
        assert session.execute("SELECT count(*) FROM public.organisations_organisation").fetchone()


def test_tables_of_later_migrations_are_the_tenants_too(fresh: Organisation) -> None:
    with connection.cursor() as cursor:
        cursor.execute('CREATE TABLE "fresh-one".later (id serial PRIMARY KEY)')
    with _as_application() as session:
        session.execute(f'SET ROLE "{fresh.database_role}"')
        session.execute('INSERT INTO "fresh-one".later DEFAULT VALUES')


def test_making_and_dropping_may_each_be_done_twice(fresh: Organisation) -> None:
    provisioning.create_schema(fresh)
    provisioning.drop_schema(fresh)
    provisioning.drop_schema(fresh)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [fresh.database_role])
        assert cursor.fetchone() is None
    assert not provisioning.schema_exists("fresh-one")
    assert not MigrationState.objects.filter(schema_name="fresh-one").exists()


def test_public_is_never_dropped() -> None:
    with pytest.raises(ValueError, match="everybody"):
        provisioning.drop_schema(Organisation(schema_name="public", database_role="x"))


def test_long_role_names_are_cut_and_stay_different() -> None:
    one, other = (provisioning.role_name("a" * 60 + end) for end in "xy")
    assert one != other
    assert len(one.encode()) <= provisioning.NAME_BYTES_MAX
    assert provisioning.role_name("acme").endswith("_acme")


def test_a_failed_migration_keeps_its_reason(
    fresh: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr(provisioning, "_run_migrations", fail)
    with pytest.raises(RuntimeError):
        provisioning.migrate_schema("fresh-one")
    with shared_context():
        state = MigrationState.objects.get(schema_name="fresh-one")
    assert state.status == "failed"
    assert "no room" in state.error


def test_a_schema_that_is_gone_is_passed_over() -> None:
    provisioning.migrate_schema("never-was")
    assert not MigrationState.objects.filter(schema_name="never-was").exists()
