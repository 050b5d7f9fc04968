import pytest
from django.db import DatabaseError, connection, transaction

from shared.keyring.door import open_door


def door():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('invoicepatch.door', true)")
        return cursor.fetchone()[0] or ""


def test_the_door_is_open_inside_the_block_only(db):
    assert door() == ""
    with open_door():
        assert door() == "keyring"
    assert door() == ""


def test_an_error_of_ours_closes_it(db):
    with pytest.raises(ZeroDivisionError), open_door():
        raise ZeroDivisionError
    assert door() == ""


def test_an_error_of_the_database_closes_it(db):
    with pytest.raises(DatabaseError), transaction.atomic(), open_door():
        connection.cursor().execute("SELECT 1/0")
    assert door() == ""


@pytest.fixture
def no_transaction(django_db_setup, django_db_blocker):
    """A connection in autocommit; the tests write nothing."""
    with django_db_blocker.unblock():
        yield
        connection.close()


def test_the_door_needs_a_transaction(no_transaction):
    with pytest.raises(RuntimeError, match="transaction"), open_door():
        pass


def test_it_ends_with_its_transaction(no_transaction):
    try:
        with transaction.atomic(), open_door():
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert door() == ""
