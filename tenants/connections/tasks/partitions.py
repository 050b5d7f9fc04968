"""The sync log's partitions, in every organisation. Runs as the owner: it makes tables."""

from celery import shared_task

from shared.kernel.tasks import tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.connections.work.partitions import maintain_partitions


@shared_task
def sweep_partitions() -> None:
    """Queue the upkeep of every organisation's partitions. Started by beat, daily."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            keep_partitions.delay(schema=schema)


@tenant_task()
def keep_partitions() -> None:
    """Add the months to come and remove those past their time; safe to run twice."""
    maintain_partitions()
