"""Fixtures every test may use: two organisations, actors, clients, a throw-away organisation.

Tests run as the application's role on a copy of a database the owner made; each is rolled back.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client

from shared.accounts.permissions import permissions_of_role
from shared.kernel.actor import Actor
from shared.kernel.tenancy import organisation_context, shared_context
from shared.organisations.models import Organisation
from shared.runtime import databases, test_database
from shared.runtime.embedded import data_folder

ActorFactory = Callable[[str], Actor]
ClientFactory = Callable[[Organisation], "OrganisationClient"]


class OrganisationClient(Client):
    """A browser at one organisation's host; leaves the test in the schema it was in."""

    def __init__(self, organisation: Organisation, **defaults: Any) -> None:
        super().__init__(HTTP_HOST=organisation.host, **defaults)
        self.organisation = organisation

    def request(self, **request: Any) -> Any:
        with same_tenant_afterwards():
            return super().request(**request)

    def force_login(self, user: Any, backend: str | None = None) -> None:
        with organisation_context(self.organisation):
            super().force_login(user, backend)


@contextmanager
def same_tenant_afterwards() -> Iterator[None]:
    """The host decides the schema of a request; afterwards the test is where it was."""
    before = connection.tenant
    try:
        yield
    finally:
        connection.set_tenant(before)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: pytest.FixtureRequest,
    django_db_keepdb: bool,
    django_db_createdb: bool,
) -> Iterator[None]:
    """This process's own database, copied from the template the owner made."""
    owner_url = os.environ["OWNER_DATABASE_URL"]
    name = connection.settings_dict["NAME"]
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    if django_db_createdb or not (django_db_keepdb and test_database.has_database(owner_url, name)):
        test_database.make_test_database(
            owner_url,
            name,
            lock_file=data_folder() / "tests" / "template.lock",
            rebuild_for=run if django_db_createdb else "",
        )
    yield
    connections.close_all()
    if not django_db_keepdb:
        databases.drop_database(owner_url, name)


@pytest.fixture(autouse=True)
def _public_schema_between_tests() -> Iterator[None]:
    yield
    connection.set_schema_to_public()


@pytest.fixture
def acme(db: None) -> Organisation:
    """The organisation `acme`, seen from the public schema."""
    with shared_context():
        return Organisation.objects.get(schema_name="acme")


@pytest.fixture
def globex(db: None) -> Organisation:
    """The organisation `globex`, seen from the public schema."""
    with shared_context():
        return Organisation.objects.get(schema_name="globex")


@pytest.fixture
def in_acme(acme: Organisation) -> Iterator[Organisation]:
    """The test works inside acme's schema, under its role."""
    with organisation_context(acme):
        yield acme


@pytest.fixture
def in_globex(globex: Organisation) -> Iterator[Organisation]:
    """The test works inside globex's schema, under its role."""
    with organisation_context(globex):
        yield globex


@pytest.fixture
def actor_in() -> ActorFactory:
    """Makes a person with the permissions of a role, without a row in the database."""

    def make(role: str) -> Actor:
        user_id = uuid4()
        return Actor(
            kind="user",
            id=str(user_id),
            label=f"{role}@example.com",
            role=role,
            permissions=permissions_of_role(role),
            user_id=user_id,
        )

    return make


@pytest.fixture
def client_for() -> ClientFactory:
    """Makes a browser at an organisation's host.

    Nothing is cached at first: what an earlier test left would expire in the middle of this one,
    whose queries may be counted.
    """
    cache.clear()
    return OrganisationClient


@pytest.fixture(scope="session")
def owner(django_db_setup: None) -> Iterator[test_database.Owner]:
    """Makes and drops organisations, as only the owner of the database may."""
    process = test_database.Owner()
    yield process
    process.stop()


@pytest.fixture
def throwaway_organisation(
    owner: test_database.Owner, django_db_blocker: Any
) -> Iterator[Organisation]:
    """An organisation of its own for a test that commits, in threads or processes too.

    Do not combine it with `db`: what such a test does is committed, and dropped at the end.
    """
    schema = f"throwaway{uuid4().hex[:10]}"
    owner.create(schema)
    with django_db_blocker.unblock():
        try:
            with shared_context():
                organisation = Organisation.objects.get(schema_name=schema)
            yield organisation
        finally:
            connections.close_all()
    owner.drop(schema)
