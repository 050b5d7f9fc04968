"""Data keys of the organisations and the jobs that replace them. Public schema."""

from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """What a key is for; keys of different purposes never open each other's values."""

    FIELDS = "fields", _("fields")
    FILES = "files", _("files")
    # Blind indexes: never rotated, for every index would have to change in one moment.
    INDEX = "index", _("search index")


class DataKey(models.Model):
    """One version of an organisation's key, wrapped by a master key.

    The organisation is an id, not a reference: the platform itself (PLATFORM_ID) has keys and
    no row, and the trace of a shredded key outlives its organisation.
    """

    class State(models.TextChoices):
        """What the key may still do."""

        ACTIVE = "active", _("encrypts and decrypts")
        RETIRING = "retiring", _("decrypts while values move to the next version")
        RETIRED = "retired", _("no value uses it; kept for restored backups")
        SHREDDED = "shredded", _("destroyed")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    organisation_id = models.UUIDField(_("organisation"), editable=False)
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose.choices, editable=False)
    version = models.PositiveIntegerField(_("version"), editable=False)
    wrapped_key = models.BinaryField()
    master_key_id = models.CharField(_("master key"), max_length=64)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)

    class Meta:
        ordering = ("organisation_id", "purpose", "version")
        verbose_name = _("data key")
        verbose_name_plural = _("data keys")
        constraints = (
            models.UniqueConstraint(
                fields=["organisation_id", "purpose", "version"], name="datakey_version_once"
            ),
            models.UniqueConstraint(
                fields=["organisation_id", "purpose"],
                condition=Q(state="active"),
                name="datakey_one_active",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="datakey_version_from_one"),
            models.CheckConstraint(
                condition=Q(state="shredded", wrapped_key=b"")
                | (~Q(state="shredded") & ~Q(wrapped_key=b"")),
                name="datakey_shredded_is_empty",
            ),
        )

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.purpose} {self.version} {self.state}"


class RotationJob(models.Model):
    """The move of one organisation's values to a new key version, batch by batch.

    A process that dies leaves its lease to run out; the next one goes on at the cursor, which
    was saved together with the batch before it.
    """

    class Status(models.TextChoices):
        """Where the job stands."""

        RUNNING = "running", _("running")
        SETTLING = "settling", _("waiting for other processes to take up the new key")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    OPEN = (Status.RUNNING, Status.SETTLING)

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    organisation_id = models.UUIDField(_("organisation"), editable=False)
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose.choices, editable=False)
    from_version = models.PositiveIntegerField(_("from version"), editable=False)
    to_version = models.PositiveIntegerField(_("to version"), editable=False)
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.RUNNING
    )
    # {"app.Model": "id of the last row done"}; for files {"files": "last name done"}.
    cursors: models.JSONField[Any, Any] = models.JSONField(default=dict)
    # {"app.Model": number of rows re-encrypted}.
    counts: models.JSONField[Any, Any] = models.JSONField(_("values moved"), default=dict)
    error = models.TextField(_("error"), blank=True)
    leased_by = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    # From this instant no process encrypts with the key before.
    settles_at = models.DateTimeField()
    pass_started_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        ordering = ("created_at", "id")
        verbose_name = _("key rotation")
        verbose_name_plural = _("key rotations")
        constraints = (
            models.UniqueConstraint(
                fields=["organisation_id", "purpose"],
                condition=Q(status__in=["running", "settling"]),
                name="rotationjob_one_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.purpose} to {self.to_version} {self.status}"
