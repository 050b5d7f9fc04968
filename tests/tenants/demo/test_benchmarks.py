"""What benchmarks multiply in SQL is what the services made, in everything that counts."""

from datetime import date

from support.statements import run_statements

from shared.kernel.actor import SYSTEM
from tenants.demo.benchmarks.statements import PERIOD, make_customers
from tenants.invoices.models import Invoice, NumberSeries
from tenants.ledger.models import JournalEntry
from tenants.payments.control import control_differences
from tenants.sites.models import Customer
from tenants.statements.models import Statement

CUSTOMERS = 13  # ten by the services, three copies


def figures(statement):
    """What both must agree in: amounts and lines without the documents' own numbers."""
    lines = statement.lines.values_list("item_type", "code", "quantity", "rate", "amount")
    return statement.opening_balance, statement.closing_balance, statement.open_credit, *lines


def test_copied_customers_are_as_the_services_made_them(in_acme):
    make_customers(CUSTOMERS)
    assert Customer.objects.count() == CUSTOMERS
    # Books and documents agree, in the copies too.
    assert control_differences(actor=SYSTEM, on=date(2999, 1, 1)) == []
    # No number is missing or used twice, and the next invoice has the next one.
    numbers = sorted(Invoice.objects.values_list("number_sequence", flat=True))
    assert numbers == list(range(1, CUSTOMERS + 1))
    assert NumberSeries.objects.get().last_sequence == CUSTOMERS
    codes = set(JournalEntry.objects.filter(kind="invoice").values_list("document_code", flat=True))
    assert codes == set(Invoice.objects.values_list("number", flat=True))

    run = run_statements(PERIOD)
    assert (run.total, run.warnings) == (CUSTOMERS, [])
    assert len({figures(statement) for statement in Statement.objects.all()}) == 1
    assert set(Statement.objects.values_list("line_count", flat=True)) == {10}
    assert set(Statement.objects.values_list("contract_type", flat=True)) == {"hybrid"}
