"""Starting statement runs, sending statements, keeping them as long as the rules say."""

from tenants.statements.services.retention import (
    archive_old_statements,
    place_hold,
    release_hold,
    remove_old_runs,
    save_retention,
)
from tenants.statements.services.runs import (
    Order,
    finish_run,
    mark_notified,
    plan_run,
    retry_failed,
    start_run,
)
from tenants.statements.services.sending import note_delivery, send_statement
from tenants.statements.services.settings import save_settings

__all__ = [
    "Order",
    "archive_old_statements",
    "finish_run",
    "mark_notified",
    "note_delivery",
    "place_hold",
    "plan_run",
    "release_hold",
    "remove_old_runs",
    "retry_failed",
    "save_retention",
    "save_settings",
    "send_statement",
    "start_run",
]
