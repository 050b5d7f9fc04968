"""SIGKILL to PostgreSQL, Redis and the worker in the middle of a billing run.

Nothing is lost, nothing doubled: each contract has exactly one invoice for the month, the
numbers have no gap, and the audit chain holds. A real service in processes of its own.
"""

import pytest

CONTRACTS = 1_500  # several batches for each worker
CAUGHT_SECONDS = 60
FINISHED_SECONDS = 120
PREPARE = f"""
from shared.kernel.tenancy import load_organisation, organisation_context
from tenants.demo.benchmarks.organisation import multiply_contracts
with organisation_context(load_organisation('kilroy')):
    multiply_contracts({CONTRACTS})
"""
START = """
from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import load_organisation, organisation_context
from tenants.invoices.services import start_run
with organisation_context(load_organisation('kilroy')):
    start_run(actor=SYSTEM, period=month_period(2026, {month}))
"""
COUNT = """
SELECT count(*) FROM kilroy.invoices_invoice WHERE period_start = make_date(2026, %s, 1)
"""


@pytest.fixture(scope="module", autouse=True)
def _contracts(service, observer):
    observer.create_organisation("kilroy")
    service.manage("shell", "-c", PREPARE)


@pytest.mark.processes
@pytest.mark.parametrize(("month", "victim"), [(1, "worker"), (2, "postgres"), (3, "redis")])
def test_killed_in_the_middle_of_a_run(service, observer, month, victim):
    service.manage("shell", "-c", START.format(month=month))
    observer.wait(lambda: observer.rows(COUNT, month)[0][0] > 0, CAUGHT_SECONDS)
    before = observer.rows(COUNT, month)[0][0]
    service.kill(victim)
    assert 0 < before < CONTRACTS, "the run was over before the kill"
    observer.wait(
        lambda: (
            observer.rows(
                "SELECT status FROM kilroy.invoices_billingrun "
                "WHERE period_start = make_date(2026, %s, 1)",
                month,
            )
            == [("done",)]
        ),
        FINISHED_SECONDS,
    )
    billed = observer.rows(
        "SELECT count(*), count(DISTINCT contract_id), count(DISTINCT number) "
        "FROM kilroy.invoices_invoice WHERE period_start = make_date(2026, %s, 1)",
        month,
    )
    assert billed == [(CONTRACTS, CONTRACTS, CONTRACTS)]
    ((first, last, count),) = observer.rows(
        "SELECT min(number_sequence), max(number_sequence), count(*) FROM kilroy.invoices_invoice"
    )
    assert (first, last) == (1, count)  # of all runs so far: no number is missing
    assert count % CONTRACTS == 0
    items = observer.rows(
        "SELECT item.status, count(*) FROM kilroy.invoices_billingrunitem AS item "
        "JOIN kilroy.invoices_billingrun AS run ON run.id = item.run_id "
        "WHERE run.period_start = make_date(2026, %s, 1) GROUP BY item.status",
        month,
    )
    assert items == [("billed", CONTRACTS)]


@pytest.mark.processes
def test_audit_chain_holds_after_all_that(service):
    assert "kilroy" in service.manage("verify_audit")
