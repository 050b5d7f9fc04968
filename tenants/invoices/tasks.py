"""Background work on invoices."""

from uuid import UUID

from celery import shared_task
from django.db import OperationalError

from shared.kernel.tasks import enqueue_after_commit, tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.invoices.services.runs import process_run, runs_to_resume


@tenant_task(autoretry_for=(OperationalError,))
def continue_run(run_id: str) -> None:
    """Go on with a billing run where it stands."""
    process_run(run_id=UUID(run_id))


@shared_task
def sweep_runs() -> None:
    """Look after the runs of every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            resume_runs.delay(schema=schema)


@tenant_task()
def resume_runs() -> None:
    """Go on with the runs of one organisation whose worker is gone; safe to run twice."""
    for run_id in runs_to_resume():
        enqueue_after_commit(continue_run, run_id=str(run_id))
