"""Background work on the books and on files of payments."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.db import OperationalError

from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.tasks import enqueue_after_commit, tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.payments.services.files import process_file, stale_files
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


@tenant_task()
def apply_file(file_id: str) -> None:
    """Record the matched lines of a file."""
    process_file(file_id=UUID(file_id))


@shared_task
def sweep_files() -> None:
    """Look after the files of every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            resume_files.delay(schema=schema)


@tenant_task()
def resume_files() -> None:
    """Go on with what workers of one organisation left behind; safe to run twice."""
    for file_id in stale_files():
        enqueue_after_commit(apply_file, file_id=str(file_id))
