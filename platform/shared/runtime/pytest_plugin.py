"""Gives each test process its own database and Redis database before the settings load.

A test process (a run, or one worker of pytest-xdist) takes the first free slot of the data
folder; the slot's number names its databases. Loaded by `-p` in pyproject.toml: pytest-django
reads the settings before any conftest. Imports nothing of Django.
"""

import os
import sys
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest

from shared.runtime import databases, test_database
from shared.runtime.embedded import data_folder, start_servers
from shared.runtime.locks import FileLock
from shared.runtime.system_packages import ensure_packages

SLOTS = 15  # Redis has 16 databases unless it is told otherwise; 0 is the service's

_slot_lock: FileLock | None = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Point DATABASE_URL, OWNER_DATABASE_URL and REDIS_URL at this process's own databases."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        ensure_packages(_say, for_tests=True)
    if "DATABASE_URL" not in os.environ:
        os.environ.update(start_servers(data_folder()).environment())
    slot = _take_slot()
    name = test_database.database_name(slot)
    for variable in ("DATABASE_URL", "OWNER_DATABASE_URL"):
        os.environ[variable] = databases.with_database(os.environ[variable], name)
    os.environ["REDIS_URL"] = _with_redis_database(os.environ["REDIS_URL"], slot)
    os.environ["INVOICEPATCH_CONNECT_AS"] = "application"
    return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse tests that would empty the public schema: the flush of a transactional test."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        transactional = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
        if transactional or (marker and (marker.kwargs.get("transaction") or marker.args[:1])):
            raise pytest.UsageError(
                f"{item.nodeid}: a transactional test empties the public schema; "
                "use throwaway_organisation for what must commit."
            )


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _take_slot() -> int:
    global _slot_lock
    for slot in range(1, SLOTS + 1):
        lock = FileLock(data_folder() / "tests" / f"slot-{slot}.lock")
        if lock.try_acquire():
            _slot_lock = lock  # held until the process ends
            return slot
        lock.release()
    raise pytest.UsageError(f"{SLOTS} test processes already run on {data_folder()}.")


def _with_redis_database(url: str, number: int) -> str:
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return urlunsplit(parts._replace(path=f"/{number}"))
    query = dict(parse_qsl(parts.query)) | {"db": str(number)}
    return f"unix://{parts.path}?{urlencode(query)}"
