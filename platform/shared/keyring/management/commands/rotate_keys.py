"""`manage.py rotate_keys`: replace data keys that are due, or one organisation's now."""

import time
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from shared.kernel.clock import now
from shared.kernel.tenancy import PLATFORM_ID, shared_context
from shared.keyring.models import RotationJob
from shared.keyring.services.rotation import (
    due_organisations,
    rotate_due_keys,
    rotate_keys,
    run_open_rotations,
)
from shared.organisations.models import Organisation

PLATFORM = "platform"


class Command(BaseCommand):
    """Starts rotations and carries on those that were interrupted."""

    help = "Replace data keys that are due; with --organisation, those of one organisation now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Options."""
        parser.add_argument(
            "--organisation", help=f"a subdomain, or {PLATFORM!r} for the platform's own keys"
        )
        parser.add_argument(
            "--wait", action="store_true", help="stay until the keys before are retired"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run and tell how each job stands."""
        name = options["organisation"]
        if name:
            jobs = rotate_keys(organisation_id=_find(name))
        else:
            jobs = [
                job
                for organisation_id in due_organisations()
                for job in rotate_due_keys(organisation_id=organisation_id)
            ]
        if options["wait"]:
            jobs = [_finish(job) for job in jobs]
        if not jobs:
            self.stdout.write("No key is due.")
        for job in jobs:
            self.stdout.write(_describe(job))
        if any(job.status == RotationJob.Status.FAILED for job in jobs):
            raise CommandError("Some values cannot be read; their keys were kept.")


def _find(name: str) -> UUID:
    if name == PLATFORM:
        return PLATFORM_ID
    with shared_context():
        organisation = Organisation.objects.filter(subdomain=name).first()
    if organisation is None:
        raise CommandError(f"No organisation has the subdomain {name!r}.")
    return UUID(str(organisation.id))


def _finish(job: RotationJob) -> RotationJob:
    while job.status in (RotationJob.Status.RUNNING, RotationJob.Status.SETTLING):
        time.sleep(max(1.0, (job.settles_at - now()).total_seconds()))
        run_open_rotations(organisation_id=job.organisation_id)
        with shared_context():
            job.refresh_from_db()
    return job


def _describe(job: RotationJob) -> str:
    line = f"{job.organisation_id} {job.purpose} version {job.to_version}: {job.status}"
    moved = ", ".join(f"{name} {count}" for name, count in sorted(job.counts.items()) if count)
    if job.status == RotationJob.Status.SETTLING:
        line += f" until {job.settles_at:%H:%M:%S} UTC"
    return f"{line} {job.error or moved}".rstrip()
