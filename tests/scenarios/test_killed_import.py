"""SIGKILL to the worker while it checks a revenue file, and again while it applies it.

Each row is there exactly once, with the amount of the file, and was written once. A real service
in processes of its own.
"""

import json
import time

import psycopg
import pytest
from support.service import running_service

from shared.runtime.embedded import servers_of

SITES, DAYS = 10, 12_000
ROWS = SITES * DAYS
CAUGHT_SECONDS = 60
FINISHED_SECONDS = 180
PREPARE = f"""
import io
from datetime import date, timedelta
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import load_organisation, organisation_context
from tenants.demo.benchmarks.organisation import make_site
from tenants.imports.services import start_import
with organisation_context(load_organisation('kilroy')):
    codes = [make_site().site_id for _ in range({SITES})]
    rows = (
        f'{{code}},{{date(2026, 10, 31) - timedelta(days=n)}},general,{{n}}.25'
        for code in codes for n in range({DAYS})
    )
    content = '\\n'.join(['site_id,day,category,gross_amount', *rows]).encode()
    start_import(
        actor=SYSTEM, kind='revenue', file=io.BytesIO(content), file_name='till.csv'
    )
"""
APPLY = """
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import load_organisation, organisation_context
from tenants.imports.models import Import
from tenants.imports.services import apply_import
with organisation_context(load_organisation('kilroy')):
    apply_import(actor=SYSTEM, import_id=Import.objects.get().pk)
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running_service(tmp_path_factory.mktemp("killed_import")) as running:
        made = running.manage(
            "create_organisation",
            *("--name", "Kilroy", "--subdomain", "kilroy", "--plan", "enterprise"),
            *("--admin-email", "kilroy@example.com", "--admin-password", "correct-horse-7"),
        )
        assert json.loads(made.splitlines()[-1])["schema_name"] == "kilroy"
        yield running


def one(service, query):
    with psycopg.connect(servers_of(service.data).owner_database_url) as connection:
        return connection.execute(query).fetchone()


def wait(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


@pytest.mark.processes
def test_killed_while_checking_and_while_applying(service):
    def state():
        return one(service, "SELECT status, rows, bad_rows FROM kilroy.imports_import") or ("",)

    def count(table):
        return one(service, f"SELECT count(*) FROM kilroy.{table}")[0]

    service.manage("shell", "-c", PREPARE)
    wait(lambda: count("imports_revenuerow") > 0, CAUGHT_SECONDS)
    service.kill("worker")
    assert state()[0] == "checking", "it was over before the kill"
    wait(lambda: state()[0] == "ready", FINISHED_SECONDS)
    assert state() == ("ready", ROWS, 0)
    assert (count("imports_revenuerow"), count("activity_revenuerecord")) == (ROWS, 0)

    service.manage("shell", "-c", APPLY)
    wait(lambda: count("activity_revenuerecord") > 0, CAUGHT_SECONDS)
    service.kill("worker")
    assert 0 < count("activity_revenuerecord") < ROWS, "it was over before the kill"
    wait(lambda: state()[0] == "applied", FINISHED_SECONDS)
    stored = one(
        service,
        "SELECT count(*), count(DISTINCT (site_id, day, category)), max(revision), sum(net_amount) "
        "FROM kilroy.activity_revenuerecord",
    )
    whole = SITES * (DAYS * (DAYS - 1) // 2 + DAYS * 0.25)
    assert (stored[0], stored[1], stored[2], float(stored[3])) == (ROWS, ROWS, 1, whole)
    applied = one(service, "SELECT applied_rows, applied_through FROM kilroy.imports_import")
    assert applied == (ROWS, ROWS + 1)  # the first line is the header
    entries = "SELECT count(*) FROM kilroy.audit_entry WHERE action = 'import.applied'"
    assert one(service, entries) == (1,)
    assert "kilroy" in service.manage("verify_audit")
