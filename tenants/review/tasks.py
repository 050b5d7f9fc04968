"""Background work of manual review."""

from celery import shared_task

from shared.kernel.tasks import tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.review.work import escalate


@shared_task
def escalate_everywhere() -> None:
    """Look for what waits too long in every organisation. Started by beat on working days."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            escalate_reviews.delay(schema=schema)


@tenant_task()
def escalate_reviews() -> None:
    """Tell the people of one organisation of what has waited too long; safe to run twice."""
    escalate()
