"""Background work on invoices."""

from uuid import UUID

from celery import shared_task
from django.db import OperationalError

from shared.kernel.tasks import enqueue_after_commit, tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.invoices.services.distribution import distribute_run, due_distributions
from tenants.invoices.services.healing import heal_reviews
from tenants.invoices.services.run_shares import resume_shares, work_on_share


@tenant_task()
def continue_run(run_id: str, slot: int, ticket: int) -> None:
    """Do a slice of one share of a billing run; where it fails, its lease brings it back."""
    work_on_share(run_id=UUID(run_id), slot=slot, ticket=ticket)


@tenant_task(autoretry_for=(OperationalError,))
def distribute(run_id: str) -> None:
    """Hand the issued invoices of a run to delivery."""
    distribute_run(run_id=UUID(run_id))


@shared_task
def sweep_runs() -> None:
    """Look after the runs of every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            resume_runs.delay(schema=schema)


@shared_task
def heal_everywhere() -> None:
    """Close what healed by itself in every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            heal_open_reviews.delay(schema=schema)


@tenant_task(autoretry_for=(OperationalError,))
def heal_open_reviews() -> None:
    """Close what one organisation could bill by now; safe to run twice."""
    heal_reviews()


@tenant_task()
def resume_runs() -> None:
    """Go on with what workers of one organisation left behind; safe to run twice."""
    resume_shares()
    for run_id in due_distributions():
        enqueue_after_commit(distribute, run_id=str(run_id))
