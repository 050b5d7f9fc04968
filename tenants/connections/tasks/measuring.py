"""Measuring and telling, hourly."""

from uuid import UUID

from shared.kernel.tasks import tenant_task
from tenants.connections.mails import send_alert
from tenants.connections.work.measuring import take_snapshot


@tenant_task()
def measure_quality() -> None:
    """Keep today's figures and raise what broke; safe to run twice."""
    take_snapshot()


@tenant_task()
def mail_alert(alert_id: str) -> None:
    """Write to the administrators about an alert."""
    send_alert(UUID(alert_id))
