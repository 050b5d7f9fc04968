"""Background work on invoices."""

from uuid import UUID

from django.db import OperationalError

from shared.kernel.tasks import tenant_task
from tenants.invoices.services.runs import process_run


@tenant_task(queue="billing", autoretry_for=(OperationalError,))
def continue_run(run_id: str) -> None:
    """Go on with a billing run where it stands."""
    process_run(run_id=UUID(run_id))
