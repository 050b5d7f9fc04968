"""Replace an organisation's keys while the service runs.

1. A new version becomes active; the one before decrypts only (`retiring`).
2. Values move to it in batches. Cursor and batch are committed together, so a process that is
   killed loses at most one batch of work and no value; another goes on once its lease ran out.
3. Other processes take up the new key within KEY_CACHE_SECONDS and may write with the old one
   until then: the job settles that long and then makes one more, conclusive pass.
4. Where no value is left at another version, the old key is retired. It stays readable for
   restored backups and for a transaction that was open all that time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from shared.audit import services as audit
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.tenancy import PLATFORM_ID, organisation_context, shared_context
from shared.keyring.cache import distrust_until_commit
from shared.keyring.errors import NoDataKey
from shared.keyring.models import DataKey, Purpose, RotationJob
from shared.keyring.services import create_data_keys, latest_version, new_data_key
from shared.keyring.stores import Store, stores_of
from shared.organisations.models import Organisation

ROTATED: tuple[Purpose, ...] = (Purpose.FIELDS, Purpose.FILES)
BATCH_ROWS = 500
LEASE = timedelta(seconds=60)
RETRY_AFTER = timedelta(seconds=60)
# A process may still take up the old key until this transaction commits.
COMMIT_MARGIN = 1.1
THROUGH = "*"  # the cursor of a store that the present pass has finished
# A schema that is half made or about to go is left alone.
ROTATED_STATES = ("spare", "active", "suspended")


class LeaseLost(Exception):
    """Another process works on the job; what it has committed stands."""


def due_organisations() -> list[UUID]:
    """Those with a key of KEY_ROTATION_DAYS, or with a job that waits to go on."""
    oldest = now() - timedelta(days=settings.KEY_ROTATION_DAYS)
    with shared_context():
        aged = DataKey.objects.filter(
            state=DataKey.State.ACTIVE, purpose__in=ROTATED, created_at__lte=oldest
        )
        waiting = RotationJob.objects.filter(
            Q(leased_until=None) | Q(leased_until__lt=now()),
            Q(status=RotationJob.Status.RUNNING) | Q(settles_at__lte=now()),
            status__in=RotationJob.OPEN,
        )
        found = {
            *aged.values_list("organisation_id", flat=True),
            *waiting.values_list("organisation_id", flat=True),
        }
        known = set(
            Organisation.objects.filter(id__in=found, state__in=ROTATED_STATES).values_list(
                "id", flat=True
            )
        )
    return sorted(found & {*known, PLATFORM_ID})


def rotate_due_keys(*, organisation_id: UUID) -> list[RotationJob]:
    """Start what is due for the organisation and carry every open job on; safe to run twice."""
    oldest = now() - timedelta(days=settings.KEY_ROTATION_DAYS)
    with shared_context():
        aged = DataKey.objects.filter(
            organisation_id=organisation_id, state=DataKey.State.ACTIVE, created_at__lte=oldest
        )
        purposes = set(aged.filter(purpose__in=ROTATED).values_list("purpose", flat=True))
    for purpose in purposes:
        start_rotation(organisation_id=organisation_id, purpose=Purpose(purpose))
    return run_open_rotations(organisation_id=organisation_id)


def rotate_keys(*, organisation_id: UUID) -> list[RotationJob]:
    """Replace the organisation's keys now, whatever their age."""
    for purpose in ROTATED:
        start_rotation(organisation_id=organisation_id, purpose=purpose)
    return run_open_rotations(organisation_id=organisation_id)


def start_rotation(*, organisation_id: UUID, purpose: Purpose) -> RotationJob:
    """Make the next version active and open its job; an open job is returned as it is.

    Raises NoDataKey where there is no active key, ValueError for the index key: every index
    would have to change in the same moment.
    """
    if purpose not in ROTATED:
        raise ValueError("The key of the search indexes is not rotated.")
    if organisation_id == PLATFORM_ID:
        create_data_keys(organisation_id)
    with _public():
        keys = DataKey.objects.filter(organisation_id=organisation_id, purpose=purpose)
        list(keys.select_for_update())  # whoever comes second finds the job of the first
        job = _open_jobs(organisation_id).filter(purpose=purpose).first()
        if job is not None:
            return job
        active = keys.filter(state=DataKey.State.ACTIVE).first()
        if active is None:
            raise NoDataKey()
        distrust_until_commit(organisation_id)
        fresh = new_data_key(
            organisation_id, purpose, version=latest_version(organisation_id, purpose) + 1
        )
        active.state = DataKey.State.RETIRING
        active.save(update_fields=["state"])
        fresh.save(force_insert=True)
        return RotationJob.objects.create(
            organisation_id=organisation_id,
            purpose=purpose,
            from_version=active.version,
            to_version=fresh.version,
            settles_at=now() + timedelta(seconds=settings.KEY_CACHE_SECONDS * COMMIT_MARGIN),
        )


def run_open_rotations(*, organisation_id: UUID) -> list[RotationJob]:
    """Carry on the organisation's open jobs that no live process holds."""
    with shared_context():
        ids = list(_open_jobs(organisation_id).values_list("id", flat=True))
    return [run_rotation(job_id=job_id) for job_id in ids]


def run_rotation(*, job_id: UUID) -> RotationJob:
    """Work on the job until it is done, settles, or another process has it.

    Returns the job as it then stands.
    """
    lease = uuid4()
    with _public():
        taken = RotationJob.objects.filter(
            Q(leased_until=None) | Q(leased_until__lt=now()), id=job_id, status__in=RotationJob.OPEN
        ).update(leased_by=lease, leased_until=now() + LEASE)
    if taken:
        try:
            _work(job_id, lease)
        except LeaseLost:
            pass
        finally:
            _release(job_id, lease)
    with shared_context():
        return RotationJob.objects.get(id=job_id)


def _work(job_id: UUID, lease: UUID) -> None:
    with shared_context():
        job = RotationJob.objects.get(id=job_id)
    stores = stores_of(job.organisation_id, job.purpose)
    while True:
        began = _begin_pass(job, lease)
        unreadable = sum(_walk(job, lease, store) for store in stores)
        if began >= job.settles_at:
            _conclude(job, lease, stores, unreadable)
            return
        if now() < job.settles_at:
            _save(job, lease, status=RotationJob.Status.SETTLING, cursors={})
            return
        _save(job, lease, cursors={})


def _begin_pass(job: RotationJob, lease: UUID) -> datetime:
    """When the present pass began: one that was interrupted goes on."""
    if not job.cursors or job.pass_started_at is None:
        _save(job, lease, pass_started_at=now(), status=RotationJob.Status.RUNNING)
    return cast(datetime, job.pass_started_at)


def _walk(job: RotationJob, lease: UUID, store: Store) -> int:
    """Move one store's values; returns how many could not be read."""
    unreadable = 0
    while job.cursors.get(store.name) != THROUGH:
        with _public():
            locked = _locked(job, lease)
            with _inside(job.organisation_id):
                batch = store.reseal_batch(
                    after=locked.cursors.get(store.name, ""),
                    limit=BATCH_ROWS,
                    version=job.to_version,
                )
            locked.cursors[store.name] = batch.last or THROUGH
            locked.counts[store.name] = locked.counts.get(store.name, 0) + batch.resealed
            locked.leased_until = now() + LEASE
            locked.save(update_fields=["cursors", "counts", "leased_until"])
        job.cursors, job.counts = locked.cursors, locked.counts
        unreadable += batch.unreadable
    return unreadable


def _conclude(job: RotationJob, lease: UUID, stores: Sequence[Store], unreadable: int) -> None:
    """Retire what no value uses any more; come back for rows that were locked."""
    with _inside(job.organisation_id):
        left = {store.name: store.count_older(job.to_version) for store in stores}
    total = sum(left.values())
    if not total:
        with _public():
            DataKey.objects.filter(
                organisation_id=job.organisation_id,
                purpose=job.purpose,
                version__lt=job.to_version,
                state=DataKey.State.RETIRING,
            ).update(state=DataKey.State.RETIRED)
            _save(job, lease, status=RotationJob.Status.DONE, finished_at=now())
            with _inside(job.organisation_id):
                _record(job)
    elif total <= unreadable:
        named = ", ".join(f"{name}: {count}" for name, count in left.items() if count)
        _save(
            job,
            lease,
            status=RotationJob.Status.FAILED,
            error=f"Values that no key opens; the key before stays. {named}",
            finished_at=now(),
        )
    else:
        waiting = {"cursors": {}, "settles_at": now() + RETRY_AFTER}
        _save(job, lease, status=RotationJob.Status.SETTLING, **waiting)


def _record(job: RotationJob) -> None:
    audit.record(
        actor=SYSTEM,
        action="keys.rotated",
        target=audit.Target(type="keyring.datakey", id=str(job.to_version), label=job.purpose),
        before={"version": job.from_version},
        after={"version": job.to_version, "values": sum(job.counts.values())},
    )


def _open_jobs(organisation_id: UUID) -> QuerySet[RotationJob]:
    return RotationJob.objects.filter(organisation_id=organisation_id, status__in=RotationJob.OPEN)


def _locked(job: RotationJob, lease: UUID) -> RotationJob:
    """The job's row, ours for the transaction. Raises LeaseLost, also after a shredding."""
    ours = _open_jobs(job.organisation_id).filter(id=job.id, leased_by=lease)
    locked = ours.select_for_update().first()
    if locked is None:
        raise LeaseLost
    return locked


def _save(job: RotationJob, lease: UUID, **changes: object) -> None:
    with _public():
        _locked(job, lease)
        for name, value in changes.items():
            setattr(job, name, value)
        job.save(update_fields=list(changes))


def _release(job_id: UUID, lease: UUID) -> None:
    with _public():
        RotationJob.objects.filter(id=job_id, leased_by=lease).update(
            leased_by=None, leased_until=None
        )


@contextmanager
def _public() -> Iterator[None]:
    with shared_context(), transaction.atomic():
        yield


@contextmanager
def _inside(organisation_id: UUID) -> Iterator[None]:
    """The schema that holds the organisation's rows; the platform's are in public."""
    if organisation_id == PLATFORM_ID:
        with shared_context():
            yield
        return
    with shared_context():
        organisation = Organisation.objects.get(id=organisation_id)
    with organisation_context(organisation):
        yield
