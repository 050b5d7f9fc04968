"""Background work on statements: planning on the queue `billing`, the rest on `rendering`."""

from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.db import OperationalError
from django.utils.translation import get_language

from shared.accounts.tasks import MAIL_ERRORS, RETRIES_MAX
from shared.kernel.tasks import enqueue_after_commit, tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.statements import services
from tenants.statements.notices import notice_of
from tenants.statements.selectors.recovery import runs_to_resume
from tenants.statements.work import work_on_run

SLICE_SECONDS = 60.0  # then the others in the queue have their turn
BATCHES_MAX = 500


@tenant_task(autoretry_for=(OperationalError,))
def plan_run(run_id: str) -> None:
    """Decide what a run makes and hand its chunks out."""
    services.plan_run(run_id=UUID(run_id))


@tenant_task(autoretry_for=(OperationalError,))
def work_run(run_id: str) -> None:
    """Do chunks of a run for a while; any number of these may run at once."""
    pk = UUID(run_id)
    if work_on_run(run_id=pk, seconds=SLICE_SECONDS):
        enqueue_after_commit(work_run, run_id=run_id, language=get_language())
    else:
        services.finish_run(run_id=pk)


@tenant_task(autoretry_for=MAIL_ERRORS, max_retries=RETRIES_MAX)
def send_notice(run_id: str) -> None:
    """Tell who started a run that it is over; sent once unless the worker dies in between."""
    notice = notice_of(UUID(run_id))
    if notice is None:
        return
    if notice.to:
        send_mail(notice.subject, notice.body, settings.DEFAULT_FROM_EMAIL, [notice.to])
    services.mark_notified(run_id=UUID(run_id))


@shared_task
def sweep_runs() -> None:
    """Look after the statement runs of every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            resume_runs.delay(schema=schema)


@tenant_task()
def resume_runs() -> None:
    """Go on with runs whose workers are gone; safe to run twice."""
    left = runs_to_resume()
    for run in left.unplanned:
        enqueue_after_commit(plan_run, run_id=str(run.pk), language=run.language)
    for run in left.idle:
        enqueue_after_commit(work_run, run_id=str(run.pk), language=run.language)
    for run in left.unnoticed:
        enqueue_after_commit(send_notice, run_id=str(run.pk), language=run.language)


@shared_task
def sweep_retention() -> None:
    """Archive what has been kept long enough, in every organisation. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            apply_retention.delay(schema=schema)


@tenant_task()
def apply_retention() -> None:
    """Archive an organisation's old statements and clear its old runs, batch by batch."""
    for step in (services.archive_old_statements, services.remove_old_runs):
        for _batch in range(BATCHES_MAX):
            if not step():
                break
