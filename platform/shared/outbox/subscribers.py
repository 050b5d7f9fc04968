"""Who is handed every event besides the browsers: tenant apps register themselves.

A subscriber only notes down what it has to do. It runs in the transaction that marks the events
as published, so that what it notes is saved exactly once, in the events' order for each key;
the work itself is done later, by tasks it queues after commit.
"""

from collections.abc import Callable, Sequence

from shared.kernel.tenancy import PUBLIC_SCHEMA, current_schema
from shared.outbox.models import Event

Subscriber = Callable[[Sequence[Event]], None]

_subscribers: dict[str, Subscriber] = {}


def register_subscriber(name: str, take: Subscriber) -> None:
    """Add a subscriber, in AppConfig.ready(); registering again replaces it.

    It is called inside an organisation's schema with events in their order, never in public.
    """
    _subscribers[name] = take


def hand_out(events: Sequence[Event]) -> None:
    """Give the events to every subscriber, inside the relay's transaction."""
    if current_schema() == PUBLIC_SCHEMA:
        return
    for take in _subscribers.values():
        take(events)
