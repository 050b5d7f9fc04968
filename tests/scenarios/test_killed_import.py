"""SIGKILL to the worker while it checks a revenue file, and again while it applies it.

Each row is there exactly once, with the amount of the file, and was written once. A real service
in processes of its own.
"""

import pytest

SITES, DAYS = 10, 8_000  # four chunks
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
with organisation_context(load_organisation('otto')):
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
with organisation_context(load_organisation('otto')):
    apply_import(actor=SYSTEM, import_id=Import.objects.get().pk)
"""


@pytest.mark.processes
def test_killed_while_checking_and_while_applying(service, observer):
    def state():
        found = observer.rows("SELECT status, rows, bad_rows FROM otto.imports_import")
        return found[0] if found else ("",)

    def count(table):
        return observer.rows(f"SELECT count(*) FROM otto.{table}")[0][0]

    observer.create_organisation("otto")
    service.manage("shell", "-c", PREPARE)
    observer.wait(lambda: count("imports_revenuerow") > 0, CAUGHT_SECONDS)
    service.kill("worker", with_children=True)
    assert state()[0] == "checking", "it was over before the kill"
    observer.end_lease("otto.imports_import")
    observer.wait(lambda: state()[0] == "ready", FINISHED_SECONDS)
    assert state() == ("ready", ROWS, 0)
    assert (count("imports_revenuerow"), count("activity_revenuerecord")) == (ROWS, 0)

    service.manage("shell", "-c", APPLY)
    observer.wait(lambda: count("activity_revenuerecord") > 0, CAUGHT_SECONDS)
    service.kill("worker", with_children=True)
    assert 0 < count("activity_revenuerecord") < ROWS, "it was over before the kill"
    observer.end_lease("otto.imports_import")
    observer.wait(lambda: state()[0] == "applied", FINISHED_SECONDS)
    (stored,) = observer.rows(
        "SELECT count(*), count(DISTINCT (site_id, day, category)), max(revision), sum(net_amount) "
        "FROM otto.activity_revenuerecord"
    )
    whole = SITES * (DAYS * (DAYS - 1) // 2 + DAYS * 0.25)
    assert (stored[0], stored[1], stored[2], float(stored[3])) == (ROWS, ROWS, 1, whole)
    applied = observer.rows("SELECT applied_rows, applied_through FROM otto.imports_import")
    assert applied == [(ROWS, ROWS + 1)]  # the first line is the header
    entries = "SELECT count(*) FROM otto.audit_entry WHERE action = 'import.applied'"
    assert observer.rows(entries) == [(1,)]
    assert "otto" in service.manage("verify_audit")
