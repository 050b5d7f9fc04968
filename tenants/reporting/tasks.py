"""Background work on schedules of reports."""

from uuid import UUID

from celery import shared_task

from shared.kernel.tasks import enqueue_after_commit, tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.reporting import work


@shared_task
def sweep_reports() -> None:
    """Look at the schedules of every organisation. Started by beat every minute."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            send_due.delay(schema=schema)


@tenant_task()
def send_due() -> None:
    """Queue what is due in one organisation; safe to run twice."""
    for mailing_id in work.note_due():
        enqueue_after_commit(send_report, mailing_id=str(mailing_id))


@tenant_task()
def send_report(mailing_id: str) -> None:
    """Make and send one report. After a failure its pause ends and the next sweep asks again."""
    work.send_mailing(mailing_id=UUID(mailing_id))
