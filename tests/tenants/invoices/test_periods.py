"""Which days are billed: none twice, none left out, by the calendar, not far ahead."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site

from billing.periods import Frequency, Period, calendar_period, month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.errors import Invalid
from tenants.invoices.models import Invoice
from tenants.invoices.selectors.runs import unbilled_contracts
from tenants.invoices.services import generate_invoice, process_run, start_run
from tenants.invoices.services.run_preview import preview_run
from tenants.reporting.selectors.attention import needs_attention
from tenants.review.models import ReviewItem

SEPTEMBER = month_period(2026, 9)
QUARTER = Period(date(2026, 7, 1), date(2026, 9, 30))


@pytest.fixture
def contract(in_acme):
    return make_contract(make_site(), configuration={"monthly_fee": "3000.00"})


def bill(contract, first, last, **options):
    return generate_invoice(
        actor=SYSTEM, site_id=contract.site.site_id, period=Period(first, last), **options
    ).invoice


def run(period=SEPTEMBER, **options):
    made = process_run(run_id=start_run(actor=SYSTEM, period=period, **options).pk)
    return made.items.select_related("invoice").get()


def refused(field, action):
    with pytest.raises(Invalid) as caught:
        action()
    assert [one.field for one in caught.value.errors] == [field]
    assert not Invoice.objects.exists()


def test_a_run_bills_the_rest_of_a_partly_billed_month(contract):
    first = bill(contract, date(2026, 9, 1), date(2026, 9, 3))
    assert first.subtotal == Decimal("300.00")
    preview = preview_run(actor=SYSTEM, period=SEPTEMBER)
    assert (preview.unbilled, preview.billed_before, preview.ready) == (1, 0, 1)
    assert preview.totals == {"CAD": Decimal("3051.00")}  # 2,700.00 and HST
    item = run()
    assert (item.status, item.invoice.subtotal) == ("billed", Decimal("2700.00"))
    assert (item.invoice.period_start, item.invoice.period_end) == (
        date(2026, 9, 4),
        date(2026, 9, 30),
    )
    assert not unbilled_contracts(actor=SYSTEM, period=SEPTEMBER).exists()
    assert run().status == "skipped"


def test_two_open_stretches_are_asked_about_and_shown_as_unbilled(contract):
    bill(contract, date(2026, 9, 10), date(2026, 9, 12))
    preview = preview_run(actor=SYSTEM, period=SEPTEMBER)
    assert (preview.unbilled, preview.billed_before, preview.ready) == (1, 0, 0)
    assert [one.problem.code for one in preview.failing] == ["partly_billed"]
    item = run()
    assert (item.status, item.code, item.field) == ("failed", "partly_billed", "billing_period")
    assert "Sep 1, 2026 to Sep 9, 2026; Sep 13, 2026 to Sep 30, 2026" in item.reason
    asked = ReviewItem.objects.get(status="open")
    assert (asked.kind, asked.field) == ("data_validation", "billing_period")
    attention = needs_attention(actor=SYSTEM, period=SEPTEMBER, as_of=today(), limit=5)
    assert [one.code for one in attention.failed] == ["partly_billed"]
    bill(contract, date(2026, 9, 1), date(2026, 9, 9))
    assert ReviewItem.objects.get().status == "open"
    bill(contract, date(2026, 9, 13), date(2026, 9, 30))
    assert ReviewItem.objects.get().status != "open"
    assert sum(Invoice.objects.values_list("subtotal", flat=True)) == Decimal("3000.00")


def test_only_active_days_count_as_unbilled(in_acme):
    ending = make_contract(make_site(), effective_date=date(2026, 9, 5), end_date=date(2026, 9, 20))
    bill(ending, date(2026, 9, 5), date(2026, 9, 20))
    assert not unbilled_contracts(actor=SYSTEM, period=SEPTEMBER).exists()


def test_a_quarter_is_unbilled_until_all_its_months_are_billed(in_acme):
    quarterly = make_contract(frequency="quarterly")
    bill(quarterly, date(2026, 9, 1), date(2026, 9, 30))
    assert unbilled_contracts(actor=SYSTEM, period=SEPTEMBER).exists()
    item = run()
    assert (item.invoice.period_start, item.invoice.period_end) == (
        date(2026, 7, 1),
        date(2026, 8, 31),
    )
    assert item.invoice.subtotal == Decimal("2000.00")


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 4, 10), date(2026, 5, 9)), (date(2026, 7, 1), date(2026, 8, 31))],
)
def test_an_invoice_never_spans_two_calendar_periods(contract, first, last):
    refused("billing_period", lambda: bill(contract, first, last))


def test_a_run_of_a_quarter_leaves_monthly_contracts_alone(contract):
    preview = preview_run(actor=SYSTEM, period=QUARTER)
    assert (preview.ready, [one.problem.code for one in preview.failing]) == (0, ["not_aligned"])
    item = run(QUARTER)
    assert (item.status, item.field) == ("skipped", "billing_period")
    assert "(Monthly), and the run is of longer days" in item.reason
    assert not Invoice.objects.exists()


def test_a_run_of_a_year_bills_annual_contracts_and_says_why_not_the_others(in_acme):
    """What the preview says before is what the run says after."""
    year = calendar_period(Frequency.ANNUAL, date(2025, 1, 1))
    site = make_site()
    make_contract(site, frequency="annual")
    quarterly = make_contract(site, frequency="quarterly")
    preview = preview_run(actor=SYSTEM, period=year)
    assert (preview.due, preview.ready, preview.totals) == (2, 1, {"CAD": Decimal("13560.00")})
    (passed_over,) = preview.failing
    assert passed_over.contract == quarterly
    items = process_run(run_id=start_run(actor=SYSTEM, period=year).pk).items
    item = items.get(contract=quarterly)
    assert (item.status, item.reason) == ("skipped", passed_over.problem.reason)
    assert "(Quarterly), and the run is of longer days" in item.reason
    assert items.get(status="billed").invoice.total == Decimal("13560.00")
    # its last month bills the quarter, which the year's run left to it
    december = preview_run(actor=SYSTEM, period=month_period(2025, 12))
    assert (december.due, december.unbilled) == (2, 1)
    assert december.totals == {"CAD": Decimal("3390.00")}


def test_a_run_bills_no_period_that_begins_more_than_a_month_ahead(contract):
    first = today() + timedelta(days=62)
    far = month_period(first.year, first.month)
    refused("billing_period", lambda: start_run(actor=SYSTEM, period=far))
    refused("billing_period", lambda: preview_run(actor=SYSTEM, period=far))


def test_a_slip_in_the_year_of_one_invoice_is_refused(contract):
    january = month_period(2062, 1)
    refused("billing_period", lambda: bill(contract, january.start_date, january.end_date))
    now = month_period(today().year, today().month)
    dated = today() + timedelta(days=732)
    refused(
        "invoice_date",
        lambda: bill(contract, now.start_date, now.end_date, invoice_date=dated),
    )


def test_a_year_is_billed_in_advance_and_dated_when_it_is_billed(in_acme, monkeypatch):
    make_contract(frequency="annual", configuration={"annual_fee": "12000.00"})
    monkeypatch.setattr("tenants.invoices.dating.today", lambda: date(2026, 2, 2))
    item = run(calendar_period(Frequency.ANNUAL, date(2026, 1, 1)))
    assert (item.invoice.invoice_date, item.invoice.subtotal) == (
        date(2026, 2, 2),
        Decimal("12000.00"),
    )
