"""Webhooks, the connection to the billing system, what was synchronised, and how good it is."""

from tenants.connections.models.connection import (
    BillingContractConfiguration,
    BillingCustomer,
    Connection,
    SyncTask,
)
from tenants.connections.models.quality import QualityAlert, QualitySettings, QualitySnapshot
from tenants.connections.models.sync import (
    ConflictChange,
    SyncConflict,
    SyncLog,
    SyncRun,
    WeeklySiteFigure,
)
from tenants.connections.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from tenants.connections.models.work import OrderedWork

__all__ = [
    "BillingContractConfiguration",
    "BillingCustomer",
    "ConflictChange",
    "Connection",
    "OrderedWork",
    "QualityAlert",
    "QualitySettings",
    "QualitySnapshot",
    "SyncConflict",
    "SyncLog",
    "SyncRun",
    "SyncTask",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WeeklySiteFigure",
]
