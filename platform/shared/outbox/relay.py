"""From the outbox table to who listens, at least once and in order for each key.

Browsers hear of events by the organisation's stream in Redis, tenant apps (webhooks, connections)
as subscribers in the relay's own transaction.

One relay works on a schema at a time, so that two events about the same thing cannot overtake
each other; a second one leaves, because the first looks again after it let go of the lock.
"""

from datetime import timedelta
from typing import Any

import msgspec
from django.db import connection, transaction

from shared.kernel.clock import now
from shared.kernel.redis import redis_client
from shared.kernel.tenancy import current_schema
from shared.outbox.models import Event
from shared.outbox.subscribers import hand_out

BATCH = 500
BATCHES_MAX = 200
STREAM_LENGTH = 2_000
KEPT = timedelta(days=7)
LOCK_CLASS = 7302

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def stream_of(schema: str) -> str:
    """The key of an organisation's stream."""
    return f"{schema}:events"


def relay_waiting() -> int:
    """Publish the waiting events of the present schema; returns how many.

    A crash between Redis and the database publishes a batch again: readers know an event by
    its id. Raises redis.RedisError where Redis does not answer; the sweep tries again.
    """
    published = 0
    for _batch in range(BATCHES_MAX):
        count = _relay_batch()
        if count is None:
            break
        published += count
        if not count and not Event.objects.filter(published_at__isnull=True).exists():
            break
    return published


def _relay_batch() -> int | None:
    """Publish up to 500 events; None where another relay is at work."""
    with transaction.atomic():
        if not _lock_schema():
            return None
        waiting = Event.objects.filter(published_at__isnull=True).order_by("id")
        events = list(waiting[:BATCH])
        if not events:
            return 0
        hand_out(events)
        stream = stream_of(current_schema())
        with redis_client().pipeline(transaction=False) as pipeline:
            for event in events:
                pipeline.xadd(stream, _message(event), maxlen=STREAM_LENGTH, approximate=True)
            pipeline.execute()
        Event.objects.filter(pk__in=[event.pk for event in events]).update(published_at=now())
    return len(events)


def _lock_schema() -> bool:
    """Until the end of the transaction, and only if nobody has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))",
            [LOCK_CLASS, current_schema()],
        )
        (locked,) = cursor.fetchone()
    return bool(locked)


def _message(event: Event) -> dict[Any, Any]:
    return {
        "id": str(event.pk),
        "topic": event.topic,
        "key": event.key,
        "at": event.created_at.isoformat(),
        "payload": _ENCODER.encode(event.payload),
    }


def purge_published() -> int:
    """Remove events published more than 7 days ago; returns how many."""
    removed, _by_model = Event.objects.filter(published_at__lt=now() - KEPT).delete()
    return removed
