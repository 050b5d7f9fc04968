"""Ageing at any day, to the cent the ledger's receivable; expected cash by habit."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_site
from support.payments import credit_note, open_invoices, receive

from billing.ageing import Bucket
from billing.application import ALL_RULES
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.errors import Forbidden
from shared.kernel.tenancy import organisation_context
from tenants.ledger.models import Account
from tenants.ledger.selectors import trial_balance
from tenants.payments.selectors import (
    GroupBy,
    ageing,
    ageing_totals,
    expected_cash,
    open_items,
)
from tenants.payments.services import (
    Part,
    RefundInput,
    apply_credit_note,
    refund_credit_note,
    reverse_payment,
    unapply,
)

FULL = Decimal("1130.00")


def receivable(on):
    return {
        row.currency: row.amount
        for row in trial_balance(actor=SYSTEM, on=on)
        if row.account == Account.RECEIVABLE and row.amount
    }


def aged(on, by=GroupBy.CUSTOMER):
    return ageing(actor=SYSTEM, by=by, on=on)


def test_each_invoice_stands_in_the_bucket_of_its_due_date(invoices):
    # Due 2 March, 30 March and 30 April 2025: 60, 32 and 1 days late on 1 May.
    invoices(3)
    (row,) = aged(date(2025, 5, 1))
    assert list(row.buckets.values()) == [0, FULL, 2 * FULL, 0, 0]
    assert (row.name, row.currency, row.total, row.credits) == ("North Yard", "CAD", 3 * FULL, 0)
    (row,) = aged(date(2025, 7, 30))
    assert list(row.buckets.values()) == [0, 0, 0, 0, 3 * FULL]


def test_a_past_day_is_as_it_was_whatever_came_after(invoices):
    first, second = invoices(2)
    paid = receive(first, "1200.00", received_on=date(2025, 3, 10), rules=ALL_RULES).payment
    note = credit_note(second, "30.00")
    days = [date(2025, 1, 30), date(2025, 2, 15), date(2025, 3, 9), date(2025, 3, 10), today()]

    def seen():
        return {
            on: (sum(row.total for row in aged(on)), sum(receivable(on).values())) for on in days
        }

    before = seen()
    assert [mine for mine, _ledger in before.values()] == [
        0,
        FULL,
        2 * FULL - 30,
        FULL - 70 - 30,
        FULL - 70 - 30,
    ]
    assert all(mine == ledger for mine, ledger in before.values())
    unapply(actor=SYSTEM, payment_id=paid.payment_id)
    apply_credit_note(
        actor=SYSTEM, credit_note_id=note.invoice_id, parts=[Part(second.invoice_id, Decimal(10))]
    )
    refund_credit_note(
        actor=SYSTEM,
        credit_note_id=note.invoice_id,
        given=RefundInput(Decimal(20), "ACH", "Closed"),
    )
    reverse_payment(actor=SYSTEM, payment_id=paid.payment_id, reason="NSF")
    after = seen()
    assert {on: after[on] for on in days[:-1]} == {on: before[on] for on in days[:-1]}
    assert after[today()] == (2 * FULL - 10, 2 * FULL - 10)


def test_credits_and_unapplied_money_have_columns_of_their_own(invoices):
    (invoice,) = invoices()
    credit_note(invoice, "30.00")
    receive(invoice, "55.50", received_on=date(2025, 3, 5))
    (row,) = aged(date(2025, 3, 5))
    assert (row.credits, row.total, row.unapplied) == (-30, FULL - 30, Decimal("55.50"))
    assert row.buckets[Bucket.DAYS_1_30] == FULL
    assert aged(date(2025, 3, 4))[0].unapplied == 0


def test_who_has_only_unapplied_money_is_in_the_ageing_and_in_its_totals(invoices):
    (owing,) = invoices()
    receive(owing, "10.00", received_on=date(2025, 3, 5))
    (settled,) = open_invoices(site=make_site(site_name="Lakeside"))
    receive(settled, "1840.00", received_on=date(2025, 3, 5), rules=ALL_RULES)
    on = date(2025, 3, 31)
    first, last = aged(on)
    assert (first.name, first.total, first.unapplied) == ("North Yard", FULL, 10)
    assert (last.name, last.total, last.unapplied) == ("Lakeside", 0, Decimal("710.00"))
    (totals,) = ageing_totals(actor=SYSTEM, on=on)
    assert (totals.total, totals.unapplied) == (FULL, Decimal("720.00"))
    # Over the pages of a list each stands once.
    pages = [
        row.name
        for place in range(3)
        for row in ageing(actor=SYSTEM, by=GroupBy.CUSTOMER, on=on, first=place, limit=1)
    ]
    assert pages == ["North Yard", "Lakeside"]


def test_expected_cash_is_less_what_customers_have_already(invoices):
    first, second = invoices(2)
    on = date(2025, 2, 20)
    whole = [week.amount for week in expected_cash(actor=SYSTEM, on=on).weeks["CAD"]]
    credit_note(first, "30.00")
    receive(first, "1200.00", received_on=date(2025, 2, 10))
    found = expected_cash(actor=SYSTEM, on=on)
    assert sum(whole) == 2 * FULL
    # 1,230.00 are there already: all of the first and 100.00 of the second.
    assert sum(week.amount for week in found.weeks["CAD"]) == FULL - 100
    assert found.total.amount == FULL - 100
    (habit,) = found.habits
    assert (habit.open, habit.expected_on) == (FULL - 100, second.due_date)


def test_by_site_by_entity_and_by_currency_add_up_to_the_same(invoices):
    invoices(2)
    open_invoices(site=make_site(site_name="Lakeside", currency="USD"), currency="USD")
    on = date(2025, 6, 1)
    for by in GroupBy:
        sums = {}
        for row in aged(on, by):
            sums[row.currency] = sums.get(row.currency, 0) + row.total
        assert sums == receivable(on) == {"CAD": 2 * FULL, "USD": FULL}
    assert {row.currency: row.total for row in ageing_totals(actor=SYSTEM, on=on)} == sums
    (site_row,) = [row for row in aged(on, GroupBy.SITE) if row.currency == "USD"]
    assert (site_row.name, site_row.code[:4]) == ("Lakeside", "SITE")


def test_behind_a_row_are_its_documents(invoices):
    first, second = invoices(2)
    receive(first, "130.00", rules=ALL_RULES, received_on=date(2025, 3, 1))
    on = date(2025, 4, 1)
    code = first.customer.customer_id
    found = open_items(actor=SYSTEM, by=GroupBy.CUSTOMER, code=code, on=on)
    assert {(row.pk, row.open) for row in found} == {(first.pk, 1000), (second.pk, FULL)}
    late = open_items(actor=SYSTEM, by=GroupBy.CUSTOMER, code=code, on=on, bucket=Bucket.DAYS_1_30)
    assert {row.pk for row in late} == {first.pk, second.pk}
    assert not open_items(actor=SYSTEM, by=GroupBy.CUSTOMER, code="CUS000000", on=on).exists()


def test_pages_and_queries_do_not_grow_with_the_rows(in_acme):
    open_invoices(site=make_site(site_name="A"))
    with CaptureQueriesContext(connection) as few:
        aged(date(2025, 6, 1))
    for name in "BCDE":
        open_invoices(site=make_site(site_name=name))
    with CaptureQueriesContext(connection) as many:
        rows = aged(date(2025, 6, 1))
    assert len(few) == len(many)
    pages = [
        ageing(actor=SYSTEM, by=GroupBy.CUSTOMER, on=date(2025, 6, 1), first=n, limit=2)
        for n in (0, 2, 4)
    ]
    assert [row.name for page in pages for row in page] == [row.name for row in rows]
    assert len(rows) == 5


def test_nobody_sees_another_organisations_or_without_permission(invoices, globex, actor_in):
    invoices()
    with organisation_context(globex):
        assert aged(date(2025, 6, 1)) == []
        assert expected_cash(actor=SYSTEM, on=today()).weeks == {}
    with pytest.raises(Forbidden):
        ageing(actor=actor_in("contractor"), by=GroupBy.SITE, on=today())
    with pytest.raises(Forbidden):
        expected_cash(actor=actor_in("customer"), on=today())


def test_cash_is_expected_by_each_customers_own_habit(invoices):
    made = invoices(4)
    # Due 2 March, 30 March and 30 April; paid 10, 4 and 6 days late: the median is 6.
    for invoice, late in zip(made, (10, 4, 6), strict=False):
        receive(
            invoice,
            "1130.00",
            received_on=invoice.due_date + timedelta(days=late),
            rules=ALL_RULES,
        )
    on = date(2025, 5, 5)
    found = expected_cash(actor=SYSTEM, on=on)
    (habit,) = found.habits
    assert (habit.days_late, habit.seen, habit.open) == (6, 3, FULL)
    # The fourth is due on Friday 30 May 2025; expected on 5 June, in the week of 2 June.
    assert habit.expected_on == made[3].due_date + timedelta(days=6) == date(2025, 6, 5)
    assert {week.start: week.amount for week in found.weeks["CAD"] if week.amount} == {
        date(2025, 6, 2): FULL
    }
    assert (found.total.currency, found.total.amount) == ("CAD", FULL)


def test_a_currency_without_a_rate_leaves_no_misleading_sum(in_acme):
    open_invoices(site=make_site(currency="USD"), currency="USD")
    found = expected_cash(actor=SYSTEM, on=today())
    assert (found.total, found.missing_rates) == (None, ["USD"])
