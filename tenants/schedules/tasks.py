"""Background work on schedules."""

from celery import shared_task
from django.db import OperationalError

from shared.kernel.tasks import tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.schedules.services import start_due_runs


@shared_task
def sweep_schedules() -> None:
    """Look at the schedules of every organisation. Started by beat every minute."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            start_due.delay(schema=schema)


@tenant_task(autoretry_for=(OperationalError,))
def start_due() -> None:
    """Start what is due in one organisation; safe to run twice."""
    start_due_runs()
