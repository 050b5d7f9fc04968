"""Removing what is kept for a day only."""

from celery import shared_task

from shared.idempotency.services import purge_expired_keys
from shared.kernel.tenancy import schema_context, serving_schemas


@shared_task
def purge_all_keys() -> None:
    """Queue the purge of every schema. Started by beat."""
    for schema in serving_schemas():
        purge_keys.delay(schema=schema)


@shared_task
def purge_keys(*, schema: str) -> None:
    """Purge one schema; safe to run twice."""
    with schema_context(schema):
        purge_expired_keys()
