"""Bring many schemas up to date: public first, then tenants in parallel processes.

A run may be killed and started again: what is up to date is passed over by its state row, and a
schema that fails does not stop the others. Runs as the owner.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

from shared.kernel.tenancy import PUBLIC_SCHEMA, connection, shared_context
from shared.organisations import provisioning
from shared.organisations.models import MigrationState, Organisation


@dataclass(frozen=True)
class Outcome:
    """What came of one schema; `error` is empty where it is up to date now."""

    schema_name: str
    error: str = ""


@dataclass(frozen=True)
class SchemaStatus:
    """Where one schema stands against the migrations of this code."""

    schema_name: str
    status: str
    up_to_date: bool
    finished_at: str
    error: str


def migrate_all(*, workers: int) -> Iterator[Outcome]:
    """Migrate the public schema, then every other one that is behind, `workers` at a time.

    Yields each outcome as it is known. An error in the public schema is raised: tenants' code
    needs its tables.
    """
    provisioning.migrate_public()
    yield Outcome(PUBLIC_SCHEMA)
    behind = schemas_behind()
    if workers == 1:
        for schema_name in behind:
            yield _migrate(schema_name)
        return
    connection.close()  # a connection must not be shared with the processes below
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        futures = [pool.submit(_migrate, schema_name) for schema_name in behind]
        for future in as_completed(futures):
            yield future.result()


def schemas_behind() -> list[str]:
    """Tenant schemas, spare ones too, that are not known to have this code's migrations.

    An organisation whose set-up has not come to its schema yet has none to migrate.
    """
    with shared_context():
        done = MigrationState.objects.filter(
            status=MigrationState.Status.DONE, version=_tenant_version()
        )
        rows = Organisation.objects.exclude(schema_name__in=done.values("schema_name"))
        return list(
            rows.exclude(database_role="")
            .order_by("schema_name")
            .values_list("schema_name", flat=True)
        )


def migration_status() -> list[SchemaStatus]:
    """Every schema with its state, those that need attention first."""
    with shared_context():
        names = [PUBLIC_SCHEMA, *Organisation.objects.values_list("schema_name", flat=True)]
        states = MigrationState.objects.in_bulk(names)
    found = [_describe(name, states.get(name)) for name in names]
    return sorted(found, key=lambda one: (one.up_to_date, one.schema_name))


def _migrate(schema_name: str) -> Outcome:
    try:
        provisioning.migrate_schema(schema_name)
    except Exception as error:  # the other schemas go on; the state row keeps the reason
        return Outcome(schema_name, f"{type(error).__name__}: {error}")
    return Outcome(schema_name)


def _describe(schema_name: str, state: MigrationState | None) -> SchemaStatus:
    wanted = (
        provisioning.current_version(PUBLIC_SCHEMA)
        if schema_name == PUBLIC_SCHEMA
        else _tenant_version()
    )
    if state is None:
        return SchemaStatus(schema_name, "missing", False, "", "")
    finished = state.finished_at.isoformat(timespec="seconds") if state.finished_at else ""
    up_to_date = state.status == MigrationState.Status.DONE and state.version == wanted
    return SchemaStatus(schema_name, state.status, up_to_date, finished, state.error)


def _tenant_version() -> str:
    return provisioning.current_version("")
