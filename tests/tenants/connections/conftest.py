"""The billing system's sandbox, connected, and a receiver of webhooks."""

import pytest
from django.utils import timezone
from support.billing_sandbox import TOKEN, billing_sandbox
from support.outside import outside_server

from shared.kernel.actor import SYSTEM
from shared.outbox.relay import relay_waiting
from tenants.connections.models import SyncTask
from tenants.connections.services.connections import create_connection
from tenants.connections.services.runs import start_reconciliation
from tenants.connections.work.runs import process_run
from tenants.connections.work.syncing import send_due
from tenants.sites.services import create_territory


@pytest.fixture(autouse=True)
def _this_machine_is_open(settings):
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def sandbox():
    with billing_sandbox() as running:
        yield running


@pytest.fixture
def receiver():
    """Somebody's server, which answers 200 unless told otherwise."""
    with outside_server() as running:
        yield running


@pytest.fixture
def connection(in_acme, sandbox):
    return create_connection(actor=SYSTEM, name="Ledger", base_url=sandbox.url, token=TOKEN)


@pytest.fixture
def territory(in_acme):
    return create_territory(actor=SYSTEM, name="Toronto", territory_id="TER0001")


@pytest.fixture
def sync(connection):
    """Relay what was published and send what is due; what came of each task."""

    def run():
        relay_waiting()
        SyncTask.objects.filter(status="waiting").update(due_at=timezone.now())
        send_due(connection_id=connection.pk)
        return [(one.topic, one.status) for one in SyncTask.objects.order_by("event_id")]

    return run


@pytest.fixture
def reconcile(connection):
    """A whole reconciliation."""

    def run():
        started = start_reconciliation(actor=SYSTEM)
        process_run(run_id=started.pk)
        started.refresh_from_db()
        return started

    return run
