"""The client for a connection's system."""

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.billing_system import BillingSystem
from connectors.billing_system.client import HttpBillingSystem
from shared.kernel.outgoing import outgoing_client
from tenants.connections.models import Connection

TOTAL_SECONDS = 20.0


@contextmanager
def billing_system(connection: Connection) -> Iterator[BillingSystem]:
    """The billing system at a connection's address, reached through the guard."""
    with outgoing_client(total_seconds=TOTAL_SECONDS) as client:
        yield HttpBillingSystem(client=client, base_url=connection.base_url, token=connection.token)
