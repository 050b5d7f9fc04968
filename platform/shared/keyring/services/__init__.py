"""Make, find, re-wrap and destroy data keys. Rotation is in `services.rotation`.

None of these asks for an actor: they run inside the services that do (sign-up, erasure) and in
commands of platform staff, and no person's permission decides whether a value can be read.
"""

from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from shared.kernel.clock import now
from shared.kernel.tenancy import PLATFORM_ID, shared_context
from shared.keyring import envelope
from shared.keyring.cache import (
    CURRENT,
    OpenKey,
    distrust_until_commit,
    find_key,
    forget_keys,
    keep_key,
)
from shared.keyring.errors import NoDataKey
from shared.keyring.master import WrappedKey, master_keys
from shared.keyring.models import DataKey, Purpose, RotationJob


def create_data_keys(organisation_id: UUID) -> None:
    """Give a new organisation its first key for every purpose. Safe to run twice.

    Raises NoDataKey where the keys were shredded: an erased organisation does not come back.
    """
    with shared_context(), transaction.atomic():
        have = dict(
            DataKey.objects.filter(organisation_id=organisation_id)
            .order_by()
            .values_list("purpose", "state")
        )
        if DataKey.State.SHREDDED in have.values():
            raise NoDataKey(_("The keys of this organisation were destroyed."))
        missing = [purpose for purpose in Purpose if purpose not in have]
        if missing:
            distrust_until_commit(organisation_id)
            DataKey.objects.bulk_create(
                [new_data_key(organisation_id, purpose, version=1) for purpose in missing],
                ignore_conflicts=True,  # another process may make them in the same moment
            )


def new_data_key(organisation_id: UUID, purpose: Purpose, version: int) -> DataKey:
    """An unsaved active key with fresh random bits."""
    wrapped = master_keys().wrap(
        envelope.make_key(), _wrapping_context(organisation_id, purpose, version)
    )
    return DataKey(
        organisation_id=organisation_id,
        purpose=purpose,
        version=version,
        wrapped_key=wrapped.blob,
        master_key_id=wrapped.master_key_id,
    )


def current_key(organisation_id: UUID, purpose: Purpose) -> OpenKey:
    """The key that encrypts now; at most KEY_CACHE_SECONDS behind the database.

    The platform's own keys are made when first needed. Raises NoDataKey.
    """
    known = find_key(organisation_id, purpose, CURRENT)
    if known is not None:
        return known
    rows = DataKey.objects.filter(
        organisation_id=organisation_id, purpose=purpose, state=DataKey.State.ACTIVE
    )
    with shared_context():
        row = rows.first()
        if row is None and organisation_id == PLATFORM_ID:
            create_data_keys(organisation_id)
            row = rows.first()
    if row is None:
        raise NoDataKey()
    key = _open(row)
    keep_key(organisation_id, purpose, CURRENT, key)
    keep_key(organisation_id, purpose, key.version, key)
    return key


def key_by_version(organisation_id: UUID, purpose: Purpose, version: int) -> OpenKey:
    """The key that a stored value names. Raises NoDataKey where it is unknown or shredded."""
    known = find_key(organisation_id, purpose, version)
    if known is not None:
        return known
    with shared_context():
        row = DataKey.objects.filter(
            organisation_id=organisation_id, purpose=purpose, version=version
        ).first()
    if row is None:
        raise NoDataKey()
    key = _open(row)
    keep_key(organisation_id, purpose, version, key)
    return key


def shred_keys(organisation_id: UUID) -> int:
    """Destroy every key of the organisation; all it ever encrypted becomes unreadable.

    Returns the number of keys destroyed. Other processes forget theirs within
    KEY_CACHE_SECONDS. A backup of the database still holds the wrapped keys until it expires.
    """
    distrust_until_commit(organisation_id)
    with shared_context(), transaction.atomic():
        destroyed = (
            DataKey.objects.filter(organisation_id=organisation_id)
            .exclude(state=DataKey.State.SHREDDED)
            .update(state=DataKey.State.SHREDDED, wrapped_key=b"")
        )
        RotationJob.objects.filter(
            organisation_id=organisation_id, status__in=RotationJob.OPEN
        ).update(
            status=RotationJob.Status.FAILED, error="The keys were destroyed.", finished_at=now()
        )
        transaction.on_commit(lambda: forget_keys(organisation_id))
    return destroyed


def rewrap_data_keys(*, batch_size: int = 200) -> int:
    """Wrap every data key by the newest master key; the values themselves do not change.

    Returns the number of keys wrapped anew. Can be stopped and started again at any time.
    Raises NoMasterKey where a key's present master key is no longer configured.
    """
    done = 0
    while True:
        count = _rewrap_batch(batch_size)
        done += count
        if count < batch_size:
            return done


def _rewrap_batch(batch_size: int) -> int:
    newest = master_keys().newest_id
    with shared_context(), transaction.atomic():
        rows = list(
            DataKey.objects.exclude(master_key_id=newest)
            .exclude(state=DataKey.State.SHREDDED)
            .select_for_update()
            .order_by("id")[:batch_size]
        )
        for row in rows:
            context = _wrapping_context(row.organisation_id, Purpose(row.purpose), row.version)
            wrapped = master_keys().wrap(_unwrap(row), context)
            row.wrapped_key, row.master_key_id = wrapped.blob, wrapped.master_key_id
        DataKey.objects.bulk_update(rows, ["wrapped_key", "master_key_id"])
    return len(rows)


def latest_version(organisation_id: UUID, purpose: Purpose) -> int:
    """The highest version there ever was, 0 without any. Call it in the public schema."""
    found = DataKey.objects.filter(organisation_id=organisation_id, purpose=purpose).aggregate(
        latest=Max("version")
    )
    return found["latest"] or 0


def _open(row: DataKey) -> OpenKey:
    if row.state == DataKey.State.SHREDDED:
        raise NoDataKey()
    secret = _unwrap(row)
    return OpenKey(version=row.version, secret=secret, cipher=AESGCM(secret))


def _unwrap(row: DataKey) -> bytes:
    wrapped = WrappedKey(blob=bytes(row.wrapped_key), master_key_id=row.master_key_id)
    context = _wrapping_context(row.organisation_id, Purpose(row.purpose), row.version)
    return master_keys().unwrap(wrapped, context)


def _wrapping_context(organisation_id: UUID, purpose: Purpose, version: int) -> bytes:
    """Binds a wrapped key to its row, so that rows cannot be exchanged."""
    return organisation_id.bytes + purpose.value.encode() + version.to_bytes(4, "big")
