"""What conftest.py promises to every test."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection

from shared.kernel.actor import Actor
from shared.kernel.tenancy import current_organisation, shared_context
from shared.organisations.models import Organisation


def row(statement: str) -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchone())


@pytest.mark.django_db
def test_tests_connect_as_the_application_which_owns_no_table() -> None:
    assert row("SELECT session_user")[0] == settings.APPLICATION_ROLE
    assert row("SELECT count(*) FROM pg_tables WHERE tableowner = session_user") == (0,)


def test_two_organisations_stand_ready(acme: Organisation, globex: Organisation) -> None:
    assert (acme.schema_name, globex.schema_name) == ("acme", "globex")
    assert acme.database_role != globex.database_role


def test_in_acme_sets_schema_and_role(in_acme: Organisation) -> None:
    assert current_organisation() == in_acme
    assert row("SELECT current_schema(), current_user") == ("acme", in_acme.database_role)
    with shared_context():
        assert row("SELECT current_schema(), current_user") == (
            "public",
            settings.APPLICATION_ROLE,
        )


@pytest.mark.django_db
def test_the_schema_is_public_again_between_tests() -> None:
    assert current_organisation() is None


def test_actor_in_holds_the_permissions_of_its_role(actor_in: Callable[[str], Actor]) -> None:
    assert actor_in("billing_manager").may("invoices.issue")
    assert not actor_in("viewer").may("invoices.issue")


def test_throwaway_organisation_commits(throwaway_organisation: Organisation) -> None:
    assert not connection.in_atomic_block
    assert throwaway_organisation.database_role.endswith(throwaway_organisation.schema_name)
