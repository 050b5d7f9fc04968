"""The record of who did what: append-only, each entry chained to the one before.

Every digest is SHA-256. `payload_digest` covers what may name a person or hold data (labels,
address, before and after); `digest` covers the rest of the entry, the payload's digest and the
digest of the entry before. So lawful erasure can blank a payload and the chain still holds.
Source: `architecture.md`, Facts; issue 2, part 4.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from shared.audit import triggers


class Entry(models.Model):
    """One act. Written by `services.record`, never changed."""

    sequence = models.BigIntegerField(primary_key=True, editable=False)
    at = models.DateTimeField(_("when"))
    action = models.CharField(_("what"), max_length=80)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=80)
    actor_label = models.CharField(_("who"), max_length=254, blank=True)
    object_type = models.CharField(max_length=80, blank=True)
    object_id = models.CharField(max_length=80, blank=True)
    object_label = models.CharField(_("on what"), max_length=254, blank=True)
    ip = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    # Canonical JSON of before and after, as text: it is digested byte by byte.
    payload = models.TextField(blank=True)
    payload_digest = models.BinaryField(max_length=32)
    previous_digest = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)

    class Meta:
        ordering = ("-sequence",)
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(sequence__gt=0), name="audit_sequence_positive"
            ),
            models.UniqueConstraint(fields=["previous_digest"], name="audit_chain_has_no_fork"),
        )
        indexes = (
            models.Index(fields=["object_type", "object_id", "-sequence"], name="audit_object"),
            models.Index(fields=["action", "-sequence"], name="audit_action"),
            models.Index(fields=["actor_id", "-sequence"], name="audit_actor"),
            models.Index(fields=["at"], name="audit_at"),
        )
        triggers = (triggers.ENTRIES_ARE_APPEND_ONLY, triggers.ENTRIES_ARE_NOT_TRUNCATED)

    def __str__(self) -> str:
        return f"{self.sequence} {self.action}"


class ChainHead(models.Model):
    """The last entry's number and digest; one row, locked by whoever appends.

    `seal` is a keyed digest of both under the service's secret, which the database does not
    hold: whoever rewrites the chain inside the database cannot seal it again.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    sequence = models.BigIntegerField(default=0)
    digest = models.BinaryField(max_length=32)
    seal = models.BinaryField(max_length=32)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="audit_has_one_head"),)
        triggers = (triggers.HEAD_STAYS,)

    def __str__(self) -> str:
        return str(self.sequence)
