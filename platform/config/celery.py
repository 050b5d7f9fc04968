"""The Celery application of worker, provisioner and beat."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_process_init

from shared.kernel.memory import look_for_cycles_less_often

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

app = Celery("invoicepatch")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
ORGANISATIONS = "shared.organisations.tasks"
CONNECTIONS = "tenants.connections.tasks"
app.conf.beat_schedule = {
    "rotate-keys": {"task": "shared.keyring.tasks.queue_rotations", "schedule": 3600},
    "sweep-provisioning-jobs": {
        "task": f"{ORGANISATIONS}.sweep_provisioning_jobs",
        "schedule": 10,
    },
    "refill-spares": {"task": f"{ORGANISATIONS}.refill_spares", "schedule": 60},
    "erase-due-organisations": {
        "task": f"{ORGANISATIONS}.erase_due_organisations",
        "schedule": 3600,
    },
    "remove-expired-redirects": {
        "task": f"{ORGANISATIONS}.remove_expired_redirects",
        "schedule": 3600,
    },
    "sweep-outboxes": {"task": "shared.outbox.tasks.sweep_outboxes", "schedule": 30},
    "purge-outboxes": {"task": "shared.outbox.tasks.purge_outboxes", "schedule": 24 * 3600},
    "sweep-documents": {"task": "tenants.documents.tasks.sweep_documents", "schedule": 60},
    "sweep-schedules": {"task": "tenants.schedules.tasks.sweep_schedules", "schedule": 60},
    "sweep-reports": {"task": "tenants.reporting.tasks.sweep_reports", "schedule": 60},
    "sweep-billing-runs": {"task": "tenants.invoices.tasks.sweep_runs", "schedule": 15},
    "heal-reviews": {
        "task": "tenants.invoices.tasks.heal_everywhere",
        "schedule": crontab(hour=9, minute=45),  # the night of every Canadian time zone
    },
    "sweep-imports": {"task": "tenants.imports.tasks.sweep_imports", "schedule": 15},
    "purge-imports": {"task": "tenants.imports.tasks.purge_all_imports", "schedule": 24 * 3600},
    "sweep-contracts": {"task": "tenants.contracts.tasks.sweep_contracts", "schedule": 3600},
    "prove-ledgers": {
        "task": "tenants.payments.tasks.prove_all_ledgers",
        "schedule": 24 * 3600,
    },
    "sweep-connections": {"task": f"{CONNECTIONS}.sending.sweep_connections", "schedule": 30},
    "sweep-sync-runs": {"task": f"{CONNECTIONS}.runs.sweep_sync_runs", "schedule": 60},
    "sweep-quality": {"task": f"{CONNECTIONS}.runs.sweep_quality", "schedule": 3600},
    "sweep-partitions": {
        "task": f"{CONNECTIONS}.partitions.sweep_partitions",
        "schedule": 24 * 3600,
    },
    "sweep-statement-runs": {"task": "tenants.statements.tasks.sweep_runs", "schedule": 15},
    "apply-retention": {
        "task": "tenants.statements.tasks.sweep_retention",
        "schedule": 24 * 3600,
    },
    "sweep-rates": {"task": "tenants.ledger.tasks.sweep_rates", "schedule": 6 * 3600},
    "sweep-payments": {"task": "tenants.payments.tasks.sweep_payments", "schedule": 60},
    "sweep-deliveries": {"task": "tenants.delivery.tasks.sweep_deliveries", "schedule": 60},
    "remind-customers": {
        "task": "tenants.delivery.tasks.remind_everywhere",
        "schedule": crontab(hour=13, minute=5),  # the morning of every Canadian time zone
    },
    "escalate-reviews": {
        "task": "tenants.review.tasks.escalate_everywhere",
        "schedule": crontab(hour=13, minute=15, day_of_week="mon-fri"),
    },
    "purge-idempotency-keys": {
        "task": "shared.idempotency.tasks.purge_all_keys",
        "schedule": 3600,
    },
}


@worker_process_init.connect
def prepare_worker_process(**_signal: object) -> None:
    """Each process of a worker, once everything is imported."""
    look_for_cycles_less_often()
