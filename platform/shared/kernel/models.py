"""What every row of a tenant has in common. Abstract: the kernel has no tables."""

from uuid import uuid4

from django.db import models

from shared.kernel.errors import PreconditionFailed
from shared.kernel.wording import worded as _


class Row(models.Model):
    """A client-made UUID, so that ciphertext can be bound to the row before it is saved."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class RevisedRow(Row):
    """A row people change: `revision` grows by one with each change and makes its ETag."""

    revision = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def save_changes(self, *fields: str) -> None:
        """Save the named fields as the next revision. The row must be locked before."""
        self.revision += 1
        self.save(update_fields=[*fields, "revision", "updated_at"])

    def require_revision(self, expected: int | None) -> None:
        """Raise PreconditionFailed where somebody changed the locked row since it was read."""
        if expected is not None and expected != self.revision:
            raise PreconditionFailed(
                _("Somebody changed it since you read it. Nothing was saved; read it again.")
            )
