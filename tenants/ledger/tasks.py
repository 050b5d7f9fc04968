"""Background work of the ledger: exchange rates."""

import structlog
from celery import shared_task

from connectors.errors import NeedsAttention, RetryLater
from shared.kernel.tasks import tenant_task
from shared.kernel.tenancy import PUBLIC_SCHEMA, serving_schemas
from tenants.ledger.services.rates import fetch_bank_rates

log = structlog.get_logger(__name__)


@shared_task
def sweep_rates() -> None:
    """Have every organisation's exchange rates fetched. Started by beat."""
    for schema in serving_schemas():
        if schema != PUBLIC_SCHEMA:
            fetch_rates.delay(schema=schema)


@tenant_task(autoretry_for=(RetryLater,))
def fetch_rates() -> None:
    """Store the bank's new rates of one organisation; what cannot help itself is logged."""
    try:
        fetch_bank_rates()
    except NeedsAttention as error:
        log.warning("exchange_rates_not_fetched", why=error.why)
