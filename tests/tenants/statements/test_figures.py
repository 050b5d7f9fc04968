"""Statements say what the ledger says, to the cent, on both days of the period."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site
from support.statements import JANUARY, only_statement, run_statements

from billing.periods import Period, month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.invoices.models import Invoice
from tenants.invoices.services import credit_invoice, issue_invoice, void_invoice
from tenants.payments.services import (
    RefundInput,
    refund_payment,
    reverse_payment,
    write_off_amount,
)
from tenants.statements.models import Statement, StatementLine, StatementRunItem
from tenants.statements.selectors.accounts import accounts_of

FEBRUARY = month_period(2025, 2)
MARCH = month_period(2025, 3)
LAST_OF_JANUARY = date(2025, 1, 31)
LAST_OF_FEBRUARY = date(2025, 2, 28)


def money(text):
    return Decimal(text)


def write_off(invoice, amount, on):
    with transaction.atomic():
        locked = Invoice.objects.select_for_update().get(pk=invoice.pk)
        write_off_amount(invoice=locked, amount=money(amount), on=on, reason="Bad debt", by="me")


def test_an_invoice_and_its_payment(contract, customer, bill, pay, books):
    """1,000.00 and 13 % are 1,130.00; 1,130.00 less 600.00 leave 530.00."""
    bill(contract, 1)
    pay(customer, "600.00", date(2025, 2, 10))
    january = only_statement(run_statements())
    february = only_statement(run_statements(FEBRUARY))
    assert (january.opening_balance, january.invoiced, january.closing_balance) == (
        0,
        money("1130.00"),
        money("1130.00"),
    )
    assert (february.opening_balance, february.invoiced, february.paid) == (
        money("1130.00"),
        0,
        money("-600.00"),
    )
    assert february.closing_balance == money("530.00")
    assert january.closing_balance == books(customer, LAST_OF_JANUARY)
    assert february.closing_balance == books(customer, LAST_OF_FEBRUARY)
    assert january.total_amount == money("1130.00")


def test_a_month_of_everything_agrees_with_the_ledger(contract, customer, bill, pay, books):
    """Each kind of movement once; the balance is what the journal says, and adds up by line."""
    bill(contract, 1)
    second = bill(contract, 2)
    note = credit_invoice(
        actor=SYSTEM,
        invoice_id=second.invoice_id,
        reason="Half a month",
        amount=money("100.00"),
        invoice_date=LAST_OF_FEBRUARY,
    )
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    pay(customer, "630.00", date(2025, 2, 3), reference="Cheque 12")
    over = pay(customer, "2000.00", date(2025, 2, 20))
    refund_payment(
        actor=SYSTEM,
        payment_id=over.payment_id,
        given=RefundInput(money("50.00"), "ACH", "Paid too much", date(2025, 2, 25)),
    )
    statement = only_statement(run_statements(FEBRUARY))
    assert statement.opening_balance == money("1130.00")
    assert statement.invoiced == money("1130.00")
    assert statement.credited == money("-113.00")  # 100.00 and 13 %
    assert statement.paid == money("-2630.00")
    assert statement.adjusted == money("50.00")
    # 1,130.00 + 1,130.00 − 113.00 − 2,630.00 + 50.00
    assert statement.closing_balance == money("-433.00")
    assert statement.closing_balance == books(customer, LAST_OF_FEBRUARY)
    assert statement.open_credit == money("-433.00")
    assert sum(statement.buckets) == 0
    moved = [line for line in statement.lines.all() if not line.is_detail]
    assert sum(line.amount for line in moved) == (
        statement.closing_balance - statement.opening_balance
    )
    assert {line.item_type for line in moved} == {"invoice", "credit", "payment", "refund"}


def test_write_offs_reversals_and_voids_are_adjustments(contract, customer, bill, pay, books):
    first = bill(contract, 1)
    write_off(first, "130.00", date(2025, 2, 5))
    payment = pay(customer, "400.00", date(2025, 2, 6))
    february = only_statement(run_statements(FEBRUARY))
    # 1,130.00 − 130.00 − 400.00
    assert (february.adjusted, february.paid) == (money("-130.00"), money("-400.00"))
    assert february.closing_balance == money("600.00") == books(customer, LAST_OF_FEBRUARY)

    reversal = reverse_payment(actor=SYSTEM, payment_id=payment.payment_id, reason="Bounced")
    on = reversal.reversed_on
    month = month_period(on.year, on.month)
    statement = only_statement(run_statements(month))
    assert statement.paid == money("400.00")
    assert statement.closing_balance == money("1000.00") == books(customer, month.end_date)


def test_a_voided_invoice_leaves_nothing(contract, customer, bill, books):
    invoice = bill(contract, 1)
    voided = void_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Wrong site")
    assert voided.voided_on is not None
    month = month_period(voided.voided_on.year, voided.voided_on.month)
    before = only_statement(run_statements())
    after = only_statement(run_statements(month))
    assert before.closing_balance == money("1130.00") == before.age_current
    assert (after.adjusted, after.closing_balance) == (money("-1130.00"), 0)
    assert "voided" in after.lines.get(item_type="adjustment").service_description
    assert books(customer, month.end_date) == 0


def test_ageing_is_that_of_the_last_day(contract, customer, bill, pay):
    """Net 30: January's invoice was due on 2 March, February's is on 30 March."""
    bill(contract, 1)
    bill(contract, 2)
    pay(customer, "130.00", date(2025, 4, 2))  # later: on 15 March it was open
    statement = only_statement(run_statements(Period(date(2025, 3, 1), date(2025, 3, 15))))
    assert statement.age_1_30 == money("1130.00")
    assert statement.age_current == money("1130.00")
    assert statement.closing_balance == money("2260.00")


def test_lines_explain_an_invoice_by_charges_and_taxes(contract, bill):
    invoice = bill(contract, 1)
    statement = only_statement(run_statements())
    lines = list(statement.lines.all())
    assert [(line.item_type, line.amount) for line in lines] == [
        ("invoice", money("1130.00")),
        ("charge", money("1000.00")),
        ("tax", money("130.00")),
    ]
    assert lines[0].reference == invoice.number
    assert lines[0].invoice_id == invoice.pk
    assert (lines[0].service_period_start, lines[0].service_period_end) == (
        date(2025, 1, 1),
        LAST_OF_JANUARY,
    )
    assert lines[0].site_id == contract.site_id
    assert lines[0].contract_id == contract.pk
    plain = run_statements(Period(date(2025, 1, 1), date(2025, 2, 28)), detailed=False)
    assert [line.item_type for line in only_statement(plain).lines.all()] == ["invoice"]


def test_each_currency_has_its_own_statement(contract, customer, bill):
    dollars = make_contract(contract.site, effective_date=date(2025, 1, 1), currency="USD")
    bill(contract, 1)
    bill(dollars, 1)
    run = run_statements()
    found = {one.currency: one.closing_balance for one in run.statements.all()}
    assert found == {"CAD": money("1130.00"), "USD": money("1130.00")}


def test_accounts_are_grouped_by_contract_type_and_cycle(contract, customer, bill):
    share = make_contract(
        contract_type="revenue_share",
        configuration={"revenue_share_rate": "0.25"},
        effective_date=date(2025, 1, 1),
        frequency="quarterly",
    )
    bill(contract, 1)
    bill(share, 1, billing_data={"revenue_amount": money("50000.00")})
    segments = {
        (segment.contract_type, segment.billing_cycle) for _account, segment in accounts_of(JANUARY)
    }
    assert segments == {("fixed_fee", "monthly"), ("revenue_share", "quarterly")}
    only = run_statements(contract_types=["revenue_share"])
    statement = only_statement(only)
    assert statement.customer == share.site.customer
    assert (statement.contract_type, statement.contract) == ("revenue_share", share)


def test_a_customer_with_nothing_owed_and_nothing_moved_gets_none(contract, customer, bill, pay):
    bill(contract, 1)
    pay(customer, "1130.00", date(2025, 2, 10))
    assert run_statements(MARCH).total == 0
    assert run_statements(FEBRUARY).total == 1


def test_a_statement_is_frozen(contract, bill):
    bill(contract, 1)
    statement = only_statement(run_statements())
    for change in ({"closing_balance": 0}, {"paid": -1, "closing_balance": 1129}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Statement.objects.filter(pk=statement.pk).update(**change)
    statement.parties = {}
    with pytest.raises(DatabaseError), transaction.atomic():
        statement.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        statement.delete()
    line = statement.lines.first()
    with pytest.raises(DatabaseError), transaction.atomic():
        StatementLine.objects.filter(pk=line.pk).update(amount=1)
    line.pk, line.sort_order = None, 99
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        StatementLine.objects.bulk_create(
            [StatementLine(**{f.attname: getattr(line, f.attname) for f in fields_of(line)})]
        )
    Statement.objects.filter(pk=statement.pk).update(delivery_status="sent")  # moves on


def fields_of(line):
    return [field for field in line._meta.concrete_fields if field.name not in ("id", "created_at")]


def test_statements_of_one_organisation_are_unknown_to_another(contract, bill, globex):
    bill(contract, 1)
    statement = only_statement(run_statements())
    with organisation_context(globex):
        assert not Statement.objects.filter(pk=statement.pk).exists()
        assert run_statements().total == 0


def test_a_chunk_costs_the_same_queries_however_many_statements(in_acme, bill):
    """Three statements and nine: the reads and writes of a chunk are set-based."""
    contracts = [make_contract(make_site(), effective_date=date(2025, 1, 1)) for _ in range(9)]
    for contract in contracts:
        bill(contract, 1)
        bill(contract, 2)
    customers = [contract.site.customer.customer_id for contract in contracts]
    run_statements(JANUARY)  # so that February has something to be compared with
    counts = []
    for names in (customers[:3], customers[3:]):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            run = run_statements(FEBRUARY, customer_ids=names)
        assert run.statements.count() == len(names)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert not StatementRunItem.objects.exclude(status="made").exists()
