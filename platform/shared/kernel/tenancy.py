"""Which organisation the present code works for.

Choosing one sets search path and PostgreSQL role together (see `kernel.database`).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol, cast
from uuid import UUID

import psycopg
from django.apps import apps
from django.db import connection as django_connection

# Our engine adds tenant and schema, which Django's types do not know.
connection: Any = django_connection

PUBLIC_SCHEMA = "public"
PLATFORM_ID = UUID("00000000-0000-0000-0000-000000000001")


class Tenant(Protocol):
    """What the kernel needs to know of an organisation."""

    id: UUID
    schema_name: str
    database_role: str
    subdomain: str
    name: str
    url: str
    time_zone: str
    language: str


def current_schema() -> str:
    """The name of the schema in which the code runs."""
    return str(connection.schema_name)


def current_organisation() -> Tenant | None:
    """The organisation in whose schema the code runs; None in the public schema."""
    if current_schema() == PUBLIC_SCHEMA:
        return None
    return cast(Tenant, connection.tenant)


def current_organisation_id() -> UUID:
    """The organisation's id, or PLATFORM_ID in the public schema."""
    organisation = current_organisation()
    return organisation.id if organisation else PLATFORM_ID


def require_organisation() -> Tenant:
    """The current organisation; RuntimeError in the public schema."""
    organisation = current_organisation()
    if organisation is None:
        raise RuntimeError("This code works on a tenant's tables and was called without one.")
    return organisation


@contextmanager
def organisation_context(organisation: Tenant) -> Iterator[None]:
    """Work in the organisation's schema under its role, then return to where we were."""
    before = connection.tenant
    connection.set_tenant(organisation)
    try:
        yield
    finally:
        _return_to(before)


@contextmanager
def shared_context() -> Iterator[None]:
    """Read or write the public tables; the only way to reach them from inside a tenant."""
    if current_schema() == PUBLIC_SCHEMA:  # every request's first look-ups: spare the switch
        yield
        return
    before = connection.tenant
    connection.set_schema_to_public()
    try:
        yield
    finally:
        _return_to(before)


def load_organisation(schema_name: str) -> Tenant:
    """The live organisation of that schema. Raises LookupError where there is none."""
    model = apps.get_model("organisations", "Organisation")
    with shared_context():
        organisation = model.objects.filter(schema_name=schema_name).first()
    if organisation is None:
        raise LookupError(f"No organisation has the schema {schema_name!r}.")
    return cast(Tenant, organisation)


@contextmanager
def schema_context(schema_name: str) -> Iterator[None]:
    """Work in the schema of that name, under its role; also in the public one.

    Raises LookupError where no organisation has it.
    """
    if schema_name == PUBLIC_SCHEMA:
        with shared_context():
            yield
    else:
        with organisation_context(load_organisation(schema_name)):
            yield


def serving_schemas() -> list[str]:
    """The schemas in which work may be waiting: public, and every organisation set up."""
    model = apps.get_model("organisations", "Organisation")
    with shared_context():
        serving = model.objects.filter(state__in=("active", "suspended"))
        return [PUBLIC_SCHEMA, *serving.values_list("schema_name", flat=True)]


def _return_to(tenant: Tenant) -> None:
    """Choose the tenant at once, not with the next cursor.

    A field that looks something up while its row is being written comes here with the
    statement's cursor already open.
    """
    connection.set_tenant(tenant)
    if connection.connection is not None:
        with suppress(psycopg.Error):  # a lost connection is told by the next statement
            connection.apply_tenant()
