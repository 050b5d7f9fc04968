"""A pool of ready-made schemas, so that sign-up takes milliseconds instead of seconds."""

from uuid import uuid4

from django.conf import settings
from django.db import transaction

from shared.kernel.tenancy import connection, shared_context
from shared.organisations import provisioning
from shared.organisations.models import MigrationState, Organisation

PREFIX = "spare_"
REFILL_LOCK = 7302  # one process at a time counts and adds


def claim_spare(organisation: Organisation) -> bool:
    """Give the oldest ready schema to the organisation; False where there is none.

    Two jobs never take the same one: a locked row, or a schema being migrated, is passed over.
    """
    with shared_context(), transaction.atomic():
        ready = MigrationState.objects.filter(
            status=MigrationState.Status.DONE,
            version=provisioning.current_version(organisation.schema_name),
            schema_name__startswith=PREFIX,
        )
        spares = Organisation.objects.filter(
            state=Organisation.State.SPARE, schema_name__in=ready.values("schema_name")
        )
        for spare in spares.select_for_update(skip_locked=True).order_by("created_at")[:1]:
            if provisioning.try_schema_lock(spare.schema_name):
                provisioning.claim_schema(spare=spare, organisation=organisation)
                return True
    return False


def refill_pool() -> int:
    """Make ready schemas up to SPARE_ORGANISATIONS and finish begun ones; returns how many.

    Does nothing while another process is at it.
    """
    with shared_context(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [REFILL_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    try:
        return _finish_begun() + _add_missing()
    finally:
        with shared_context(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [REFILL_LOCK])


def _spares() -> list[Organisation]:
    with shared_context():
        return list(Organisation.objects.filter(state=Organisation.State.SPARE))


def _finish_begun() -> int:
    """Spares whose maker was killed, or that are behind the present migrations."""
    with shared_context():
        ready = set(
            MigrationState.objects.filter(
                status=MigrationState.Status.DONE,
                version=provisioning.current_version(PREFIX),
            ).values_list("schema_name", flat=True)
        )
    # Read after what is ready: a spare claimed in between is in neither list.
    begun = [spare for spare in _spares() if spare.schema_name not in ready]
    for spare in begun:
        provisioning.create_schema(spare)
    return len(begun)


def _add_missing() -> int:
    missing = max(0, settings.SPARE_ORGANISATIONS - len(_spares()))
    for _number in range(missing):
        name = f"{PREFIX}{uuid4().hex[:12]}"
        with shared_context():
            spare = Organisation.objects.create(
                name=name, schema_name=name, state=Organisation.State.SPARE
            )
        provisioning.create_schema(spare)
    return missing
