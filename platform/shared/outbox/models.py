"""Events that were saved with the change they tell of, on their way to who listens."""

from django.db import models
from django.db.models import Q

from shared.kernel.fields import ExactJSONField


class Event(models.Model):
    """Something happened to `key`. Read once or more often, in order for each key."""

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=80)
    key = models.CharField(max_length=80)
    payload = ExactJSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=["id"], condition=Q(published_at__isnull=True), name="outbox_waiting"
            ),
            models.Index(fields=["published_at"], name="outbox_published"),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.topic} {self.key}"
