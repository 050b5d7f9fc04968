"""A site's billing information and territories come from the cache, and are never stale.

Real threads, each with a connection of its own, on committed rows: readers of the moment before
a change may store what they read after it; nobody is ever given it.
"""

from threading import Barrier, Event, Thread

from django.core.cache import cache
from django.db import connections
from support.billing import make_contract, make_site

from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.tenancy import organisation_context
from tenants.contracts import selectors as contracts
from tenants.sites import selectors as sites
from tenants.sites.services import create_territory, update_site, update_territory

ROUNDS, READERS = 25, 4


def in_thread(organisation, work, errors):
    def run():
        try:
            with organisation_context(organisation):
                work()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    thread = Thread(target=run)
    thread.start()
    return thread


def test_a_reader_never_sees_less_than_what_was_committed(throwaway_organisation):
    """Whoever asks after a change was committed gets at least that change."""
    with organisation_context(throwaway_organisation):
        create_territory(actor=SYSTEM, name="0", territory_id="TER0001")
        site = make_site(site_name="0", territory_id="TER0001")
        make_contract(site)
    committed, errors, over, start = [0], [], Event(), Barrier(READERS + 1)

    def read():
        start.wait(20)
        while not over.is_set():
            least = committed[0]
            info = contracts.billing_info(actor=SYSTEM, site_id=site.site_id, on=today())
            assert int(info.content["site_name"]) >= least
            territory = sites.territory_by_code(actor=SYSTEM, territory_id="TER0001")
            assert int(territory.name) >= least

    def write():
        start.wait(20)
        try:
            for number in range(1, ROUNDS + 1):
                update_territory(actor=SYSTEM, territory_id="TER0001", name=str(number))
                update_site(actor=SYSTEM, site_id=site.site_id, site_name=str(number))
                committed[0] = number
        finally:
            over.set()

    threads = [in_thread(throwaway_organisation, read, errors) for _ in range(READERS)]
    threads.append(in_thread(throwaway_organisation, write, errors))
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert committed == [ROUNDS]


def test_a_slow_reader_cannot_bring_back_what_was_replaced(throwaway_organisation, monkeypatch):
    """It reads, waits while somebody changes the site, and only then stores what it read."""
    with organisation_context(throwaway_organisation):
        site = make_site(site_name="Old name")
        make_contract(site)
    loaded, changed, errors = Event(), Event(), []
    load = contracts._load_billing_info

    def slow_load(*given):
        content = load(*given)
        if not loaded.is_set():
            loaded.set()
            assert changed.wait(20)
        return content

    monkeypatch.setattr(contracts, "_load_billing_info", slow_load)

    def read():
        info = contracts.billing_info(actor=SYSTEM, site_id=site.site_id, on=today())
        assert info.content["site_name"] == "Old name"

    thread = in_thread(throwaway_organisation, read, errors)
    assert loaded.wait(20)
    with organisation_context(throwaway_organisation):
        update_site(actor=SYSTEM, site_id=site.site_id, site_name="New name")
        fresh = contracts.billing_info(actor=SYSTEM, site_id=site.site_id, on=today())
        assert fresh.content["site_name"] == "New name"
    changed.set()
    thread.join(20)
    assert errors == []
    with organisation_context(throwaway_organisation):
        stored = cache.get(f"billing-info:{site.contracts.get().contract_id}")
        assert stored[1]["site_name"] == "Old name"  # the late write is there …
        info = contracts.billing_info(actor=SYSTEM, site_id=site.site_id, on=today())
        assert info.content["site_name"] == "New name"  # … and nobody is given it
        assert cache.get(f"billing-info:{site.contracts.get().contract_id}")[1] == info.content


def test_it_comes_from_the_cache_while_nothing_changes(throwaway_organisation, monkeypatch):
    with organisation_context(throwaway_organisation):
        site = make_site()
        make_contract(site)
        first = contracts.billing_info(actor=SYSTEM, site_id=site.site_id, on=today())
        monkeypatch.setattr(contracts, "_load_billing_info", None)
        again = contracts.billing_info(actor=SYSTEM, site_id=site.site_id, on=today())
        assert again.content == first.content
        left = cache._cache.get_client().ttl(
            cache.make_key(f"billing-info:{site.contracts.get().contract_id}")
        )
        assert 3500 < left <= 3600
        create_territory(actor=SYSTEM, name="Toronto", territory_id="TER0001")
        sites.territory_by_code(actor=SYSTEM, territory_id="TER0001")
        left = cache._cache.get_client().ttl(cache.make_key("territory:TER0001"))
        assert 7100 < left <= 7200
