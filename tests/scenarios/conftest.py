"""One service for all tests of a process that kill parts of it; each has its own organisation."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.service import RunningService, is_last_of, running_service

from shared.runtime.embedded import servers_of

STANDING = ExitStack()
SERVERS_BACK_SECONDS = 120


class Observer:
    """Looks at the tables as the owner, with a new connection each time: servers come and go."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.url = servers_of(service.data).owner_database_url

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        deadline = time.monotonic() + SERVERS_BACK_SECONDS
        while True:
            try:
                with psycopg.connect(self.url, connect_timeout=5) as connection:
                    return connection.execute(query, values).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def end_lease(self, table: str) -> None:
        """What a dead worker held is free again; otherwise that takes minutes."""
        with psycopg.connect(self.url) as connection:
            connection.execute(
                f"UPDATE {table} SET leased_until = now() WHERE leased_until > now()"
            )

    def wait(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it took too long"
            time.sleep(0.02)

    def create_organisation(self, subdomain: str) -> None:
        """As platform staff do, with every right that a plan gives."""
        made = self.service.manage(
            "create_organisation",
            *("--name", subdomain.title(), "--subdomain", subdomain, "--plan", "enterprise"),
            *("--admin-email", f"{subdomain}@example.com", "--admin-password", "correct-horse-7"),
        )
        assert json.loads(made.splitlines()[-1])["schema_name"] == subdomain


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Without its demo."""
    with STANDING:
        yield STANDING.enter_context(running_service(tmp_path_factory.mktemp("killed")))


@pytest.fixture(scope="session")
def observer(service: RunningService) -> Observer:
    return Observer(service)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Stop the service behind the last scenario, not at the end of a long session."""
    if is_last_of(Path(__file__).parent, nextitem):
        STANDING.close()
