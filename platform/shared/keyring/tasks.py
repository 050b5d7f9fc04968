"""Key rotation in the background: beat starts the fan-out, each organisation has its task."""

from uuid import UUID

from celery import shared_task

from shared.keyring.services.rotation import due_organisations, rotate_due_keys

# A rotation cut off here goes on at its cursor with the next fan-out.
SECONDS_MAX = 45 * 60


@shared_task(name="shared.keyring.tasks.queue_rotations")
def queue_rotations() -> None:
    """Queue one task for each organisation with an aged key or a job that waits to go on."""
    for organisation_id in due_organisations():
        rotate_organisation_keys.delay(str(organisation_id))


@shared_task(
    name="shared.keyring.tasks.rotate_organisation_keys",
    soft_time_limit=SECONDS_MAX,
    time_limit=SECONDS_MAX + 60,
)
def rotate_organisation_keys(organisation_id: str) -> None:
    """Rotate what is due for one organisation; running it twice at once is harmless."""
    rotate_due_keys(organisation_id=UUID(organisation_id))
