"""`manage.py keys_status`: every data key, its age and its rotation."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from shared.kernel.clock import now
from shared.kernel.tenancy import PLATFORM_ID, shared_context
from shared.keyring.models import DataKey, RotationJob
from shared.organisations.models import Organisation

ROW = "{:<24} {:<7} {:>7} {:<9} {:>8} {:<10}"


class Command(BaseCommand):
    """Shows no key material."""

    help = "List data keys with version, state, age and master key, then unfinished rotations."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print two tables."""
        with shared_context():
            names = dict(Organisation.objects.values_list("id", "schema_name"))
            self.stdout.write(
                ROW.format("organisation", "purpose", "version", "state", "days", "master key")
            )
            for key in DataKey.objects.iterator():
                self.stdout.write(
                    ROW.format(
                        _name(names, key.organisation_id),
                        key.purpose,
                        key.version,
                        key.state,
                        (now() - key.created_at).days,
                        key.master_key_id,
                    )
                )
            unfinished = RotationJob.objects.exclude(status=RotationJob.Status.DONE)
            for job in unfinished:
                name = _name(names, job.organisation_id)
                self.stdout.write(
                    f"rotation {name} {job.purpose} {job.from_version} to {job.to_version}: "
                    f"{job.status}, {sum(job.counts.values())} values moved {job.error}".rstrip()
                )


def _name(names: dict[UUID, str], organisation_id: UUID) -> str:
    if organisation_id == PLATFORM_ID:
        return "(platform)"
    return names.get(organisation_id, str(organisation_id))
