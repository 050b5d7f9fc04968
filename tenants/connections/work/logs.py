"""Lines of the sync log."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from shared.kernel.clock import now
from shared.kernel.errors import Text
from tenants.connections.models import SyncLog

DAILY = "DailyBillingReconciliation"
WEEKLY = "WeeklyPerformanceSync"
# One event's process by its area. Source: seed 000 (`site_change_sync`).
PROCESSES = {
    "site": "site_change_sync",
    "contract": "contract_change_sync",
    "invoice": "invoice_status_sync",
    "payment": "payment_status_sync",
    "sync": "conflict_sync",
}


def log(
    process_name: str,
    status: str,
    *,
    records: int = 0,
    error: Text = "",
    site_id: str = "",
    details: Mapping[str, Any] | None = None,
    run_id: UUID | None = None,
) -> SyncLog:
    """Write one line with the present instant."""
    return SyncLog.objects.create(
        process_name=process_name,
        execution_date=now(),
        status=status,
        records_processed=records,
        error_message=error,
        site_id=site_id[:20],
        details=dict(details or {}),
        run_id=run_id,
    )
