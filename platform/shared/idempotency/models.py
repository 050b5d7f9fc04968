"""The first answer to each idempotency key, kept for a day."""

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from shared.keyring.fields import EncryptedTextField


class IdempotencyKey(models.Model):
    """One key of one caller at one endpoint.

    `status` is null until the request has its final answer. Whoever works on the request holds
    the row's lock, which PostgreSQL releases with the connection of a killed process.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    # SHA-256 of actor, method, path and key.
    scope = models.BinaryField(max_length=32, unique=True)
    # SHA-256 of query string, content type and body.
    request_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    headers: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    # Answers may hold secrets that are shown once.
    body = EncryptedTextField(label="idempotency.idempotency_key.body", null=True)
    created_at = models.DateTimeField(_("created"), db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")

    def __str__(self) -> str:
        return str(self.id)
