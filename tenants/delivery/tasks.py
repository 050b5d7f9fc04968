"""Background work of deliveries."""

from collections.abc import Sequence
from uuid import UUID

from celery import shared_task

from shared.kernel.actor import SYSTEM
from shared.kernel.tasks import enqueue_after_commit, tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.delivery.services.reminding import send_reminders
from tenants.delivery.work import deliver, due_deliveries


@tenant_task()
def send_deliveries(delivery_ids: Sequence[str]) -> None:
    """Send a few; what is not due or in another worker's hands is left alone."""
    for delivery_id in delivery_ids:
        deliver(delivery_id=UUID(delivery_id))


@shared_task
def sweep_deliveries() -> None:
    """Look for what waits in every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            send_due_deliveries.delay(schema=schema)


@tenant_task()
def send_due_deliveries() -> None:
    """Send again what is due in one organisation: put off, or left behind by a worker."""
    ids = due_deliveries()
    if ids:
        enqueue_after_commit(send_deliveries, delivery_ids=[str(one) for one in ids])


@shared_task
def remind_everywhere() -> None:
    """Have every organisation's customers reminded. Started by beat each morning."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            remind_customers.delay(schema=schema)


@tenant_task()
def remind_customers() -> None:
    """Write today's reminders of one organisation; safe to run twice."""
    send_reminders(actor=SYSTEM)
