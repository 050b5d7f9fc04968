"""Saving events with the change they tell of."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from shared.kernel.bulk import copy_rows
from shared.kernel.clock import now
from shared.kernel.fields import exact_json
from shared.kernel.tasks import enqueue_after_commit
from shared.outbox.models import Event


def publish(*, topic: str, key: str, payload: Mapping[str, Any]) -> None:
    """Save the event `topic` (`invoice.issued`) about `key` (a public code).

    Raises RuntimeError outside a transaction. It is delivered after commit, at least once, in
    order for each key; `payload` holds identifiers and no secrets.
    """
    publish_many(topic=topic, events=[(key, payload)])


def publish_many(*, topic: str, events: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Save many events of one topic as (key, payload) in one statement. Raises as `publish`."""
    if not connection.in_atomic_block:
        raise RuntimeError("Publish an event inside the transaction it tells of.")
    moment = now()
    copy_rows(
        Event._meta.db_table,
        ("topic", "key", "payload", "created_at"),
        ((topic, key, exact_json(payload), moment) for key, payload in events),
    )
    _kick_relay_once()


def _kick_relay_once() -> None:
    """One relay for the whole transaction, however many events it saves."""
    from shared.outbox.tasks import relay_events

    waiting = (entry[1] for entry in connection.run_on_commit)
    if any(getattr(callback, "func", None) == relay_events.apply_async for callback in waiting):
        return
    enqueue_after_commit(relay_events)
