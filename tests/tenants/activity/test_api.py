"""Revenue records over HTTP."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.api import Program, key_of, site_body

from shared.kernel.tenancy import organisation_context
from tenants.activity.models import RevenueRecord

RECORDS = "/revenue-records"


@pytest.fixture
def count(acme):
    def rows():
        with organisation_context(acme):
            return RevenueRecord.objects.count()

    return rows


def body_of(site_id, *records):
    return {"site_id": site_id, "records": list(records)}


def day(**changes):
    return {"day": "2025-01-05", "gross_amount": Decimal("113.00"), **changes}


def test_a_second_report_replaces_the_first(api, site_id, count):
    first = api.post(RECORDS, body_of(site_id, day(net_amount="100.00"), day(category="valet")))
    assert first.status == 201, first.raw
    assert '"net_amount":100.00' in first.raw
    api.make(
        RECORDS, body_of(site_id, day(gross_amount=Decimal("-8.48"), net_amount=Decimal("-7.50")))
    )
    assert count() == 2
    stored = {
        row["category"]: row["net_amount"]
        for row in api.get(f"{RECORDS}?site_id={site_id}").body["items"]
    }
    assert stored == {"general": Decimal("-7.50"), "valet": Decimal("113.00")}
    assert api.get(f"{RECORDS}?site_id=SITE999999").body["items"] == []


WRONG = {
    "future": ([day(day="2126-01-01")], "records[0].day"),
    "no such day": ([day(day="2025-02-30")], "records[0].day"),
    "twice": ([day(), day()], "records[1].day"),
    "bool": ([day(gross_amount=True)], "records[0].gross_amount"),
    "10^15": ([day(gross_amount=10**15)], "records[0].gross_amount"),
    "five decimals": ([day(gross_amount="0.00001")], "records[0].gross_amount"),
    "category": ([day(category="x" * 61)], "records[0].category"),
    "no category": ([day(category="")], "records[0].category"),
    "unknown": ([day(colour="red")], "records[0].colour"),
    "none": ([], "records"),
    "too many": ([day()] * 1001, "records"),
}


@pytest.mark.parametrize(("records", "field"), WRONG.values(), ids=WRONG.keys())
def test_wrong_records_are_named_and_none_is_stored(api, site_id, count, records, field):
    refused = api.post(RECORDS, body_of(site_id, *records))
    assert refused.status == 422, refused.raw
    assert set(refused.fields) == {field}
    assert count() == 0


def test_unknown_sites_and_missing_rights(api, acme, client_for, site_id):
    refused = api.post(RECORDS, body_of("SITE999999", day()))
    assert (refused.status, refused.fields) == (404, {"site_id": "unknown"})
    reader = Program(client_for(acme), key_of(acme, ["activity:read"]))
    assert reader.post(RECORDS, body_of(site_id, day())).status == 403
    assert reader.get(RECORDS).status == 200


def test_lists_cost_the_same_and_keep_their_order(api, site_id):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert api.get(f"{RECORDS}?limit=200").status == 200
        return len(captured)

    api.get("/me")
    days = [day(day=f"2025-01-{number:02}") for number in range(1, 31)]
    api.make(RECORDS, body_of(site_id, *days[:5]))
    few = queries()
    api.make(
        RECORDS,
        body_of(site_id, *days[5:], *(day(day="2025-02-01", category=str(n)) for n in range(20))),
    )
    assert queries() == few
    seen, query = [], "limit=20"
    while query:
        page = api.get(f"{RECORDS}?{query}").body
        seen += [(row["day"], row["category"]) for row in page["items"]]
        query = page["next"] and f"limit=20&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 50
    assert [one[0] for one in seen] == sorted((one[0] for one in seen), reverse=True)
    for query in ("ordering=category", "limit=0", "from=2025-01-01"):
        assert api.get(f"{RECORDS}?{query}").status == 422, query


def test_records_of_several_sites_in_one_request(api, site_id):
    other = api.make("/customer-sites", site_body())["site_id"]
    day = {"day": "2026-10-01", "gross_amount": "10.00"}
    made = api.make(
        RECORDS,
        {"records": [{**day, "site_id": other}, {**day, "site_id": site_id}]},
    )
    assert [one["site_id"] for one in made] == [other, site_id]
    mixed = {"site_id": site_id, "records": [day, {**day, "site_id": other}]}
    assert [one["site_id"] for one in api.make(RECORDS, mixed)] == [site_id, other]
    refused = api.post(
        RECORDS,
        {"records": [{**day, "site_id": site_id}, {**day, "site_id": "SITE999999"}, day]},
    )
    assert refused.fields == {"records[1].site_id": "unknown", "records[2].site_id": "required"}
    twice = {"site_id": site_id, "records": [day, {**day, "site_id": site_id}]}
    assert api.post(RECORDS, twice).fields == {"records[1].day": "duplicate"}
    found = api.get("/revenue-records?first_day=2026-10-01&last_day=2026-10-01&category=general")
    assert len(found.body["items"]) == 2
    assert api.get("/revenue-records?first_day=2026-10-02").body["items"] == []


def test_a_month_day_by_day(api, site_id):
    rows = [
        {"day": "2026-10-01", "gross_amount": "11.30", "net_amount": "10.00"},
        {"day": "2026-10-01", "gross_amount": "5.00", "category": "valet"},
        {"day": "2026-10-03", "gross_amount": "7.00"},
    ]
    api.make(RECORDS, {"site_id": site_id, "records": rows})
    answer = api.get(f"/customer-sites/{site_id}/revenue-calendar?month=2026-10")
    found = answer.body
    assert found["days"][0]["state"] == "reported"
    assert found["days"][0]["net_amount"] == Decimal("15.00")
    assert found["days"][1]["state"] == "missing"
    assert len(found["missing_days"]) == 29
    assert [one["category"] for one in found["categories"]] == ["general", "valet"]
    assert api.get(f"/customer-sites/{site_id}/revenue-calendar?month=2026-13").status == 422
    assert api.get("/customer-sites/SITE999999/revenue-calendar?month=2026-10").status == 404


@pytest.mark.parametrize(
    ("gross", "net", "status"),
    [
        ("100.00", "100.01", 422),
        ("100.00", "-1.00", 422),
        ("-100.00", "-100.01", 422),
        ("-100.00", "1.00", 422),
        ("0", "0.01", 422),
        ("100.00", "0", 201),
        ("-100.00", "-100.00", 201),
    ],
)
def test_net_is_within_gross(api, site_id, count, gross, net, status):
    answer = api.post(RECORDS, body_of(site_id, day(gross_amount=gross, net_amount=net)))
    assert answer.status == status
    assert count() == (1 if status == 201 else 0)
    if status == 422:
        assert answer.fields == {"records[0].net_amount": "over_gross"}
