"""Which organisation the present code works for.

Choosing one sets search path and PostgreSQL role together (see `kernel.database`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, cast
from uuid import UUID

from django.apps import apps
from django.db import connection

PUBLIC_SCHEMA = "public"
PLATFORM_ID = UUID("00000000-0000-0000-0000-000000000001")


class Tenant(Protocol):
    """What the kernel needs to know of an organisation."""

    id: UUID
    schema_name: str
    database_role: str
    subdomain: str
    name: str
    time_zone: str
    language: str


def current_organisation() -> Tenant | None:
    """The organisation in whose schema the code runs; None in the public schema."""
    if connection.schema_name == PUBLIC_SCHEMA:
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
        connection.set_tenant(before)


@contextmanager
def shared_context() -> Iterator[None]:
    """Read or write the public tables; the only way to reach them from inside a tenant."""
    before = connection.tenant
    connection.set_schema_to_public()
    try:
        yield
    finally:
        connection.set_tenant(before)


def load_organisation(schema_name: str) -> Tenant:
    """The live organisation of that schema. Raises LookupError where there is none."""
    model = apps.get_model("organisations", "Organisation")
    with shared_context():
        organisation = model.objects.filter(schema_name=schema_name).first()
    if organisation is None:
        raise LookupError(f"No organisation has the schema {schema_name!r}.")
    return cast(Tenant, organisation)
