"""Background work on organisations, on the queue `provisioning`, whose worker is the owner."""

from uuid import UUID

from celery import shared_task

from shared.organisations import mails
from shared.organisations.services import jobs, life, spares


@shared_task(autoretry_for=jobs.TRANSIENT, max_retries=5, retry_backoff=True, retry_jitter=True)
def run_provisioning_job(*, job_id: str) -> None:
    """Carry one set-up on; safe to run twice, the job's lease says who works."""
    jobs.run_job(UUID(job_id))


@shared_task
def sweep_provisioning_jobs() -> None:
    """Queue every set-up that nobody works on. Started by beat."""
    for job_id in jobs.unfinished_jobs():
        run_provisioning_job.delay(job_id=str(job_id))


@shared_task
def refill_spares() -> None:
    """Keep the pool of ready schemas full. Started by beat and after each sign-up."""
    spares.refill_pool()


@shared_task
def erase_due_organisations() -> None:
    """Delete for good what was to be deleted by now. Started by beat."""
    life.erase_due_organisations()


@shared_task
def remove_expired_redirects() -> None:
    """Free former addresses. Started by beat."""
    life.remove_expired_redirects()


# Named off the queue `provisioning`: any worker can write mail.
@shared_task(name="shared.organisations.mails.send_welcome")
def send_welcome(*, organisation_id: str) -> None:
    """Tell the owner where the organisation answers."""
    mails.send_welcome(UUID(organisation_id))


@shared_task(name="shared.organisations.mails.send_deletion_notice")
def send_deletion_notice(*, organisation_id: str) -> None:
    """Tell the owner what was asked for, with the link that undoes it."""
    mails.send_deletion_notice(UUID(organisation_id))


@shared_task(name="shared.organisations.mails.send_sign_in_links")
def send_sign_in_links(*, email: str, language: str) -> None:
    """Mail a person the addresses of the organisations they can sign in to."""
    mails.send_sign_in_links(email, language=language)
