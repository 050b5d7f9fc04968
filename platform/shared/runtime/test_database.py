"""The databases of tests: copies of a template with all tables, acme and globex.

The template is made once for a set of migrations. `python -m shared.runtime.test_database`
works on the database of OWNER_DATABASE_URL; it runs as the owner in a process of its own,
since a process connects as one role only.
"""

import os
import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

from shared.runtime import databases
from shared.runtime.locks import FileLock

ROOT = Path(__file__).resolve().parents[3]
PREFIX = "invoicepatch_test_"
ORGANISATIONS = (("acme", "Acme Electric"), ("globex", "Globex Parking"))
DIGEST_LENGTH = 8
STOP_SECONDS = 60


def database_name(slot: int) -> str:
    """The name of a test process's database for the present migrations."""
    return f"{_template_name()}_{slot}"


def make_test_database(owner_url: str, name: str, *, lock_file: Path, rebuild_for: str) -> None:
    """Copy the template to `name`, after making the template where it is missing.

    `rebuild_for` names a test run that wants the template anew, once for all its processes;
    empty for none. Databases and roles of other migrations are dropped then unless another
    test process uses them.
    """
    lock = FileLock(lock_file)
    lock.acquire()
    try:
        template = _template_name()
        rebuild = rebuild_for and lock_file.read_text() != rebuild_for
        if rebuild or not has_database(owner_url, template):
            _make_template(owner_url, template)
            lock_file.write_text(rebuild_for)
        databases.drop_database(owner_url, name)
        databases.create_database(owner_url, name, template=template)
    finally:
        lock.release()


def has_database(owner_url: str, name: str) -> bool:
    """Whether a database of exactly this name is there."""
    return name in databases.database_names(owner_url, prefix=name)


@cache
def _template_name() -> str:
    """Changes with whatever decides what a fresh schema holds."""
    digest = sha256()
    for source in sorted({*ROOT.glob("platform/**/*.py"), *ROOT.glob("tenants/**/*.py")}):
        content = source.read_bytes()
        in_migrations = source.parent.name == "migrations"
        if in_migrations or source.stem == "provisioning" or b"ProvisioningStep" in content:
            digest.update(str(source.relative_to(ROOT)).encode() + b"\0" + content)
    return PREFIX + digest.hexdigest()[:DIGEST_LENGTH]


def _make_template(owner_url: str, template: str) -> None:
    for stale in databases.database_names(owner_url, prefix=PREFIX):
        databases.drop_database(owner_url, stale, even_if_used=False)
    databases.drop_roles(owner_url, prefix=PREFIX)
    unfinished = f"{template}_new"
    databases.create_database(owner_url, unfinished)
    _fill(databases.with_database(owner_url, unfinished))
    databases.rename_database(owner_url, unfinished, template)


def _fill(owner_url: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "shared.runtime.test_database", "fill"],
        env={**os.environ, "OWNER_DATABASE_URL": owner_url, "INVOICEPATCH_CONNECT_AS": "owner"},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise RuntimeError(f"The test database could not be made:\n{finished.stderr}")


class Owner:
    """A process that connects as the owner and makes and drops organisations for tests.

    It stays, since starting one takes as long as making an organisation.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "shared.runtime.test_database", "serve"],
            env={**os.environ, "INVOICEPATCH_CONNECT_AS": "owner"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def create(self, schema: str) -> None:
        """Make an organisation with a schema of its own."""
        self._ask(f"create {schema}")

    def drop(self, schema: str) -> None:
        """Remove the organisation of a schema, with everything it has."""
        self._ask(f"drop {schema}")

    def stop(self) -> None:
        """End the process, and with it its connection."""
        self._process.communicate(timeout=STOP_SECONDS)

    def _ask(self, command: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != f"{command}: done\n":
            raise RuntimeError(f"The owner's process did not {command}; its error stands above.")


def main(arguments: list[str]) -> None:
    """`fill` the present database, or `serve`: do the commands of an `Owner` until it stops."""
    import django

    django.setup()
    from shared.organisations import provisioning

    match arguments:
        case ["fill"]:
            provisioning.migrate_public()
            for schema, name in ORGANISATIONS:
                _create_organisation(schema, name)
        case ["serve"]:
            for command in sys.stdin:
                _obey(*command.split())
                sys.stdout.write(f"{command.strip()}: done\n")
                sys.stdout.flush()
        case _:
            raise SystemExit("usage: fill | serve")


def _obey(action: str, schema: str) -> None:
    from shared.organisations import provisioning
    from shared.organisations.models import Organisation

    if action == "create":
        _create_organisation(schema, schema.capitalize())
        return
    organisation = Organisation.objects.get(schema_name=schema)
    provisioning.drop_schema(organisation)
    organisation.delete()


def _create_organisation(schema: str, name: str) -> None:
    from shared.kernel.hooks import provisioning_steps
    from shared.kernel.tenancy import organisation_context
    from shared.keyring.services import create_data_keys
    from shared.organisations import provisioning
    from shared.organisations.models import Domain, Organisation

    organisation = Organisation.objects.create(
        name=name,
        schema_name=schema,
        subdomain=schema,
        state=Organisation.State.ACTIVE,
        owner_email=f"owner@{schema}.example",
    )
    Domain.objects.create(tenant=organisation, domain=organisation.host, is_primary=True)
    provisioning.create_schema(organisation)
    create_data_keys(organisation.id)
    with organisation_context(organisation):
        for step in provisioning_steps():
            step.run()


if __name__ == "__main__":
    main(sys.argv[1:])
