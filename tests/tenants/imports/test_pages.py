"""Pages of imports and the revenue calendar."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site
from support.browsers import signed_in
from support.imports import work

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.activity.models import RevenueRecord
from tenants.activity.services import DayRevenue, record_revenue
from tenants.imports.models import Import
from tenants.invoices.services import generate_invoice

HEADER = "site_id,day,category,gross_amount\n"


@pytest.fixture
def site(acme):
    with organisation_context(acme):
        return make_site()


@pytest.fixture
def browser(acme, client_for):
    return signed_in(client_for, acme, "billing_manager")


def upload(browser, content, kind="revenue"):
    file = io.BytesIO(content.encode())
    file.name = "lots d'été.csv"
    return browser.post("/imports", {"kind": kind, "day_form": "iso", "file": file})


def process(acme):
    with organisation_context(acme):
        return work(Import.objects.get())


def test_from_the_form_to_the_undo(browser, acme, site):
    page = browser.get("/imports?kind=revenue").content.decode()
    assert 'value="revenue" selected' in page
    answer = upload(browser, f"{HEADER}{site.site_id},2026-10-01,valet,12.50\nX,2026-10-01,a,1\n")
    assert answer.status_code == 302, answer.content.decode()
    address = answer["Location"]
    assert "Checking the rows" in browser.get(address).content.decode()
    process(acme)
    text = browser.get(address).content.decode()
    for shown in ("Import 1 row", "North Yard", "12.50", "There is no site X.", "lots d&#x27;été"):
        assert shown in text
    with organisation_context(acme):
        assert RevenueRecord.objects.count() == 0
    assert browser.post(f"{address}/apply").status_code == 302
    process(acme)
    assert "Undo this import" in browser.get(address).content.decode()
    with organisation_context(acme):
        assert RevenueRecord.objects.count() == 1
    browser.post(f"{address}/undo")
    process(acme)
    assert "Undone" in browser.get(address).content.decode()
    with organisation_context(acme):
        assert RevenueRecord.objects.count() == 0
    assert "lots d&#x27;été" in browser.get("/imports").content.decode()


def test_the_fragment_asks_again_only_while_it_runs(browser, acme, site):
    address = upload(browser, f"{HEADER}{site.site_id},2026-10-01,valet,12.50\n")["Location"]
    fragment = browser.get(address, headers={"HX-Target": "import-progress"}).content.decode()
    assert "<html" not in fragment
    assert "hx-trigger" in fragment
    process(acme)
    finished = browser.get(address, headers={"HX-Target": "import-progress"}).content.decode()
    assert "hx-trigger" not in finished


def test_a_wrong_file_keeps_the_form_and_says_why(browser, acme):
    answer = upload(browser, "a,b\n1,2\n")
    assert answer.status_code == 422
    assert "Not found: Site, Day, Revenue with sales tax" in answer.content.decode()


def test_a_discarded_import_stays_in_the_list(browser, acme, site):
    address = upload(browser, f"{HEADER}{site.site_id},2026-10-01,valet,12.50\n")["Location"]
    process(acme)
    browser.post(f"{address}/discard")
    assert "Discarded" in browser.get(address).content.decode()
    refused = browser.post(f"{address}/apply", follow=True).content.decode()
    assert "cannot be done now" in refused
    assert browser.post(f"{address}/explode").status_code == 404
    assert browser.get(f"{address}/apply").status_code == 405


def test_examples_can_be_brought_in_as_they_are(browser, acme, site):
    for kind in ("revenue", "sites", "contracts"):
        example = browser.get(f"/imports/example/{kind}.csv")
        assert example.status_code == 200
        content = example.content.decode().replace("SITE000001", site.site_id)
        answer = upload(browser, content, kind)
        assert answer.status_code == 302, answer.content.decode()
        with organisation_context(acme):
            job = work(Import.objects.latest("created_at"))
            assert (job.status, job.rows, job.bad_rows) == ("ready", 1, 0), job.failure
    assert browser.get("/imports/example/people.csv").status_code == 404


def test_who_may_only_read_sees_no_button(acme, client_for, browser, site):
    address = upload(browser, f"{HEADER}{site.site_id},2026-10-01,valet,12.50\n")["Location"]
    process(acme)
    viewer = signed_in(client_for, acme, "viewer")
    text = viewer.get(address).content.decode()
    assert "12.50" in text
    assert "Import 1 row" not in text
    assert viewer.post(f"{address}/apply").status_code == 403
    assert "multipart" not in viewer.get("/imports").content.decode()
    assert signed_in(client_for, acme, "contractor").get("/imports").status_code == 403


def test_another_organisation_finds_nothing(client_for, globex, browser, site):
    address = upload(browser, f"{HEADER}{site.site_id},2026-10-01,valet,12.50\n")["Location"]
    stranger = signed_in(client_for, globex, "billing_manager")
    for path in (address, f"{address}/bad-rows.csv"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"{address}/apply").status_code == 404


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
