"""One invoice and lists of invoices over HTTP."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.api import invoice_body

from shared.kernel.clock import now

GENERATE = "/billing/generate-invoice"


@pytest.fixture
def invoice(api, site_id):
    return api.make(GENERATE, invoice_body(site_id))


def test_an_invoice_shows_what_it_is_made_of(api, invoice):
    path = f"/billing/invoices/{invoice['invoice_id']}"
    found = api.get(path)
    assert found.status == 200
    assert '"balance_due":9040.00' in found.raw
    assert found.body["status"] == "issued"
    assert api.get(path, **{"if-none-match": found.headers["ETag"]}).status == 304
    listed = api.get("/billing/invoices").body["items"][0]
    assert listed == {name: found.body[name] for name in listed}


def test_the_link_in_a_cached_answer_never_expires(api, invoice, time_machine):
    path = f"/billing/invoices/{invoice['invoice_id']}"
    before = api.get(path)
    time_machine.move_to(now() + timedelta(days=1))
    after = api.get(path, **{"if-none-match": before.headers["ETag"]})
    assert after.status == 200
    assert after.body["pdf_url"] != before.body["pdf_url"]


@pytest.mark.parametrize(
    "query",
    [
        "status=odd",
        "limit=0",
        "limit=201",
        "limit=x",
        "ordering=parties",
        "cursor=abc",
        "colour=red",
        "q=%00",
    ],
)
def test_wrong_filters_are_refused(api, query):
    refused = api.get(f"/billing/invoices?{query}")
    assert refused.status == 422
    assert set(refused.fields) == {query.split("=")[0]}


def test_filters_narrow_the_list(api, site_id, invoice):
    for query, expected in {
        "status=issued": 1,
        "status=paid": 0,
        "status=overdue": 1,
        f"site_id={site_id}": 1,
        "site_id=SITE999999": 0,
        f"q={invoice['invoice_number']}": 1,
        "q=%25": 0,
    }.items():
        assert len(api.get(f"/billing/invoices?{query}").body["items"]) == expected, query


def test_pages_follow_each_other(api, site_id):
    for month in range(1, 6):
        period = {"start_date": f"2025-{month:02}-01", "end_date": f"2025-{month:02}-28"}
        api.make(GENERATE, invoice_body(site_id, billing_period=period))
    seen, query = [], "limit=2"
    while query:
        page = api.get(f"/billing/invoices?{query}").body
        seen += [row["period_start"] for row in page["items"]]
        query = page["next"] and f"limit=2&cursor={page['next']}"
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5


def test_lists_cost_the_same_however_long(api, site_id):
    def queries():

        with CaptureQueriesContext(connection) as captured:
            assert api.get("/billing/invoices?limit=200").status == 200
        return len(captured)

    days = [date(2025, 1, day).isoformat() for day in range(1, 32)]

    def bill(some):
        for day in some:
            period = {"start_date": day, "end_date": day}
            api.make(GENERATE, invoice_body(site_id, billing_period=period))

    api.get("/me")  # notes the key's use
    bill(days[:5])
    few = queries()
    bill(days[5:20])
    assert queries() == few
