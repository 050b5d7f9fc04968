"""Whole databases: made, copied and dropped as the owner. Used for tests only."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

MAINTENANCE_DATABASE = "postgres"


def with_database(url: str, name: str) -> str:
    """The same server and role, another database."""
    return make_conninfo(url, dbname=name)


def database_names(owner_url: str, *, prefix: str) -> list[str]:
    """The databases of the server whose name starts so."""
    with _maintenance(owner_url) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1", [prefix]
        ).fetchall()
    return [name for (name,) in rows]


def create_database(owner_url: str, name: str, *, template: str = "template0") -> None:
    """Make a database, a copy of `template`; nobody may be connected to a template."""
    with _maintenance(owner_url) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )


def rename_database(owner_url: str, old: str, new: str) -> None:
    """Give a database that nobody uses another name."""
    with _maintenance(owner_url) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(old), sql.Identifier(new)
            )
        )


@retry(
    retry=retry_if_exception_type(psycopg.errors.InsufficientPrivilege),
    wait=wait_fixed(0.5),
    stop=stop_after_attempt(120),
    reraise=True,
)
def drop_database(owner_url: str, name: str, *, even_if_used: bool = True) -> bool:
    """Drop the database if it is there; False where somebody uses it and that counts.

    The server's own vacuum cannot be made to leave it: it is waited for, up to a minute.
    """
    ending = sql.SQL(" WITH (FORCE)" if even_if_used else "")
    with _maintenance(owner_url) as connection:
        try:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)) + ending
            )
        except psycopg.errors.ObjectInUse:
            return False
    return True


def drop_roles(owner_url: str, *, prefix: str) -> None:
    """Drop the tenant roles whose name starts so, except those a database still refers to."""
    with _maintenance(owner_url) as connection:
        rows = connection.execute(
            "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", [prefix]
        ).fetchall()
        for (name,) in rows:
            with suppress(psycopg.errors.DependentObjectsStillExist):
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@contextmanager
def _maintenance(owner_url: str) -> Iterator[psycopg.Connection[Any]]:
    url = with_database(owner_url, MAINTENANCE_DATABASE)
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        yield connection
