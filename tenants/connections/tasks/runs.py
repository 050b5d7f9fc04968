"""Runs of the synchronisation: started when their time has come, gone on with after a crash."""

from uuid import UUID

from celery import shared_task
from django.db import OperationalError

from shared.kernel.tasks import enqueue_after_commit, tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.connections.services.runs import purge_sent, runs_to_resume, start_due_runs
from tenants.connections.tasks.measuring import measure_quality
from tenants.connections.work.runs import process_run


@tenant_task(autoretry_for=(OperationalError,))
def continue_sync_run(run_id: str) -> None:
    """Go on with a run where it stands."""
    process_run(run_id=UUID(run_id))


@shared_task
def sweep_sync_runs() -> None:
    """Look after the runs of every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            resume_sync_runs.delay(schema=schema)


@tenant_task()
def resume_sync_runs() -> None:
    """Start what is due today and go on with what was left behind; safe to run twice."""
    start_due_runs()
    for run_id in runs_to_resume():
        enqueue_after_commit(continue_sync_run, run_id=str(run_id))


@shared_task
def sweep_quality() -> None:
    """Measure every organisation, and remove what was sent long ago. Started by beat, hourly."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            measure_quality.delay(schema=schema)
            purge_sent_work.delay(schema=schema)


@tenant_task()
def purge_sent_work() -> None:
    """Remove deliveries and tasks that were finished a month ago; safe to run twice."""
    purge_sent()
