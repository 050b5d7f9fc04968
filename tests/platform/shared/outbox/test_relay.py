import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
import redis
from django.db import connection, connections, transaction

from shared.kernel.clock import now
from shared.kernel.redis import redis_client
from shared.kernel.tenancy import organisation_context
from shared.outbox import relay
from shared.outbox.models import Event
from shared.outbox.relay import purge_published, relay_waiting, stream_of
from shared.outbox.services import publish, publish_many
from shared.outbox.tasks import relay_events, sweep_outboxes

RELAYS, EVENTS = 6, 1_500


@pytest.fixture(autouse=True)
def _empty_streams():
    """Also before: tests of who publishes leave theirs."""
    empty_streams()
    yield
    empty_streams()


def empty_streams():
    client = redis_client()
    for key in client.scan_iter("*:events"):
        client.delete(key)


def streamed(organisation):
    entries = redis_client().xrange(stream_of(organisation.schema_name))
    return [
        {name.decode(): value.decode() for name, value in entry.items()} for _, entry in entries
    ]


def test_an_event_reaches_the_stream_after_commit(in_acme, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        publish(topic="invoice.issued", key="INV-1", payload={"total": Decimal("10.50")})
        assert streamed(in_acme) == []

    (event,) = streamed(in_acme)
    assert (event["topic"], event["key"]) == ("invoice.issued", "INV-1")
    assert event["payload"] == '{"total":10.50}'
    assert Event.objects.get().published_at is not None


def test_a_rolled_back_event_is_never_seen(in_acme, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        publish(topic="invoice.issued", key="INV-1", payload={})
        transaction.set_rollback(True)
    relay_waiting()
    assert streamed(in_acme) == []
    assert not Event.objects.exists()


def test_a_transaction_kicks_one_relay(in_acme, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        for number in range(10):
            publish(topic="site.made", key=f"S{number}", payload={})
        publish_many(topic="site.made", events=[(f"T{number}", {}) for number in range(10)])
    assert len(callbacks) == 1


def test_publishing_outside_a_transaction_is_refused(in_acme):
    connection.in_atomic_block = False
    try:
        with pytest.raises(RuntimeError, match="transaction"):
            publish(topic="a.b", key="c", payload={})
    finally:
        connection.in_atomic_block = True


def test_events_stay_in_their_organisation(in_acme, globex):
    publish(topic="invoice.issued", key="INV-1", payload={})
    with organisation_context(globex):
        relay_waiting()
    assert streamed(globex) == []
    relay_waiting()
    assert len(streamed(in_acme)) == 1


def test_without_redis_events_wait_for_the_sweep(in_acme, monkeypatch):
    publish(topic="invoice.issued", key="INV-1", payload={})

    def fail():
        raise redis.ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(relay, "redis_client", fail)
        with pytest.raises(redis.ConnectionError):
            relay_waiting()
    assert Event.objects.get().published_at is None

    sweep_outboxes()
    assert len(streamed(in_acme)) == 1


def test_a_crash_after_redis_publishes_again_and_loses_nothing(in_acme, monkeypatch):
    publish(topic="invoice.issued", key="INV-1", payload={})

    def crash():
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(relay, "now", crash)
        with pytest.raises(SystemExit):
            relay_waiting()
    relay_waiting()
    first, second = streamed(in_acme)
    assert first["id"] == second["id"]


def test_old_events_are_removed_and_waiting_ones_stay(in_acme):
    old = now() - timedelta(days=8)
    for published_at in (old, now(), None):
        Event.objects.create(topic="a.b", key="c", payload={}, published_at=published_at)
    Event.objects.update(created_at=old)
    assert purge_published() == 1
    assert Event.objects.count() == 2


def test_relays_at_once_keep_the_order_of_each_key(throwaway_organisation, monkeypatch):
    """Writers commit while six relays run; at the end everything is out, once and in order."""
    monkeypatch.setattr(relay, "BATCH", 40)
    monkeypatch.setattr(relay, "STREAM_LENGTH", 10 * EVENTS)
    schema = throwaway_organisation.schema_name

    def write(writer):
        try:
            with organisation_context(throwaway_organisation):
                for number in range(EVENTS // 3):
                    with transaction.atomic():
                        Event.objects.create(topic="a.b", key=str(writer), payload={"n": number})
        finally:
            connections.close_all()

    def run_relay(_number):
        try:
            for _again in range(15):
                relay_events(schema=schema)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3 + RELAYS) as pool:
        work = [pool.submit(write, n) for n in range(3)]
        work += [pool.submit(run_relay, n) for n in range(RELAYS)]
        for future in work:
            future.result()
    relay_events(schema=schema)

    events = streamed(throwaway_organisation)
    assert len(events) == len({event["id"] for event in events}) == EVENTS
    for writer in range(3):
        numbers = [json.loads(e["payload"])["n"] for e in events if e["key"] == str(writer)]
        assert numbers == sorted(numbers)
