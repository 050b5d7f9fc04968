"""The organisation of a host name comes from the cache, and is never an earlier one."""

from threading import Event, Thread

import pytest
from django.db import connections

from shared.kernel.tenancy import shared_context
from shared.organisations import selectors
from shared.organisations.models import Organisation
from shared.organisations.selectors import Site, find_site, forget_hosts


def test_a_slow_reader_cannot_bring_back_a_former_state(
    throwaway_organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads, waits while the organisation is suspended, and only then stores what it read."""
    host = throwaway_organisation.host
    loaded, changed = Event(), Event()
    load = selectors._load_site

    def slow_load(asked: str) -> Site | None:
        site = load(asked)
        if not loaded.is_set():
            loaded.set()
            assert changed.wait(20)
        return site

    monkeypatch.setattr(selectors, "_load_site", slow_load)
    seen: list[Site | None] = []

    def read() -> None:
        try:
            seen.append(find_site(host))
        finally:
            connections.close_all()

    reader = Thread(target=read)
    reader.start()
    assert loaded.wait(20)
    with shared_context():
        Organisation.objects.filter(pk=throwaway_organisation.pk).update(state="suspended")
    forget_hosts(host)
    changed.set()
    reader.join(20)
    assert [site.organisation.state for site in seen if site] == ["active"]
    now = find_site(host)
    assert now is not None
    assert now.organisation.state == "suspended"
    monkeypatch.setattr(selectors, "_load_site", None)
    assert find_site(host) == now  # from the cache
