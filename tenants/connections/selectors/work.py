"""Who has work that is due. Asked by the sweep, for the system itself."""

from django.db.models import Exists, OuterRef, QuerySet

from shared.kernel.clock import now
from tenants.connections.models import Connection, SyncTask, WebhookDelivery, WebhookEndpoint
from tenants.connections.work.ordered import due_work


def endpoints_with_work() -> QuerySet[WebhookEndpoint]:
    """Active endpoints with a due delivery."""
    due = WebhookDelivery.objects.filter(due_work(now()), endpoint=OuterRef("pk"))
    return WebhookEndpoint.objects.filter(Exists(due), state=WebhookEndpoint.State.ACTIVE)


def connections_with_work() -> QuerySet[Connection]:
    """Connections that are not paused and have a due change."""
    due = SyncTask.objects.filter(due_work(now()), connection=OuterRef("pk"))
    return Connection.objects.filter(Exists(due)).exclude(state=Connection.State.PAUSED)
