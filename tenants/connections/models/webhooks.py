"""Addresses that a tenant registered for events, and what was sent there.

Source: `api.md`, Webhooks out.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import WordingField
from shared.kernel.models import RevisedRow, Row
from shared.keyring.fields import EncryptedTextField
from tenants.connections.models.work import OrderedWork


class WebhookEndpoint(RevisedRow):
    """Who is told of events. Its secret signs each delivery; a former one signs too for a while."""

    class State(models.TextChoices):
        """Whether deliveries are sent."""

        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")

    url = models.CharField(_("address"), max_length=2000)
    description = models.CharField(_("description"), max_length=200, blank=True)
    topics: "models.JSONField[list[str], list[str]]" = models.JSONField(_("events"), default=list)
    state = models.CharField(max_length=6, choices=State.choices, default=State.ACTIVE)
    paused_why = WordingField(max_length=300, blank=True)
    secret = EncryptedTextField(label="connections.webhook.secret")
    former_secret = EncryptedTextField(
        label="connections.webhook.former_secret", null=True, blank=True
    )
    former_until = models.DateTimeField(null=True, blank=True)
    last_delivered_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(OrderedWork):
    """One event for one endpoint."""

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    replay_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replays"
    )
    is_replay = models.BooleanField(default=False)  # stays, also once the first one is removed
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name_plural = "webhook deliveries"
        constraints = (
            models.UniqueConstraint(
                fields=["endpoint", "event_id"],
                condition=Q(is_replay=False),
                name="one_delivery_an_event",
            ),
        )
        indexes = (
            models.Index(
                fields=["endpoint", "key", "event_id"],
                condition=Q(status__in=("waiting", "working")),
                name="webhook_open_by_key",
            ),
            models.Index(
                fields=["endpoint", "event_id"],
                condition=Q(status__in=("waiting", "working")),
                name="webhook_open",
            ),
            models.Index(fields=["endpoint", "-created_at"], name="webhook_log"),
        )


class WebhookAttempt(Row):
    """One try at a delivery: what the other side answered, and how long it took."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    error = WordingField(max_length=500, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("number", "id")

    def __str__(self) -> str:
        return f"{self.number}: {self.status_code or self.error}"
