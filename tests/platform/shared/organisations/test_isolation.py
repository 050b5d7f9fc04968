"""Code in one organisation cannot reach another's rows, whatever happened to the connection."""

import pytest
from django.db import ProgrammingError, connection, transaction

from shared.kernel.tenancy import organisation_context, shared_context
from shared.organisations.models import Organisation

OTHERS = (
    "SELECT * FROM globex.accounts_user",
    "INSERT INTO globex.accounts_user (id) VALUES (gen_random_uuid())",
    "DELETE FROM globex.sites_site",
    "SELECT * FROM public.organisations_organisation",
    "SELECT * FROM public.keyring_datakey",
    "SET search_path TO globex; SELECT * FROM accounts_user",
)


def _where() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('search_path')")
        role, path = cursor.fetchone()
        return role, path


@pytest.mark.parametrize("statement", OTHERS)
def test_sql_on_anothers_tables_is_denied(in_acme: Organisation, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|does not exist"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_tenants_path_is_its_own_schema_only(in_acme: Organisation) -> None:
    assert _where() == (in_acme.database_role, '"acme"')


def test_role_and_path_are_right_after_a_rolled_back_savepoint(
    acme: Organisation, globex: Organisation
) -> None:
    with organisation_context(acme):
        before = _where()
        with transaction.atomic():
            with organisation_context(globex):
                assert _where()[0] == globex.database_role
            transaction.set_rollback(True)
        assert _where() == before
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT broken")
        assert _where() == before


def test_contexts_nest_and_return(acme: Organisation, globex: Organisation) -> None:
    public = _where()
    with organisation_context(acme):
        with organisation_context(globex), shared_context():
            assert _where() == public
        assert _where()[0] == acme.database_role
    assert _where() == public


def test_role_and_path_are_right_after_rollback_and_close(
    throwaway_organisation: Organisation, globex_committed: Organisation
) -> None:
    here, other = throwaway_organisation, globex_committed
    with organisation_context(here):
        right = _where()
        assert right[0] == here.database_role
        with transaction.atomic():
            with organisation_context(other):
                assert _where()[0] == other.database_role
            transaction.set_rollback(True)  # undoes every SET of this transaction
        assert _where() == right
        with transaction.atomic():
            connection.set_tenant(other)
            assert _where()[0] == other.database_role
            transaction.set_rollback(True)
        assert _where()[0] == other.database_role
        connection.set_tenant(here)
        connection.close()
        assert _where() == right


def test_a_pooled_connection_never_keeps_anothers_role(
    throwaway_organisation: Organisation, globex_committed: Organisation
) -> None:
    pooled = connection.copy()
    pooled.settings_dict = {
        **connection.settings_dict,
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            **connection.settings_dict["OPTIONS"],
            "pool": {"min_size": 1, "max_size": 1, "timeout": 5},
        },
    }
    pooled.alias = "pooled"
    statement = "SELECT current_user"
    try:
        for organisation in (throwaway_organisation, globex_committed, throwaway_organisation):
            pooled.set_tenant(organisation)
            with pooled.cursor() as cursor:
                cursor.execute(statement)
                assert cursor.fetchone() == (organisation.database_role,)
            pooled.close()  # back to the pool, whose one connection comes out again
        pooled.set_schema_to_public()
        with pooled.cursor() as cursor:
            cursor.execute("SELECT current_user = session_user")
            assert cursor.fetchone() == (True,)
    finally:
        pooled.close()
        pooled.close_pool()


@pytest.fixture
def globex_committed(throwaway_organisation: Organisation) -> Organisation:
    """globex for a test that commits: `db` cannot be used beside a throw-away organisation."""
    return Organisation.objects.get(schema_name="globex")
