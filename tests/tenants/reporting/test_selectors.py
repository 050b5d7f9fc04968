"""What the home page counts and sums: to the cent, by currency, in a constant number of queries."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site

from billing.ageing import Bucket
from billing.periods import Period, month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden
from tenants.activity.selectors import missing_revenue_days
from tenants.activity.services import DayRevenue, record_revenue
from tenants.contracts.services import terminate_contract
from tenants.invoices.services import (
    credit_invoice,
    generate_invoice,
    issue_invoice,
    process_run,
    start_run,
)
from tenants.payments.selectors.ageing import ageing_totals
from tenants.payments.services import record_payment
from tenants.reporting import selectors

OCTOBER = month_period(2026, 10)
TODAY = date(2026, 11, 21)


@pytest.fixture(autouse=True)
def _in_november():
    with time_machine.travel("2026-11-21T15:00:00Z"):
        yield


def bill(contract, period=OCTOBER, *, issue=True, **options):
    return generate_invoice(
        actor=SYSTEM,
        site_id=contract.site.site_id,
        contract_id=contract.contract_id,
        period=period,
        issue=issue,
        **options,
    ).invoice


def pay(invoice, amount):
    record_payment(
        actor=SYSTEM,
        invoice_id=invoice.invoice_id,
        amount=Decimal(amount),
        received_on=date(2026, 11, 3),
        method="ACH",
    )


def report(site, days, amount="100.00"):
    record_revenue(
        actor=SYSTEM,
        site_id=site.site_id,
        records=[DayRevenue(day, Decimal(amount)) for day in days],
    )


def fee(site, amount, **options):
    return make_contract(site, configuration={"monthly_fee": amount}, **options)


def test_month_counts_contracts_and_sums_what_is_open_and_paid(in_acme):
    site = make_site()  # Ontario: 13%
    pay(bill(fee(site, "1000.00")), "1130.00")
    pay(bill(fee(site, "200.00")), "26.01")  # of 226.00
    bill(fee(site, "10.10"))  # 11.41
    bill(fee(site, "500.00"), issue=False)  # 565.00
    fee(site, "1.00")  # not billed
    fee(site, "1.00", active=False)
    fee(site, "1.00", effective_date=date(2026, 11, 1))
    figures = selectors.month_figures(actor=SYSTEM, period=OCTOBER)
    waiting = selectors.needs_attention(actor=SYSTEM, period=OCTOBER, as_of=TODAY, limit=4)
    assert (figures.contracts_due, waiting.contracts_unbilled) == (5, 1)
    assert (figures.paid.count, figures.paid.amounts) == (1, {"CAD": Decimal("1130.00")})
    assert (figures.open.count, figures.open.amounts) == (2, {"CAD": Decimal("211.40")})
    assert (figures.drafts.count, figures.drafts.amounts) == (1, {"CAD": Decimal("565.00")})


def test_quarterly_contract_is_due_in_the_last_month_of_its_quarter_only(in_acme):
    fee(make_site(), "1000.00", frequency="quarterly")
    for month, due in ((9, 1), (10, 0), (11, 0), (12, 1)):
        figures = selectors.month_figures(actor=SYSTEM, period=month_period(2026, month))
        assert figures.contracts_due == due, month


def test_receivables_are_aged_by_due_date_and_kept_by_currency(in_acme):
    site = make_site()
    terms = {"payment_terms_days": 30}
    bill(fee(site, "1000.00", **terms))  # due 30 November: not late, not within 7 days
    late = bill(fee(site, "200.00", **terms), month_period(2026, 9))  # due 30 October
    pay(late, "100.00")
    bill(fee(site, "10.00", **terms), month_period(2026, 5))  # due 30 June
    soon = bill(fee(site, "50.00", payment_terms_days=28))  # due 28 November
    abroad = make_site(site_name="Buffalo lot", currency="USD")
    bill(fee(abroad, "70.00", currency="USD", **terms), month_period(2026, 8))
    found = selectors.receivables(actor=SYSTEM, as_of=TODAY)
    assert soon.due_date == date(2026, 11, 28)
    assert found.buckets["CAD"] == {
        Bucket.CURRENT: Decimal("1186.50"),  # 1,130.00 + 56.50
        Bucket.DAYS_1_30: Decimal("126.00"),  # 226.00 - 100.00
        Bucket.DAYS_31_60: Decimal(0),
        Bucket.DAYS_61_90: Decimal(0),
        Bucket.OVER_90: Decimal("11.30"),
    }
    assert found.outstanding("CAD") == Decimal("1323.80")
    assert found.outstanding("USD") == Decimal("79.10")
    assert found.overdue.count == 3
    assert found.overdue.amounts == {"CAD": Decimal("137.30"), "USD": Decimal("79.10")}
    assert found.due_soon == {"CAD": Decimal("56.50")}


def test_home_and_ageing_agree_where_credit_notes_are_open(in_acme):
    site = make_site()
    contract = fee(site, "1000.00", payment_terms_days=30)
    late = bill(contract, month_period(2026, 8))
    pay(late, "1130.00")
    note = credit_invoice(actor=SYSTEM, invoice_id=late.invoice_id, reason="Twice")
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)  # nothing is open to take it
    owing = bill(contract, month_period(2026, 9))  # due 30 October: 1,130.00
    pay(owing, "30.00")
    bill(contract, month_period(2026, 12), invoice_date=date(2026, 12, 20))
    owed = selectors.receivables(actor=SYSTEM, as_of=TODAY)
    (aged,) = ageing_totals(actor=SYSTEM, on=TODAY)
    assert owed.buckets["CAD"] == aged.buckets
    assert owed.credits["CAD"] == aged.credits == Decimal("-1130.00")
    assert owed.outstanding("CAD") + owed.credits["CAD"] == aged.total == Decimal("-30.00")
    assert (owed.overdue.count, owed.overdue.amounts) == (1, {"CAD": Decimal("1100.00")})


def test_a_credit_note_is_no_invoice_to_be_paid(in_acme):
    paid = bill(fee(make_site(), "1000.00"))
    pay(paid, "1130.00")
    note = credit_invoice(
        actor=SYSTEM, invoice_id=paid.invoice_id, reason="Less", amount=Decimal("100.00")
    )
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    figures = selectors.month_figures(actor=SYSTEM, period=OCTOBER)
    assert (figures.open.count, figures.paid.count) == (0, 1)
    assert (figures.credits.count, figures.credits.amounts) == (1, {"CAD": Decimal("-113.00")})


def test_what_is_paid_or_a_draft_is_no_receivable(in_acme):
    site = make_site()
    pay(bill(fee(site, "1000.00")), "1130.00")
    bill(fee(site, "500.00"), issue=False)
    found = selectors.receivables(actor=SYSTEM, as_of=TODAY)
    assert found.buckets == {}
    assert found.outstanding("CAD") == 0


def test_revenue_is_net_by_month_and_type_of_issued_invoices(in_acme):
    site = make_site()
    fixed = fee(site, "1000.01")
    bill(fixed)
    bill(fixed, month_period(2026, 9))
    bill(fixed, month_period(2025, 10))  # a month too old
    bill(fee(site, "5.00"), issue=False)
    report(site, OCTOBER, "100.00")
    bill(
        make_contract(
            site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.15"}
        )
    )
    found = selectors.revenue_by_type(actor=SYSTEM, last=OCTOBER)
    assert (found.months[0], found.months[-1], len(found.months)) == (
        date(2025, 11, 1),
        date(2026, 10, 1),
        12,
    )
    series = dict(found.series("CAD"))
    assert series["revenue_share"] == [Decimal(0)] * 11 + [Decimal("465.00")]  # 31 × 100 × 0.15
    assert series["fixed_fee"] == [Decimal(0)] * 10 + [Decimal("1000.01")] * 2
    assert list(series) == ["revenue_share", "fixed_fee"]
    assert found.series("USD") == []


def missing(limit=5):
    return missing_revenue_days(actor=SYSTEM, period=OCTOBER, limit=limit)


def test_missing_days_are_the_active_days_without_a_record(in_acme):
    site = make_site(site_name="Lakeside Parking")
    share = {"revenue_share_rate": "0.15"}
    make_contract(
        site,
        contract_type="revenue_share",
        configuration=share,
        effective_date=date(2026, 10, 10),
    )
    make_contract(site, contract_type="revenue_share", configuration=share)  # the whole month
    days = [day for day in OCTOBER if day not in (date(2026, 10, 14), date(2026, 10, 15))]
    report(site, days)
    fee(make_site(site_name="Needs none"), "1.00")
    found = missing()
    assert (found.days, found.sites) == (2, 1)
    assert found.worst[0].site_id == site.site_id
    assert found.worst[0].days == (date(2026, 10, 14), date(2026, 10, 15))


@pytest.mark.parametrize(
    ("contract_type", "configuration", "needs"),
    [
        ("management_agreement", {"management_fee": {"revenue_rate": "0.05"}}, True),
        ("management_agreement", {"management_fee": {"monthly_fee": "10.00"}}, False),
        (
            "management_agreement",
            {
                "management_fee": {"monthly_fee": "10.00"},
                "insurance": {"basis": "gross_revenue", "rate": "0.01"},
            },
            True,
        ),
        (
            "management_agreement",
            {
                "management_fee": {"cost_rate": "0.1"},
                "insurance": {"basis": "payroll", "rate": "0.01"},
            },
            False,
        ),
        (
            "management_agreement",
            {
                "management_fee": {"cost_rate": "0.1"},
                "profit_share": {
                    "threshold": "0",
                    "tiers": [{"up_to": None, "rate": "0.1"}],
                },
            },
            True,
        ),
        (
            "hybrid",
            {
                "components": [
                    {"contract_type": "fixed_fee", "monthly_fee": "5.00"},
                    {"contract_type": "revenue_share", "revenue_share_rate": "0.1"},
                ]
            },
            True,
        ),
        (
            "hybrid",
            {"components": [{"contract_type": "fixed_fee", "monthly_fee": "5.00"}]},
            False,
        ),
    ],
)
def test_the_terms_that_need_revenue_are_those_the_rating_needs_it_for(
    in_acme, contract_type, configuration, needs
):
    from billing.rating.inputs import Input, required_inputs
    from billing.terms import parse_terms

    contract = make_contract(contract_type=contract_type, configuration=configuration)
    stored = contract.terms.get()
    parsed = parse_terms(stored.contract_type, stored.billing_configuration)
    assert (Input.REVENUE in required_inputs(parsed)) == needs
    assert missing().days == (31 if needs else 0)


def test_days_after_the_contract_ended_are_not_missing(in_acme):
    contract = make_contract(
        contract_type="revenue_share", configuration={"revenue_share_rate": "0.15"}
    )
    terminate_contract(actor=SYSTEM, contract_id=contract.contract_id, last_day=date(2026, 10, 3))
    assert missing().days == 3


def test_only_the_worst_sites_are_named_but_all_are_counted(in_acme):
    for number in range(3):
        site = make_site(site_name=f"Lot {number}")
        make_contract(
            site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.15"}
        )
        report(site, [date(2026, 10, 1) + timedelta(days=n) for n in range(number * 5 + 1)])
    found = missing(limit=2)
    assert (found.days, found.sites) == (30 + 25 + 20, 3)
    assert [gap.name for gap in found.worst] == ["Lot 0", "Lot 1"]


def test_what_failed_is_named_once_with_its_reason(in_acme):
    site = make_site()
    make_contract(site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.15"})
    fee(site, "1000.00")
    process_run(run_id=start_run(actor=SYSTEM, period=OCTOBER, issue=False).pk)
    later = fee(site, "5.00")
    found = selectors.needs_attention(actor=SYSTEM, period=OCTOBER, as_of=TODAY, limit=4)
    assert (found.failed_count, found.contracts_unbilled) == (1, 2)
    assert "evenue" in found.failed[0].reason
    assert [contract.pk for contract in found.unbilled] == [later.pk]
    assert found.unbilled_count == 1
    assert [invoice.total for invoice in found.drafts] == [Decimal("1130.00")]


def test_a_failure_that_was_billed_since_is_no_failure(in_acme):
    site = make_site()
    share = make_contract(
        site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.15"}
    )
    process_run(run_id=start_run(actor=SYSTEM, period=OCTOBER).pk)
    bill(share, billing_data={"revenue_amount": "100.00"})
    found = selectors.needs_attention(actor=SYSTEM, period=OCTOBER, as_of=TODAY, limit=4)
    assert found.failed_count == 0
    assert found.unbilled_count == 0


def test_the_start_is_over_when_each_thing_was_done_once(in_acme):
    from tenants.structure.models import LegalEntity
    from tenants.structure.services import update_legal_entity

    start = selectors.starting_point(actor=SYSTEM)
    assert not start.has_site
    assert not start.is_over
    site = make_site()
    contract = fee(site, "1000.00")
    bill(contract)
    update_legal_entity(
        actor=SYSTEM,
        entity_id=LegalEntity.objects.get(is_default=True).pk,
        changes={"street1": "1 Main Street", "city": "Toronto"},
        tax_registrations={"HST": "12345 6789 RT0001"},
    )
    assert selectors.starting_point(actor=SYSTEM).is_over


def every_figure(actor):
    selectors.starting_point(actor=actor)
    missing_revenue_days(actor=actor, period=OCTOBER, limit=4)
    selectors.month_figures(actor=actor, period=OCTOBER)
    selectors.receivables(actor=actor, as_of=TODAY)
    selectors.revenue_by_type(actor=actor, last=OCTOBER)
    selectors.needs_attention(actor=actor, period=OCTOBER, as_of=TODAY, limit=4)


def test_the_queries_do_not_grow_with_the_rows(in_acme):
    def rows():
        site = make_site()
        bill(fee(site, "1000.00"), month_period(2026, 9))
        bill(fee(site, "1000.00"), issue=False)
        make_contract(
            site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.15"}
        )

    rows()
    process_run(run_id=start_run(actor=SYSTEM, period=OCTOBER, issue=False).pk)
    with CaptureQueriesContext(connection) as few:
        every_figure(SYSTEM)
    for _ in range(3):
        rows()
    process_run(run_id=start_run(actor=SYSTEM, period=OCTOBER, issue=False).pk)
    with CaptureQueriesContext(connection) as many:
        every_figure(SYSTEM)
    assert len(many) == len(few) == 12


@pytest.mark.parametrize("role", ["contractor", "customer"])
def test_who_may_not_see_the_books_gets_no_figure(in_acme, actor_in, role):
    actor = actor_in(role)
    calls = [
        lambda: selectors.starting_point(actor=actor),
        lambda: missing_revenue_days(actor=actor, period=OCTOBER, limit=4),
        lambda: selectors.month_figures(actor=actor, period=OCTOBER),
        lambda: selectors.receivables(actor=actor, as_of=TODAY),
        lambda: selectors.revenue_by_type(actor=actor, last=OCTOBER),
        lambda: selectors.needs_attention(actor=actor, period=OCTOBER, as_of=TODAY, limit=4),
        lambda: selectors.failed_contracts(actor=actor, period=OCTOBER),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            call()


def test_figures_are_of_this_organisation_alone(in_acme, globex):
    from shared.kernel.tenancy import organisation_context

    with organisation_context(globex):
        bill(fee(make_site(), "1000.00"))
    assert selectors.month_figures(actor=SYSTEM, period=OCTOBER).contracts_due == 0
    assert selectors.receivables(actor=SYSTEM, as_of=TODAY).buckets == {}


def test_a_period_of_one_day_is_a_period(in_acme):
    day = Period(date(2026, 10, 31), date(2026, 10, 31))
    assert selectors.month_figures(actor=SYSTEM, period=day).contracts_due == 0
