"""What an event asks for outside of us, done at least once and in order for each key."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import ExactJSONField, WordingField
from shared.kernel.models import Row


class OrderedWork(Row):
    """One event on its way to one receiver. Earlier events of the same key go first.

    Whoever works on it holds a lease; a row whose worker is gone is taken over after it.
    """

    class Status(models.TextChoices):
        """Where the work stands; `failed` waits for a person."""

        WAITING = "waiting", _("Waiting")
        WORKING = "working", _("Sending")
        DONE = "done", _("Delivered")
        FAILED = "failed", _("Failed")
        SKIPPED = "skipped", _("Nothing to send")

    OPEN = (Status.WAITING, Status.WORKING)

    event_id = models.BigIntegerField()
    topic = models.CharField(_("event"), max_length=80)
    key = models.CharField(max_length=80)
    payload = ExactJSONField()
    happened_at = models.DateTimeField()
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    first_tried_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = WordingField(max_length=500, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.topic} {self.key}"
