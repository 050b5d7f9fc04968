"""From the outbox to each receiver: one row an event, in the relay's transaction."""

from collections.abc import Iterable, Sequence

from shared.kernel.tasks import enqueue_after_commit
from shared.outbox.models import Event
from tenants.connections.models import Connection, SyncTask, WebhookDelivery, WebhookEndpoint
from tenants.connections.topics import may_leave, wants

CONFLICT_RESOLVED = "sync.conflict_resolved"
SYNCED_AREAS = frozenset({"site", "contract", "invoice", "payment"})


def note_deliveries(events: Sequence[Event]) -> None:
    """A delivery for every endpoint that asked for the event; paused ones get theirs later."""
    told = [event for event in events if may_leave(event.topic)]
    if not told:
        return
    for endpoint in WebhookEndpoint.objects.defer("secret", "former_secret"):
        asked = [event for event in told if wants(endpoint.topics, event.topic)]
        if not asked:
            continue
        WebhookDelivery.objects.bulk_create(
            (WebhookDelivery(endpoint=endpoint, **_content(event)) for event in asked),
            ignore_conflicts=True,
        )
        if endpoint.state == WebhookEndpoint.State.ACTIVE:
            _queue_webhooks(endpoint)


def note_sync_tasks(events: Sequence[Event]) -> None:
    """A task for the billing system for each change it may have to hear of."""
    told = [event for event in events if _is_synced(event.topic)]
    if not told:
        return
    for connection in Connection.objects.defer("token"):
        SyncTask.objects.bulk_create(
            (SyncTask(connection=connection, **_content(event)) for event in told),
            ignore_conflicts=True,
        )
        if connection.state != Connection.State.PAUSED:
            _queue_sync(connection)


def _is_synced(topic: str) -> bool:
    return topic == CONFLICT_RESOLVED or topic.partition(".")[0] in SYNCED_AREAS


def _content(event: Event) -> dict[str, object]:
    return {
        "event_id": event.pk,
        "topic": event.topic,
        "key": event.key,
        "payload": event.payload,
        "happened_at": event.created_at,
        "due_at": event.created_at,
    }


def queue_due(endpoints: Iterable[WebhookEndpoint], connections: Iterable[Connection]) -> None:
    """Queue whoever has work that is due: what a crash or a pause left behind."""
    for endpoint in endpoints:
        _queue_webhooks(endpoint)
    for connection in connections:
        _queue_sync(connection)


def _queue_webhooks(endpoint: WebhookEndpoint) -> None:
    from tenants.connections.tasks.sending import deliver_webhooks

    enqueue_after_commit(deliver_webhooks, endpoint_id=str(endpoint.pk))


def _queue_sync(connection: Connection) -> None:
    from tenants.connections.tasks.sending import send_changes

    enqueue_after_commit(send_changes, connection_id=str(connection.pk))
