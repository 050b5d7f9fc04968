"""Numbers without a gap: with eight processes at once, and after rolled-back issues."""

import subprocess
import sys
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from support.billing import make_contract, make_site
from support.source import ROOT

from billing.periods import Period
from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.invoices.calculation import calculate
from tenants.invoices.models import Invoice
from tenants.invoices.numbering import take_numbers
from tenants.invoices.selectors import load_contexts
from tenants.invoices.services.storing import store_invoices

PROCESSES = 8
INVOICES = 500
MARCH = Period(date(2025, 3, 1), date(2025, 3, 31))


def make_drafts(count):
    site = make_site()
    contracts = [make_contract(site) for _ in range(count // 10)]
    with transaction.atomic():
        for month in range(1, 11):
            period = Period(date(2024, month, 1), date(2024, month, 28))
            contexts = load_contexts([c.pk for c in contracts], period, on=period.end_date)
            calculations = [calculate(context, period) for context in contexts]
            store_invoices(actor=SYSTEM, calculations=calculations)


@pytest.mark.processes
def test_eight_processes_issue_five_hundred_invoices_without_gap_or_double(throwaway_organisation):
    organisation = throwaway_organisation
    with organisation_context(organisation):
        make_drafts(INVOICES)
        assert Invoice.objects.filter(number=None).count() == INVOICES
    workers = [
        subprocess.Popen(
            [
                sys.executable,
                *(str(ROOT / "tests/support/issue_invoices.py"), organisation.schema_name),
                *(str(part), str(PROCESSES)),
            ]
        )
        for part in range(PROCESSES)
    ]
    assert [worker.wait(300) for worker in workers] == [0] * PROCESSES
    with organisation_context(organisation):
        sequences = Invoice.objects.order_by("number_sequence").values_list(
            "number_sequence", flat=True
        )
        assert list(sequences) == list(range(1, INVOICES + 1))
        numbers = set(Invoice.objects.values_list("number", flat=True))
        assert numbers == {
            f"{Invoice.objects.first().number_prefix}-2024-{n:06}" for n in range(1, INVOICES + 1)
        }
        assert Entry.objects.filter(action="invoice.issued").count() == INVOICES


def test_rolled_back_block_is_given_again(in_acme):
    first = take_numbers(prefix="AE", year=2031, count=3)
    with transaction.atomic():
        take_numbers(prefix="AE", year=2031, count=5)
        transaction.set_rollback(True)
    second = take_numbers(prefix="AE", year=2031, count=1)
    assert (first.number(0), first.number(2)) == ("AE-2031-000001", "AE-2031-000003")
    assert second.number(0) == "AE-2031-000004"


def test_each_prefix_and_year_counts_for_itself(in_acme):
    assert take_numbers(prefix="AE", year=2030, count=1).number(0) == "AE-2030-000001"
    assert take_numbers(prefix="AE", year=2029, count=1).number(0) == "AE-2029-000001"
    assert take_numbers(prefix="GP", year=2030, count=1).number(0) == "GP-2030-000001"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoices_numberseries SET last_sequence = last_sequence - 1",
        "UPDATE invoices_numberseries SET prefix = 'ZZ'",
        "DELETE FROM invoices_numberseries",
    ],
)
def test_database_lets_a_series_only_grow(in_acme, statement):
    take_numbers(prefix="AE", year=2028, count=3)
    with (
        pytest.raises(IntegrityError, match="only goes forward"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
