"""SIGKILL to the workers in the middle of a statement run: each statement exactly once.

A real service in processes of its own: workers are killed, started again by their supervisor, and
beat's sweep lets them go on where the run stands.
"""

import pytest

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


@pytest.mark.processes
def test_killed_in_the_middle_of_a_statement_run(service, observer):
    observer.create_organisation("stella")
    service.manage("shell", "-c", PREPARE)
    service.manage("shell", "-c", START)
    observer.wait(lambda: observer.rows(COUNT)[0][0] > 0, CAUGHT_SECONDS)
    service.kill("worker")
    before = observer.rows(COUNT)[0][0]
    assert 0 < before < CUSTOMERS, "the run was over before the kill"
    observer.end_lease("stella.statements_statementrunchunk")
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
