"""The revenue page and the calendar of a site."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.activity.models import RevenueRecord
from tenants.activity.services import DayRevenue, record_revenue
from tenants.invoices.services import generate_invoice


@pytest.fixture
def site(acme):
    with organisation_context(acme):
        return make_site()


@pytest.fixture
def browser(acme, client_for):
    return signed_in(client_for, acme, "billing_manager")


def record(acme, site, *days, month=10):
    with organisation_context(acme):
        given = [DayRevenue(date(2026, month, day), Decimal("100.10")) for day in days]
        record_revenue(actor=SYSTEM, site_id=site.site_id, records=given)


def test_the_calendar_marks_reported_missing_and_invoiced_days(browser, acme, site):
    address = f"/sites/{site.site_id}/revenue/calendar?month=2026-10"
    assert "No contract here needs revenue" in browser.get(address).content.decode()
    record(acme, site, *range(1, 32))
    with organisation_context(acme):
        make_contract(
            site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.1"}
        )
        invoice = generate_invoice(
            actor=SYSTEM, site_id=site.site_id, period=month_period(2026, 10)
        ).invoice
        RevenueRecord.objects.filter(day=date(2026, 10, 31)).delete()
    text = browser.get(address).content.decode()
    assert "1 day is missing." in text
    assert f"/sites/{site.site_id}/revenue?day=2026-10-31" in text
    assert text.count("calendar__day--reported") == 30
    assert text.count("calendar__day--missing") == 1
    assert invoice.number in text
    assert "$3,003.00" in text
    record(acme, site, 31)
    assert "Complete." in browser.get(address).content.decode()
    assert (
        f"{address.split('?')[0]}" in browser.get(f"/sites/{site.site_id}/revenue").content.decode()
    )
    for month in ("2026-02", "", "x", "2199-12", "1900-01"):
        path = f"/sites/{site.site_id}/revenue/calendar?month={month}"
        assert browser.get(path).status_code == 200, month
    assert browser.get("/sites/SITE999999/revenue/calendar").status_code == 404


def test_the_calendar_costs_the_same_however_full_it_is(browser, acme, site):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            browser.get(f"/sites/{site.site_id}/revenue/calendar?month=2026-10")
        return len(captured)

    record(acme, site, 1)
    queries()
    few = queries()
    record(acme, site, *range(2, 32))
    assert queries() == few


def test_a_day_is_recorded_by_hand(browser, acme, site):
    address = f"/sites/{site.site_id}/revenue"
    given = {"day": "2026-10-05", "gross_amount": "113.00", "net_amount": "100", "category": "a"}
    assert browser.post(address, given).status_code == 302
    assert browser.post(address, {**given, "net_amount": ""}).status_code == 302
    with organisation_context(acme):
        row = RevenueRecord.objects.get()
        assert (row.net_amount, row.revision) == (Decimal("113"), 2)
    refused = browser.post(address, {**given, "day": "2126-10-05"})
    assert refused.status_code == 422
    assert "The day is in the future." in refused.content.decode()
