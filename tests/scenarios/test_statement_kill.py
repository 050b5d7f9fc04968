"""SIGKILL to the workers in the middle of a statement run: each statement exactly once.

A real service in processes of its own: workers are killed, started again by their supervisor, and
beat's sweep lets them go on where the run stands.
"""

import json
import time

import psycopg
import pytest
from support.service import running_service

from shared.runtime.embedded import servers_of

CUSTOMERS = 300
CAUGHT_SECONDS = 90
FINISHED_SECONDS = 240
PREPARE = f"""
from shared.kernel.tenancy import load_organisation, organisation_context
from tenants.demo.benchmarks.statements import make_customers
with organisation_context(load_organisation('stella')):
    make_customers({CUSTOMERS})
"""
START = """
from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import load_organisation, organisation_context
from tenants.statements.services import Order, start_run
with organisation_context(load_organisation('stella')):
    start_run(actor=SYSTEM, order=Order(period=month_period(2025, 1)))
"""
FILES = """
from shared.keyring.storage import EncryptedStorage
from shared.kernel.tenancy import load_organisation, organisation_context
from tenants.documents.models import Document
with organisation_context(load_organisation('stella')):
    storage = EncryptedStorage()
    named = set(Document.objects.filter(kind='statement').values_list('file_name', flat=True))
    present = set(storage.listdir('documents')[1])
    wrong = [name for name in named if not storage.open(name).read().startswith(b'%PDF')]
    extra = present - {name.rsplit('/', 1)[1] for name in named}
    print(len(named), len(wrong), len(extra))
"""
COUNT = "SELECT count(*) FROM stella.statements_statement"


class Observer:
    """Looks at the tables as the owner, with a new connection each time."""

    def __init__(self, data):
        self.url = servers_of(data).owner_database_url

    def rows(self, query):
        with psycopg.connect(self.url, connect_timeout=5) as connection:
            return connection.execute(query).fetchall()

    def wait(self, condition, seconds):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it took too long"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running_service(tmp_path_factory.mktemp("kill")) as running:
        made = running.manage(
            "create_organisation",
            *("--name", "Stella", "--subdomain", "stella", "--plan", "enterprise"),
            *("--admin-email", "stella@example.com", "--admin-password", "correct-horse-7"),
        )
        assert json.loads(made.splitlines()[-1])["schema_name"] == "stella"
        running.manage("shell", "-c", PREPARE)
        yield running


@pytest.mark.processes
def test_killed_in_the_middle_of_a_statement_run(service):
    observer = Observer(service.data)
    service.manage("shell", "-c", START)
    observer.wait(lambda: observer.rows(COUNT)[0][0] > 0, CAUGHT_SECONDS)
    service.kill("worker")
    before = observer.rows(COUNT)[0][0]
    assert 0 < before < CUSTOMERS, "the run was over before the kill"
    # A chunk in work belongs to the dead: its lease would run out after two minutes.
    with psycopg.connect(observer.url, autocommit=True) as connection:
        connection.execute(
            "UPDATE stella.statements_statementrunchunk SET leased_until = now() "
            "WHERE status = 'working'"
        )
    observer.wait(
        lambda: observer.rows("SELECT status FROM stella.statements_statementrun") == [("done",)],
        FINISHED_SECONDS,
    )
    ((count, customers, codes),) = observer.rows(
        "SELECT count(*), count(DISTINCT customer_id), count(DISTINCT statement_code) "
        "FROM stella.statements_statement"
    )
    assert (count, customers, codes) == (CUSTOMERS, CUSTOMERS, CUSTOMERS)
    assert observer.rows(
        "SELECT status, count(*) FROM stella.statements_statementrunitem GROUP BY status"
    ) == [("made", CUSTOMERS)]
    assert observer.rows(
        "SELECT count(*) FROM stella.documents_document WHERE kind = 'statement'"
    ) == [(CUSTOMERS,)]
    # No statement without its file, and no file of a killed worker left behind.
    files = service.manage("shell", "-c", FILES).split()[-3:]
    assert files == [str(CUSTOMERS), "0", "0"]
