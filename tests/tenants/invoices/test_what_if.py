"""Draft terms tried on past periods: both sides to the cent, and nothing written."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden, Invalid, NotFound
from tenants.activity.services import DayRevenue, record_revenue
from tenants.contracts.services import TermsInput
from tenants.invoices.services import (
    credit_invoice,
    generate_invoice,
    issue_invoice,
    recalculate_invoice,
)
from tenants.invoices.services.what_if import try_terms

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))
MARCH_END = date(2025, 3, 31)
SHARE_20 = TermsInput("revenue_share", {"revenue_share_rate": "0.20"})


@pytest.fixture
def shared_site(in_acme):
    """A share of 15 %: January billed on 50,000, February's revenue recorded, March without."""
    site = make_site()
    contract = make_contract(
        site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.15"}
    )
    generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        period=JANUARY,
        billing_data={
            "revenue_amount": 50000,
            "additional_charges": [{"description": "Equipment rental", "amount": 500}],
        },
    )
    for day in range(1, 29):
        record_revenue(
            actor=SYSTEM,
            site_id=site.site_id,
            records=[DayRevenue(date(2025, 2, day), Decimal(1000), Decimal(1000))],
        )
    return contract


def attempt(contract, terms=SHARE_20, *, periods=3, until=MARCH_END):
    return try_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=terms,
        periods=periods,
        until=until,
    )


def test_each_period_stands_both_ways(shared_site):
    tried = attempt(shared_site)
    january, february, march = tried.periods
    # billed: 50,000 x 0.15 + 500 = 8,000; tried: 50,000 x 0.20 + 500 = 10,500
    assert january.invoice is not None
    assert (january.before.subtotal, january.after.subtotal) == (8000, 10500)
    assert [line.code for line in january.after.lines] == ["revenue_share", "additional_charge"]
    # recorded: 28,000 x 0.15 = 4,200; x 0.20 = 5,600
    assert february.invoice is None
    assert (february.before.subtotal, february.after.subtotal) == (4200, 5600)
    assert (march.before, march.after, march.difference) == (None, None, None)
    assert march.problem.startswith("Revenue: ")
    assert (tried.total_before, tried.total_after, tried.difference) == (12200, 16100, 3900)


def test_a_recalculated_period_is_tried_on_what_it_was_recalculated_from(shared_site):
    invoice = shared_site.invoices.get()
    data = {"revenue_amount": 60000, "additional_charges": []}
    more = recalculate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, billing_data=data)
    issue_invoice(actor=SYSTEM, invoice_id=more.correction.invoice_id)
    (january,) = attempt(shared_site, periods=1, until=date(2025, 1, 31)).periods
    # billed: 60,000 x 0.15 = 9,000; tried: x 0.20 = 12,000
    assert january.invoice == invoice
    assert (january.before.subtotal, january.after.subtotal) == (9000, 12000)
    note = credit_invoice(
        actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Goodwill", amount=Decimal(100)
    )
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    (january,) = attempt(shared_site, periods=1, until=date(2025, 1, 31)).periods
    assert (january.before.subtotal, january.after.subtotal) == (8900, 11900)


def test_hours_come_from_the_invoice_they_were_billed_by(in_acme):
    site = make_site()
    contract = make_contract(
        site, contract_type="per_labor_hour", configuration={"hourly_rates": {"standard": "50"}}
    )
    generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        period=JANUARY,
        billing_data={"labor_hours": {"regular": 100, "overtime": 10}},
    )
    dearer = TermsInput("per_labor_hour", {"hourly_rates": {"standard": "60"}})
    (january,) = attempt(contract, dearer, periods=1, until=date(2025, 2, 10)).periods
    # 100 x 50 + 10 x 75 = 5,750; 100 x 60 + 10 x 90 = 6,900
    assert (january.before.subtotal, january.after.subtotal) == (5750, 6900)


def test_nothing_is_written_or_locked(shared_site):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        attempt(shared_site)
    statements = [query["sql"] for query in queries.captured_queries]
    assert all(sql.startswith("SELECT") for sql in statements)
    assert not any("FOR NO KEY UPDATE" in sql for sql in statements)


def test_queries_do_not_grow_with_the_periods(shared_site):
    attempt(shared_site, periods=1)
    with CaptureQueriesContext(connection) as few:
        attempt(shared_site, periods=3)
    with CaptureQueriesContext(connection) as many:
        attempt(shared_site, periods=15)
    assert len(many) == len(few)


def test_periods_stop_at_the_contract_and_at_the_day(in_acme):
    contract = make_contract(effective_date=date(2025, 1, 11))
    tried = attempt(
        contract,
        TermsInput("fixed_fee", {"monthly_fee": "3100"}),
        periods=24,
        until=date(2025, 3, 30),
    )
    assert [one.period.start_date.month for one in tried.periods] == [1, 2]  # March is not over
    # 1,000 x 21/31 = 677.42; 3,100 x 21/31 = 2,100.00
    january = tried.periods[0]
    assert (january.before.subtotal, january.after.subtotal) == (Decimal("677.42"), 2100)


def test_wrong_questions_are_refused(shared_site, actor_in):
    with pytest.raises(Invalid):
        attempt(shared_site, TermsInput("revenue_share", {"revenue_share_rate": 15}))
    with pytest.raises(Invalid):
        attempt(shared_site, periods=25)
    with pytest.raises(Forbidden):
        try_terms(actor=actor_in("contractor"), contract_id=shared_site.contract_id, terms=SHARE_20)
    with pytest.raises(NotFound):
        try_terms(actor=SYSTEM, contract_id="CON99999999", terms=SHARE_20)
