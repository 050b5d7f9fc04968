"""One service with its demo for all browser tests of a process, and people who are signed in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from support.chromium import chromium
from support.service import RunningService, is_last_of, running_service
from support.visitor import ENGLISH_DESKTOP, Visitor, Way, open_window

PASSWORD = "invoicepatch-demo"
STANDING = ExitStack()
SIGN_INS: dict[tuple[str, str], Any] = {}

Enter = Callable[..., Visitor]


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """It may reach servers of this machine, which stand for those of other people."""
    with STANDING:
        yield STANDING.enter_context(
            running_service(
                tmp_path_factory.mktemp("service"),
                demo=True,
                environment={"OUTGOING_NETWORKS": "127.0.0.0/8"},
            )
        )


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Stop the service behind the last browser test, not at the end of a long session."""
    if is_last_of(Path(__file__).parent, nextitem):
        STANDING.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module only: its event loop would keep the tests after it from the database."""
    with chromium() as one:
        yield one


@pytest.fixture
def enter(service: RunningService, browser: Browser) -> Iterator[Enter]:
    """Opens a window in which somebody of a demo organisation is signed in, in a language."""
    opened: list[Visitor] = []

    def enter(
        way: Way = ENGLISH_DESKTOP, *, person: str = "owner", subdomain: str = "acme"
    ) -> Visitor:
        key = (subdomain, person)
        visitor = open_window(browser, storage_state=SIGN_INS.get(key), **way.options)
        opened.append(visitor)
        visitor.base = service.url("", subdomain=subdomain)
        visitor.goto("/")
        if key not in SIGN_INS:
            visitor.page.fill("[name=login]", f"{person}@{subdomain}.example")
            visitor.page.fill("[name=password]", PASSWORD)
            visitor.page.press("[name=password]", "Enter")
            visitor.page.wait_for_url(f"{visitor.base}/")
            SIGN_INS[key] = visitor.page.context.storage_state()
        visitor.choose_language(way.language)
        return visitor

    yield enter
    for visitor in opened:
        visitor.page.context.close()
