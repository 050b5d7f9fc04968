"""What the owner of the database does for an organisation: schema, role, rights, migrations.

Runs only in processes that connect as the owner (INVOICEPATCH_CONNECT_AS=owner). Every function
may be run again after it was killed half-way. Source: `architecture.md`, Isolation.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from shared.kernel.clock import now
from shared.kernel.tenancy import PUBLIC_SCHEMA, connection, shared_context
from shared.organisations.fresh_schemas import make_tables
from shared.organisations.models import MigrationState, Organisation
from shared.subscriptions.services import seed_plans

NAME_BYTES_MAX = 63  # PostgreSQL cuts longer identifiers
DIGEST_LENGTH = 16
TABLE_RIGHTS = sql.SQL("SELECT, INSERT, UPDATE, DELETE")
# Written by the owner's processes only; the application reads them.
OWNER_TABLES = ("django_migrations", "organisations_migrationstate")


def role_name(schema_name: str) -> str:
    """The name of a schema's role: roles belong to the whole server, so the database leads.

    Names over 63 bytes are cut and end in a digest of the whole.
    """
    name = f"{connection.settings_dict['NAME']}_{schema_name}"
    if len(name.encode()) <= NAME_BYTES_MAX:
        return name
    digest = sha256(name.encode()).hexdigest()[:DIGEST_LENGTH]
    head = name.encode()[: NAME_BYTES_MAX - DIGEST_LENGTH - 1].decode(errors="ignore")
    return f"{head}_{digest}"


def migrate_public() -> None:
    """Bring the public schema up to date, with the plans and the application's rights."""
    with shared_context(), _schema_lock(PUBLIC_SCHEMA):
        _run_migrations()
        grant_public_to_application()
        seed_plans()
        # Its own state is noted after the fact: the first time, the table is made above.
        _note_state(PUBLIC_SCHEMA, MigrationState.Status.DONE)


def grant_public_to_application() -> None:
    """Give the application role its rights on the public tables, present and to come.

    Tenant roles get none: schema public is closed to everybody else. Nor may anybody but the
    owner make temporary tables, which are found before an organisation's own: one named like
    them would hide issued invoices from the triggers that guard their lines.
    """
    application = sql.Identifier(settings.APPLICATION_ROLE)
    public = sql.Identifier(PUBLIC_SCHEMA)
    with shared_context(), transaction.atomic():
        _execute(sql.SQL("REVOKE ALL ON SCHEMA {} FROM PUBLIC").format(public))
        database = sql.Identifier(connection.settings_dict["NAME"])
        _execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(database))
        _grant_schema(public, application)
        for table in OWNER_TABLES:
            _execute(
                sql.SQL("REVOKE INSERT, UPDATE, DELETE ON {}.{} FROM {}").format(
                    public, sql.Identifier(table), application
                )
            )


def create_schema(organisation: Organisation) -> None:
    """Make the organisation's role and schema and migrate it to the newest tables.

    The application role may become the tenant's role but inherits nothing from it. The role's
    name is stored in the organisation's row.
    """
    role = role_name(organisation.schema_name)
    schema_id, role_id = sql.Identifier(organisation.schema_name), sql.Identifier(role)
    with shared_context(), transaction.atomic():
        if not _role_exists(role):
            _execute(sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT").format(role_id))
        _execute(
            sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
                role_id, sql.Identifier(settings.APPLICATION_ROLE)
            )
        )
        _execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema_id))
        _grant_schema(schema_id, role_id)
        organisation.database_role = role
        organisation.save(update_fields=["database_role"])
    migrate_schema(organisation.schema_name)


def migrate_schema(schema_name: str) -> None:
    """Bring one tenant schema's tables up to date; safe to run twice and at the same time.

    The outcome is kept in MigrationState; an error is kept there and raised. Nothing is done
    where the schema is gone: a spare one may be claimed, under another name, meanwhile.
    """
    with _schema_lock(schema_name):
        if not schema_exists(schema_name):
            return
        _note_state(schema_name, MigrationState.Status.RUNNING)
        try:
            connection.set_schema(schema_name)
            _run_migrations()
        except Exception as error:
            _note_state(schema_name, MigrationState.Status.FAILED, error=repr(error))
            raise
        finally:
            connection.set_schema_to_public()
        _note_state(schema_name, MigrationState.Status.DONE)


def claim_schema(*, spare: Organisation, organisation: Organisation) -> None:
    """Give a ready-made schema and its role to an organisation, in the present transaction.

    Both are renamed, which takes a fraction of a millisecond; the spare row goes.
    """
    role = role_name(organisation.schema_name)
    _execute(
        sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(
            sql.Identifier(spare.schema_name), sql.Identifier(organisation.schema_name)
        )
    )
    _execute(
        sql.SQL("ALTER ROLE {} RENAME TO {}").format(
            sql.Identifier(spare.database_role), sql.Identifier(role)
        )
    )
    MigrationState.objects.filter(schema_name=spare.schema_name).update(
        schema_name=organisation.schema_name
    )
    spare.delete()
    organisation.database_role = role
    organisation.save(update_fields=["database_role"])


def drop_schema(organisation: Organisation) -> None:
    """Remove an organisation's schema with all its rows, and its role. For good.

    ValueError for the public schema.
    """
    schema_name = organisation.schema_name
    if schema_name == PUBLIC_SCHEMA:
        raise ValueError("The public schema belongs to everybody.")
    role = organisation.database_role or role_name(schema_name)
    with shared_context(), transaction.atomic():
        _execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema_name)))
        _execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
        MigrationState.objects.filter(schema_name=schema_name).delete()


def try_schema_lock(schema_name: str) -> bool:
    """Hold a schema still until the present transaction ends, unless somebody works on it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_lock_key(schema_name)])
        return bool(cursor.fetchone()[0])


def schema_exists(schema_name: str) -> bool:
    """Whether the database has a schema of that name, whoever made it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema_name])
        return cursor.fetchone() is not None


@lru_cache(maxsize=2)
def _version(public: bool) -> str:
    """Read from the migration files once a process: they do not change while it runs."""
    schema_name = PUBLIC_SCHEMA if public else ""
    names = sorted(".".join(key) for key in _targets(MigrationLoader(None), schema_name))
    return sha256("\n".join(names).encode()).hexdigest()[:DIGEST_LENGTH]


def current_version(schema_name: str) -> str:
    """A digest of the migrations this code wants in a schema: public's, or any tenant's."""
    return _version(schema_name == PUBLIC_SCHEMA)


def _targets(loader: MigrationLoader, schema_name: str) -> list[tuple[str, str]]:
    """The last migrations of the apps whose tables belong in the schema."""
    names = settings.SHARED_APPS if schema_name == PUBLIC_SCHEMA else settings.TENANT_APPS
    labels = {config.label for config in apps.get_app_configs() if config.name in names}
    return [key for key in loader.graph.leaf_nodes() if key[0] in labels]


def _run_migrations() -> None:
    schema_name = connection.schema_name
    if schema_name == PUBLIC_SCHEMA or _has_tables():
        _migrate()
    else:
        make_tables(current_version(schema_name), _migrate)


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    executor.recorder.ensure_schema()
    executor.migrate(_targets(executor.loader, connection.schema_name))


def _has_tables() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_tables WHERE schemaname = %s LIMIT 1", [connection.schema_name]
        )
        return cursor.fetchone() is not None


def _note_state(schema_name: str, status: MigrationState.Status, *, error: str = "") -> None:
    running = status == MigrationState.Status.RUNNING
    values = {"status": status, "error": error, "finished_at": None if running else now()}
    if running:
        values["started_at"] = now()
    if status == MigrationState.Status.DONE:
        values["version"] = current_version(schema_name)
    with shared_context():
        MigrationState.objects.update_or_create(
            schema_name=schema_name,
            defaults=values,
            create_defaults={"started_at": now(), **values},
        )


@contextmanager
def _schema_lock(schema_name: str) -> Iterator[None]:
    """One process at a time works on a schema; the lock ends with its connection."""
    key = _lock_key(schema_name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def _lock_key(schema_name: str) -> int:
    return int.from_bytes(sha256(schema_name.encode()).digest()[:8], signed=True)


def _grant_schema(schema: sql.Composable, role: sql.Composable) -> None:
    """Use of a schema's tables, sequences and functions, those of later migrations too."""
    _execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
    for rights, kind in (
        (TABLE_RIGHTS, sql.SQL("TABLES")),
        (sql.SQL("USAGE, SELECT"), sql.SQL("SEQUENCES")),
        (sql.SQL("EXECUTE"), sql.SQL("FUNCTIONS")),
    ):
        parts = {"rights": rights, "kind": kind, "schema": schema, "role": role}
        _execute(sql.SQL("GRANT {rights} ON ALL {kind} IN SCHEMA {schema} TO {role}"), parts)
        _execute(
            sql.SQL(
                "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {rights} ON {kind} TO {role}"
            ),
            parts,
        )


def _role_exists(role: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        return cursor.fetchone() is not None


def _execute(
    statement: sql.SQL | sql.Composed, parts: dict[str, sql.Composable] | None = None
) -> None:
    composed = statement.format(**parts) if isinstance(statement, sql.SQL) and parts else statement
    with connection.cursor() as cursor:
        cursor.execute(composed)
