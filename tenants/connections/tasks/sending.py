"""Sending what waits, after each commit and by a sweep for what a crash left."""

from uuid import UUID

from celery import shared_task
from django.db import OperationalError

from shared.kernel.tasks import enqueue_after_commit, tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.connections.selectors.work import connections_with_work, endpoints_with_work
from tenants.connections.work.delivering import deliver_due
from tenants.connections.work.fanout import queue_due
from tenants.connections.work.syncing import send_due


@tenant_task(autoretry_for=(OperationalError,))
def deliver_webhooks(endpoint_id: str) -> None:
    """Send an endpoint's due deliveries; safe to run twice and at once."""
    if deliver_due(endpoint_id=UUID(endpoint_id)):
        enqueue_after_commit(deliver_webhooks, endpoint_id=endpoint_id)


@tenant_task(autoretry_for=(OperationalError,))
def send_changes(connection_id: str) -> None:
    """Send a connection's due changes; safe to run twice and at once."""
    if send_due(connection_id=UUID(connection_id)):
        enqueue_after_commit(send_changes, connection_id=connection_id)


@shared_task
def sweep_connections() -> None:
    """Look for due work in every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            queue_due_work.delay(schema=schema)


@tenant_task()
def queue_due_work() -> None:
    """Queue whoever has due work in one organisation; safe to run twice."""
    queue_due(endpoints_with_work(), connections_with_work())
