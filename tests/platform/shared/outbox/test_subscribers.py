import pytest
from django.db import transaction

from shared.kernel.tenancy import shared_context
from shared.outbox import subscribers
from shared.outbox.models import Event
from shared.outbox.relay import relay_waiting
from shared.outbox.services import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    """What a subscriber was given, in place of the real ones."""
    found: list[str] = []
    monkeypatch.setattr(subscribers, "_subscribers", {})
    subscribers.register_subscriber("test", lambda events: found.extend(e.key for e in events))
    return found


def test_a_subscriber_gets_each_event_in_order(in_acme, heard):
    for key in ("A", "B", "A"):
        publish(topic="site.changed", key=key, payload={})
    relay_waiting()
    relay_waiting()
    assert heard == ["A", "B", "A"]


def test_what_a_subscriber_cannot_note_is_handed_out_again(in_acme, heard):
    def fail(_events):
        raise RuntimeError

    subscribers.register_subscriber("test", fail)
    publish(topic="site.changed", key="A", payload={})
    with pytest.raises(RuntimeError), transaction.atomic():
        relay_waiting()
    assert Event.objects.filter(published_at__isnull=True).count() == 1
    subscribers.register_subscriber("test", lambda events: heard.extend(e.key for e in events))
    relay_waiting()
    assert heard == ["A"]


def test_the_platforms_own_events_are_nobodys(heard, db):
    with shared_context(), transaction.atomic():
        publish(topic="organisation.created", key="X", payload={})
        relay_waiting()
    assert heard == []
