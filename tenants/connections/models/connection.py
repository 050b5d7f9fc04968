"""The connection to the billing system, and what that system had when we last looked.

Source: seed 000, Data Integration Specifications and Batch Synchronization.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import ExactJSONField, WordingField
from shared.kernel.models import RevisedRow, Row
from shared.keyring.fields import EncryptedTextField
from tenants.connections.models.work import OrderedWork


class Connection(RevisedRow):
    """An outside system with its credentials. One of a kind."""

    class Kind(models.TextChoices):
        """What is connected; each is a folder of `connectors`."""

        BILLING_SYSTEM = "billing_system", _("Billing system")

    class State(models.TextChoices):
        """Whether it is synchronised."""

        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        ATTENTION = "attention", _("Needs attention")

    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.BILLING_SYSTEM)
    name = models.CharField(_("name"), max_length=100)
    base_url = models.CharField(_("address"), max_length=2000)
    token = EncryptedTextField(_("token"), label="connections.connection.token")
    state = models.CharField(max_length=9, choices=State.choices, default=State.ACTIVE)
    problem = WordingField(max_length=500, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=["kind"], name="one_connection_of_a_kind"),)

    def __str__(self) -> str:
        return self.name


class SyncTask(OrderedWork):
    """One event that the billing system may have to hear of."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="tasks")

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=["connection", "event_id"], name="one_task_an_event"),
        )
        indexes = (
            models.Index(
                fields=["connection", "key", "event_id"],
                condition=Q(status__in=("waiting", "working")),
                name="sync_open_by_key",
            ),
            models.Index(
                fields=["connection", "event_id"],
                condition=Q(status__in=("waiting", "working")),
                name="sync_open",
            ),
            models.Index(fields=["status", "-finished_at"], name="sync_finished"),
        )


class BillingCustomer(Row):
    """A customer as the billing system had it. Its id is our site's."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="customers")
    customer_id = models.CharField(max_length=255)
    customer_name = models.CharField(max_length=255)
    billing_address: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(
        default=dict
    )
    territory_code = models.CharField(max_length=255, blank=True)
    their_updated_at = models.DateTimeField(null=True, blank=True)
    last_sync_at = models.DateTimeField()

    class Meta:
        ordering = ("customer_id",)
        constraints = (
            models.UniqueConstraint(
                fields=["connection", "customer_id"], name="one_copy_of_a_customer"
            ),
        )
        indexes = (
            models.Index(
                fields=["customer_id", "last_sync_at"],
                include=["customer_name", "territory_code"],
                name="billing_customer_site_sync",
            ),
            models.Index(fields=["last_sync_at"], name="billing_customer_age"),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} {self.customer_name}"


class BillingContractConfiguration(Row):
    """A contract's configuration as the billing system had it, in that system's names."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="configurations"
    )
    contract_number = models.CharField(max_length=255)
    customer_id = models.CharField(max_length=255)
    billing_method = models.CharField(max_length=255)
    invoice_frequency = models.CharField(max_length=255)
    billing_start_date = models.DateField()
    billing_end_date = models.DateField(null=True, blank=True)
    configuration = ExactJSONField()
    their_updated_at = models.DateTimeField(null=True, blank=True)
    last_sync_at = models.DateTimeField()

    class Meta:
        ordering = ("contract_number",)
        constraints = (
            models.UniqueConstraint(
                fields=["connection", "contract_number"], name="one_copy_of_a_contract"
            ),
        )
        indexes = (
            models.Index(
                fields=["customer_id", "billing_method", "last_sync_at"],
                include=["invoice_frequency"],
                name="billing_config_sync",
            ),
        )

    def __str__(self) -> str:
        return self.contract_number
