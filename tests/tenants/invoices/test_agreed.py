"""Approved adjustments on invoices, to the cent."""

from datetime import date
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from tenants.contracts.services import (
    TermsInput,
    approve_adjustment,
    change_terms,
    propose_adjustment,
)
from tenants.invoices.selectors import load_contexts
from tenants.invoices.services import generate_invoice

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))
FEBRUARY = Period(date(2025, 2, 1), date(2025, 2, 28))


def agree(actor_in, contract, amount, day, *, to=None, approved=True):
    adjustment = propose_adjustment(
        actor=actor_in("billing_manager"),
        contract_id=contract.contract_id,
        amount=Decimal(amount),
        reason="Lift out of order",
        valid_from=day,
        valid_to=to,
        is_monthly=to is not None,
    )
    if approved:
        approve_adjustment(
            actor=actor_in("approver"),
            contract_id=contract.contract_id,
            adjustment_id=adjustment.adjustment_id,
        )
    return adjustment


def lines(site, period):
    invoice = generate_invoice(actor=SYSTEM, site_id=site.site_id, period=period).invoice
    return [(line.code, line.amount) for line in invoice.lines.all()], invoice


def test_once_on_the_invoice_of_its_day(in_acme, actor_in):
    site = make_site()
    agree(actor_in, make_contract(site), "-250.00", date(2025, 1, 31))
    billed, invoice = lines(site, JANUARY)
    assert billed == [("fixed_fee", 1000), ("adjustment", -250)]
    # 1,000.00 - 250.00 = 750.00; HST 13 % = 97.50
    assert (invoice.subtotal, invoice.total) == (750, Decimal("847.50"))
    assert invoice.lines.last().subject == "Lift out of order"
    assert invoice.lines.last().trace["inputs"]["approved_by"] == "approver@example.com"
    assert lines(site, FEBRUARY)[0] == [("fixed_fee", 1000)]


def test_every_month_prorated_by_its_days(in_acme, actor_in):
    site = make_site()
    agree(actor_in, make_contract(site), "-310.00", date(2025, 1, 22), to=date(2025, 2, 7))
    # January: -310 x 10/31 = -100.00; February: -310 x 7/28 = -77.50
    assert lines(site, JANUARY)[0][1] == ("adjustment", -100)
    assert lines(site, FEBRUARY)[0][1] == ("adjustment", Decimal("-77.50"))


def test_what_is_only_proposed_is_not_billed(in_acme, actor_in):
    site = make_site()
    agree(actor_in, make_contract(site), "-250.00", date(2025, 1, 10), approved=False)
    assert lines(site, JANUARY)[0] == [("fixed_fee", 1000)]


def test_terms_that_change_inside_the_period(in_acme, actor_in):
    site = make_site()
    contract = make_contract(site, configuration={"monthly_fee": "3100.00"})
    agree(actor_in, contract, "-31.00", date(2025, 1, 1), to=date(2025, 12, 31))
    agree(actor_in, contract, "50.00", date(2025, 1, 2))
    change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput("fixed_fee", {"monthly_fee": "6200.00"}),
        effective_date=date(2025, 1, 11),
    )
    # 3,100 x 10/31 = 1,000; -31 x 10/31 = -10; 6,200 x 21/31 = 4,200; -31 x 21/31 = -21; 50 once
    assert lines(site, JANUARY)[0] == [
        ("fixed_fee", 1000),
        ("adjustment", -10),
        ("fixed_fee", 4200),
        ("adjustment", -21),
        ("adjustment", 50),
    ]


def test_an_adjustment_of_another_contract_stays_there(in_acme, actor_in):
    site = make_site()
    make_contract(site)
    agree(actor_in, make_contract(), "-250.00", date(2025, 1, 10))
    assert lines(site, JANUARY)[0] == [("fixed_fee", 1000)]


def test_one_query_for_however_many_contracts(in_acme, actor_in):
    made = [make_contract() for _number in range(4)]
    for contract in made:
        agree(actor_in, contract, "-1.00", date(2025, 1, 10))

    def queries(contracts):
        with CaptureQueriesContext(connection) as seen:
            loaded = load_contexts([one.pk for one in contracts], JANUARY, on=JANUARY.end_date)
        assert all(len(context.adjustments) == 1 for context in loaded)
        return len(seen)

    assert queries(made[:1]) == queries(made)
