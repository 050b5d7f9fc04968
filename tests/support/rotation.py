"""Keys and their versions, as tests of rotation look at them."""

from datetime import timedelta
from uuid import UUID

from django.db import connection

from shared.kernel.clock import now
from shared.kernel.tenancy import organisation_context, shared_context
from shared.keyring import envelope
from shared.keyring.models import DataKey, RotationJob
from shared.organisations.models import Organisation

REGISTRATIONS = 60


def versions(
    organisation: Organisation, table: str = "structure_taxregistration", column: str = "number"
) -> dict[int, int]:
    """How many rows stand at which key version."""
    with organisation_context(organisation), connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")
        found = [envelope.read_version(bytes(value)) for (value,) in cursor.fetchall()]
    return {version: found.count(version) for version in set(found)}


def states(organisation_id: UUID, purpose: str = "fields") -> dict[int, str]:
    """Each version of a key and what it is used for."""
    with shared_context():
        keys = DataKey.objects.filter(organisation_id=organisation_id, purpose=purpose)
        return dict(keys.values_list("version", "state"))


def lapse_leases() -> None:
    """As if LEASE had gone by."""
    with shared_context():
        RotationJob.objects.exclude(leased_until=None).update(
            leased_until=now() - timedelta(seconds=1)
        )
