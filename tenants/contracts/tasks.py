"""Background work on contracts: terms that come to their end."""

from celery import shared_task

from shared.kernel.tasks import tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.contracts.services import sweep_renewals


@shared_task
def sweep_contracts() -> None:
    """Look after the contracts of every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            look_after_renewals.delay(schema=schema)


@tenant_task()
def look_after_renewals() -> None:
    """Mark and renew what is due in one organisation; safe to run twice."""
    sweep_renewals()
