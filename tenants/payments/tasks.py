"""Background work on the books."""

from datetime import timedelta

from celery import shared_task
from django.db import OperationalError

from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.tasks import tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.payments.services.proving import prove_ledger


@shared_task
def prove_all_ledgers() -> None:
    """Have the books of every organisation compared with their documents. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            prove_yesterday.delay(schema=schema)


@tenant_task(autoretry_for=(OperationalError,))
def prove_yesterday() -> None:
    """Compare the books of one organisation as of yesterday; safe to run twice."""
    prove_ledger(actor=SYSTEM, on=today() - timedelta(days=1))
