"""The set-up of an organisation, step by step, by the owner of the database.

Each step commits together with its tick in the job's row, so a worker may be killed anywhere:
the lease runs out, the sweep queues the job again, and it goes on at the first step without a
tick. A step that fails for good is undone with all that went before, and the reason is kept.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.accounts.roles import Role
from shared.accounts.services.people import add_person
from shared.audit.services import Target, record
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.clock import now
from shared.kernel.errors import Text
from shared.kernel.hooks import provisioning_steps
from shared.kernel.tasks import enqueue_after_commit
from shared.kernel.tenancy import connection, organisation_context, shared_context
from shared.keyring.services import create_data_keys, shred_keys
from shared.organisations import provisioning
from shared.organisations.models import Organisation, ProvisioningJob
from shared.organisations.selectors import forget_hosts
from shared.organisations.services.signup import SignUp, sign_up
from shared.organisations.services.spares import claim_spare
from shared.outbox.services import publish

logger = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
ATTEMPTS_MAX = 5
POLL_SECONDS = 0.05
# The database went away: nothing is known to be wrong with the job, so it waits for its return.
TRANSIENT = (OperationalError, InterfaceError)
Status = ProvisioningJob.Status
UNFINISHED = (Status.WAITING, Status.RUNNING, Status.UNDOING)


class LeaseLost(RuntimeError):
    """Another worker took the job over; this one must not touch it again."""


@dataclass(frozen=True)
class Step:
    """One part of the set-up, as the progress page names it.

    `run` is called outside a transaction where `own_transactions` is set (migrations), else in
    the one that ticks the step.
    """

    name: str
    label: Text
    run: Callable[[ProvisioningJob], None]
    own_transactions: bool = False


def run_job(job_id: UUID) -> None:
    """Carry a set-up on from where it stands to its end, or undo it and say why.

    Does nothing where the job is finished or another worker holds its lease. Raises the
    database's error where it went away; the sweep tries again.
    """
    job = _take_lease(job_id)
    if job is None:
        return
    try:
        if job.status == Status.UNDOING:
            _undo(job)
            return
        for step in STEPS:
            if step.name not in job.steps_done:
                _run_step(job, step)
    except LeaseLost:
        logger.warning("provisioning_lease_lost", job=str(job.id))
    except TRANSIENT:
        _release(job)
        raise
    except Exception as error:
        logger.exception("provisioning_failed", job=str(job.id))
        _fail(job, error)


def set_up_now(*, actor: Actor, details: SignUp) -> Organisation:
    """Sign up and carry the set-up out in this process, which must be the owner's.

    Raises Invalid as sign-up does, RuntimeError with the reason where a step failed.
    """
    job = sign_up(actor=actor, details=details)
    run_job(job.id)
    _await_end(job)
    if job.status != Status.DONE or job.organisation is None:
        raise RuntimeError(job.error or "The set-up did not come to its end in time.")
    return job.organisation


def _await_end(job: ProvisioningJob) -> None:
    """A worker that got the message first may hold the lease: give it its time."""
    deadline = time.monotonic() + LEASE.total_seconds()
    with shared_context():
        while job.status in UNFINISHED and time.monotonic() < deadline:
            job.refresh_from_db()
            time.sleep(POLL_SECONDS if job.status in UNFINISHED else 0)


def unfinished_jobs() -> list[UUID]:
    """Jobs that nobody works on: their message was lost or their worker was killed."""
    moment = now()
    idle = Q(leased_until__lte=moment) | Q(
        leased_until=None, created_at__lte=moment - timedelta(seconds=5)
    )
    with shared_context():
        rows = ProvisioningJob.objects.filter(idle, status__in=UNFINISHED)
        return list(rows.order_by("created_at").values_list("id", flat=True)[:100])


def _take_lease(job_id: UUID) -> ProvisioningJob | None:
    moment = now()
    with shared_context(), transaction.atomic():
        job = (
            ProvisioningJob.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("organisation")
            .filter(Q(leased_until=None) | Q(leased_until__lte=moment))
            .filter(pk=job_id, status__in=UNFINISHED)
            .first()
        )
        if job is None:
            return None
        job.lease, job.leased_until = uuid4(), moment + LEASE
        job.attempts += 1
        if job.attempts > ATTEMPTS_MAX and job.status != Status.UNDOING:
            job.status = Status.UNDOING
            job.error = job.error or "The set-up did not come to its end in time."
        elif job.status == Status.WAITING:
            job.status = Status.RUNNING
        job.save(update_fields=["lease", "leased_until", "attempts", "status", "error"])
    return job


def _release(job: ProvisioningJob) -> None:
    """Let the next worker begin at once where the database answers again."""
    connection.close()
    with suppress(*TRANSIENT), shared_context():
        ProvisioningJob.objects.filter(pk=job.pk, lease=job.lease).update(leased_until=now())


def _run_step(job: ProvisioningJob, step: Step) -> None:
    if step.own_transactions:
        step.run(job)
        with shared_context(), transaction.atomic():
            _tick(job, step)
        return
    with shared_context(), transaction.atomic():
        _tick(job, step)  # first: it locks the job's row and shows that the lease is still ours
        step.run(job)


def _tick(job: ProvisioningJob, step: Step) -> None:
    done = [*job.steps_done, step.name]
    ours = ProvisioningJob.objects.filter(pk=job.pk, lease=job.lease)
    if not ours.update(steps_done=done, leased_until=now() + LEASE):
        raise LeaseLost
    job.steps_done = done


def _organisation(job: ProvisioningJob) -> Organisation:
    assert job.organisation is not None, "an unfinished job has its organisation"
    return job.organisation


def _prepare_schema(job: ProvisioningJob) -> None:
    organisation = _organisation(job)
    if organisation.database_role or not claim_spare(organisation):
        provisioning.create_schema(organisation)


def _create_keys(job: ProvisioningJob) -> None:
    create_data_keys(_organisation(job).id)


def _write_defaults(job: ProvisioningJob) -> None:
    with organisation_context(_organisation(job)):
        for step in provisioning_steps():
            step.run()


def _add_owner(job: ProvisioningJob) -> None:
    organisation = _organisation(job)
    with organisation_context(organisation):
        add_person(
            actor=SYSTEM,
            email=job.owner_email,
            name=job.owner_name,
            role=Role.OWNER,
            password_hash=job.owner_password,
            language=organisation.language,
            time_zone=organisation.time_zone,
            email_verified=job.owner_verified,
        )


def _open_doors(job: ProvisioningJob) -> None:
    from shared.organisations.tasks import refill_spares, send_welcome  # they call this module

    organisation = _organisation(job)
    organisation.state = Organisation.State.ACTIVE
    organisation.save(update_fields=["state"])
    # The row only: should the transaction fail, `job` still has the lease to undo it with.
    ProvisioningJob.objects.filter(pk=job.pk).update(
        status=Status.DONE, finished_at=now(), owner_password="", lease=None, leased_until=None
    )
    publish(
        topic="organisation.created",
        key=organisation.schema_name,
        payload={"organisation_id": str(organisation.id)},
    )
    transaction.on_commit(lambda: forget_hosts(organisation.host))
    enqueue_after_commit(refill_spares)
    enqueue_after_commit(send_welcome, organisation_id=str(organisation.id))
    record(actor=SYSTEM, action="organisation.created", target=organisation)


STEPS = (
    Step("schema", _("Prepare a database of your own"), _prepare_schema, own_transactions=True),
    Step("keys", _("Make your encryption keys"), _create_keys),
    Step("defaults", _("Write taxes, numbering and other defaults"), _write_defaults),
    Step("owner", _("Add you as the owner"), _add_owner),
    Step("open", _("Open the doors"), _open_doors),
)


def _fail(job: ProvisioningJob, error: Exception) -> None:
    """Note why, then undo. Killed in between, the sweep goes on with the undoing."""
    reason = f"{type(error).__name__}: {error}"
    with shared_context(), transaction.atomic():
        ours = ProvisioningJob.objects.filter(pk=job.pk, lease=job.lease)
        if not ours.update(status=Status.UNDOING, error=reason, leased_until=now() + LEASE):
            return
    _undo(job)


def _undo(job: ProvisioningJob) -> None:
    """Remove schema, role, keys and rows, which frees the address; the job keeps the reason."""
    with shared_context(), transaction.atomic():
        locked = (
            ProvisioningJob.objects.select_for_update(of=("self",))
            .filter(pk=job.pk, lease=job.lease, status=Status.UNDOING)
            .select_related("organisation")
            .first()
        )
        if locked is None:
            return
        organisation = locked.organisation
        if organisation is not None:
            shred_keys(organisation.id)
            provisioning.drop_schema(organisation)
            record(
                actor=SYSTEM,
                action="organisation.setup_undone",
                target=Target(
                    type=organisation._meta.label_lower,
                    id=str(organisation.id),
                    label=organisation.name,
                ),
                after={"reason": locked.error},
            )
            organisation.delete()
            locked.organisation = None
        locked.status, locked.finished_at, locked.owner_password = Status.FAILED, now(), ""
        locked.lease = locked.leased_until = None
        locked.save()
