"""Pages of imports and the revenue calendar."""

import io

import pytest
from support.billing import make_site
from support.browsers import signed_in
from support.imports import work

from shared.kernel.tenancy import organisation_context
from tenants.activity.models import RevenueRecord
from tenants.imports.models import Import

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


def test_duplicates_are_imported_by_a_tick_only(browser, acme, site):
    row = "North Yard,fixed_fee,2026-01-01,100\n"
    content = f"site,type,start,monthly_fee\n{row}{row}"
    address = upload(browser, content, kind="contracts")["Location"]
    process(acme)
    page = browser.get(address).content.decode()
    for shown in ("Import 1 row", "Import duplicates too", "Row 2 says the same."):
        assert shown in page
    browser.post(f"{address}/apply", {"allow_duplicates": "on"})
    assert process(acme).applied_rows == 2


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
