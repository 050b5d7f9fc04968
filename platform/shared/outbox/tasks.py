"""Relaying saved events, after each commit and by a sweep for what a crash left."""

from celery import shared_task

from shared.kernel.tenancy import PUBLIC_SCHEMA, schema_context, serving_schemas
from shared.outbox.relay import purge_published, relay_waiting


@shared_task
def relay_events(*, schema: str = PUBLIC_SCHEMA) -> None:
    """Publish what waits in one schema; safe to run twice and at once."""
    with schema_context(schema):
        relay_waiting()


@shared_task
def sweep_outboxes() -> None:
    """Queue a relay for every schema. Started by beat."""
    for schema in serving_schemas():
        relay_events.delay(schema=schema)


@shared_task
def purge_outboxes() -> None:
    """Queue the purge of every schema. Started by beat."""
    for schema in serving_schemas():
        purge_events.delay(schema=schema)


@shared_task
def purge_events(*, schema: str) -> None:
    """Remove what was published long ago from one schema; safe to run twice."""
    with schema_context(schema):
        purge_published()
