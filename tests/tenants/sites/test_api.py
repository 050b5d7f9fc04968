"""Sites and territories over HTTP; here also what every endpoint has in common."""

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from support.api import PROBLEM, Program, address, site_body, token_of

from shared.audit.models import Entry
from shared.kernel.tenancy import organisation_context
from tenants.sites.models import Contact, Customer, Site, Territory

SITES = "/customer-sites"


@pytest.fixture
def count(acme):
    def rows(*models):
        with organisation_context(acme):
            return tuple(model.objects.count() for model in models)

    return rows


def test_a_site_gets_its_ids_and_comes_back(api):
    made = api.post(SITES, site_body())
    assert made.status == 201, made.raw
    site_id = made.body["site_id"]
    assert (site_id[:4], len(site_id)) == ("SITE", 10)
    assert made.body["billing_address"] == {**address(), "street2": None, "country": "CA"}
    assert (made.body["currency"], made.body["territory_id"]) == ("CAD", None)
    found = api.get(f"{SITES}/{site_id}")
    assert (found.raw, found.headers["ETag"]) == (made.raw, made.headers["ETag"])
    assert found.headers["Cache-Control"] == "private, no-cache"


def test_ids_may_be_chosen(api, count):
    territory = api.make("/territories", {"territory_id": "TER0042", "name": "East"})
    body = site_body(
        site_id="SITE123456",
        territory_id=territory["territory_id"],
        site_address=address(city="Montréal", state="qc", zip="H2X 1Y4"),
        currency="USD",
    )
    made = api.make(SITES, body)
    assert (made["site_id"], made["territory_id"]) == ("SITE123456", "TER0042")
    assert (made["site_address"]["state"], made["currency"]) == ("QC", "USD")
    again = api.post(SITES, body)
    assert (again.status, again.fields) == (409, {"site_id": "taken"})
    second = site_body(customer_id=made["customer_id"])
    assert api.make(SITES, second)["customer_id"] == made["customer_id"]
    refused = api.post("/territories", {"territory_id": "TER0042", "name": "East"})
    assert (refused.status, refused.fields) == (409, {"territory_id": "taken"})
    assert count(Site, Customer, Contact, Territory) == (2, 1, 2, 1)


WRONG = {
    "nothing": ({"site_name": None}, {"site_name"}),
    "blank": ({"site_name": "   "}, {"site_name"}),
    "long": ({"site_name": "x" * 256}, {"site_name"}),
    "number": ({"site_name": 5}, {"site_name"}),
    "nul": ({"site_name": "a\x00b"}, {"site_name"}),
    "id": ({"site_id": "site123456"}, {"site_id"}),
    "id of other digits": ({"site_id": "SITE12345٣"}, {"site_id"}),
    "territory": ({"territory_id": "TER9999"}, {"territory_id"}),
    "customer": ({"customer_id": "CUS999999"}, {"customer_id"}),
    "currency": ({"currency": "DOLLAR"}, {"currency"}),
    "no currency": ({"currency": "XXX"}, {"currency"}),
    "address is text": ({"billing_address": "18 King Street"}, {"billing_address"}),
    "address lacks": (
        {"billing_address": {"city": "Toronto"}},
        {"billing_address.street1", "billing_address.state", "billing_address.zip"},
    ),
    "blank street": ({"billing_address": address(street1=" ")}, {"billing_address.street1"}),
    "province": ({"billing_address": address(state="TX")}, {"billing_address.state"}),
    "country": ({"billing_address": address(country="Canada")}, {"billing_address.country"}),
    "address knows more": ({"site_address": address(planet="Mars")}, {"site_address.planet"}),
    "email": (
        {"billing_contact": {"name": "A", "email": "nobody"}},
        {"billing_contact.email"},
    ),
    "long email": (
        {"billing_contact": {"name": "A", "email": f"a@{'b.' * 124}example.com"}},
        {"billing_contact.email"},
    ),
    "email header": (
        {"billing_contact": {"name": "A", "email": "a@example.com\nBcc: b@example.com"}},
        {"billing_contact.email"},
    ),
    "phone": (
        {"billing_contact": {"name": "A", "email": "a@example.com", "phone": "1" * 41}},
        {"billing_contact.phone"},
    ),
    "unknown": ({"revision": 5}, {"revision"}),
    "several": (
        {"site_id": "X", "currency": "ZZZ", "billing_address": address(state="TX")},
        {"site_id", "currency", "billing_address.state"},
    ),
}


@pytest.mark.parametrize(("changes", "fields"), WRONG.values(), ids=WRONG.keys())
def test_wrong_sites_name_the_field_and_store_nothing(api, count, changes, fields):
    before = count(Entry)
    refused = api.post(SITES, site_body(**changes))
    assert (refused.status, refused.headers["Content-Type"]) == (422, PROBLEM), refused.raw
    assert set(refused.fields) == fields
    assert count(Site, Customer, Contact) == (0, 0, 0)
    assert count(Entry) == before


UNREADABLE = {
    "nothing": (b"", 422),
    "a list": (b"[]", 422),
    "broken": (b'{"site_name": ', 400),
    "bad UTF-8": (b'{"site_name": "\xff"}', 400),
    "twice": (b'{"site_name": "a", "site_name": "b"}', 400),
    "NaN": (b'{"site_name": NaN}', 400),
    "1e400": (b'{"site_name": 1e400}', 400),
    "long number": (b'{"site_name": ' + b"9" * 5000 + b"}", 400),
    "deep": (b'{"site_name": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
    "lone surrogate": (b'{"site_name": "\\ud800"}', 422),
}


@pytest.mark.parametrize(("body", "status"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_bodies_that_cannot_be_read(api, count, body, status):
    refused = api.post(SITES, body)
    assert (refused.status, refused.headers["Content-Type"]) == (status, PROBLEM), refused.raw
    assert set(refused.body) >= {"type", "title", "status", "detail", "errors", "request_id"}
    assert count(Site) == (0,)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded"]
)
def test_a_body_of_another_kind_is_415(api, count, kind):
    refused = api.post(SITES, site_body(), content_type=kind)
    assert (refused.status, refused.headers["Content-Type"]) == (415, PROBLEM)
    assert count(Site) == (0,)


def test_a_body_over_the_limit_is_413(api):
    refused = api.post(SITES, b" " * (10 * 1024 * 1024 + 1))
    assert (refused.status, refused.headers["Content-Type"]) == (413, PROBLEM)


def test_changes_need_the_present_version(api):
    made = api.post(SITES, site_body())
    path, tag = f"{SITES}/{made.body['site_id']}", {"if-match": made.headers["ETag"]}
    changed = api.patch(path, {"site_name": "Uptown", "is_active": False}, **tag)
    assert (changed.status, changed.body["site_name"]) == (200, "Uptown")
    assert changed.body["is_active"] is False
    stale = api.patch(path, {"site_name": "Downtown"}, **tag)
    assert (stale.status, stale.headers["Content-Type"]) == (412, PROBLEM)
    assert api.get(path).body == changed.body
    assert api.get(path, **{"if-none-match": changed.headers["ETag"]}).status == 304
    assert api.get(path, **{"if-none-match": made.headers["ETag"]}).status == 200
    assert api.patch(f"{SITES}/SITE999999", {"site_name": "X"}).status == 404
    assert api.patch(path, {"billing_address": address(state="TX")}).fields == {
        "billing_address.state": "not_a_province"
    }


def test_territories_change_by_the_same_rules(api):
    made = api.post("/territories", {"name": "East"})
    path = f"/territories/{made.body['territory_id']}"
    tag = {"if-match": made.headers["ETag"]}
    assert api.patch(path, {"name": "West"}, **tag).body["name"] == "West"
    assert api.patch(path, {"name": "North"}, **tag).status == 412
    assert api.patch(path, {"name": ""}).fields == {"name": "required"}
    assert api.get("/territories/TER9999").status == 404
    assert api.post("/territories", {"name": "x", "territory_id": "T1"}).fields == {
        "territory_id": "form"
    }
    assert [row["name"] for row in api.get("/territories").body["items"]] == ["West"]


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        (SITES, site_body(), site_body(site_name="Other")),
        ("/territories", {"name": "East"}, {"name": "West"}),
    ],
)
def test_an_idempotency_key_makes_one(api, count, path, body, other):
    key = {"idempotency-key": "0f3c"}
    first, again = api.post(path, body, **key), api.post(path, body, **key)
    assert (first.status, first.raw) == (again.status, again.raw)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert api.post(path, other, **key).status == 422
    assert sum(count(Site, Territory)) == 1


def test_scopes_decide(acme, client_for, api):
    site_id = api.make(SITES, site_body())["site_id"]
    browser = client_for(acme)
    reader = Program(browser, token_of(browser, acme, ["sites:read"]))
    writer = Program(browser, token_of(browser, acme, ["sites:write"]))
    stranger = Program(browser, token_of(browser, acme, ["invoices:read"]))
    assert reader.get(f"{SITES}/{site_id}").status == 200
    assert reader.post(SITES, site_body()).status == 403
    assert reader.patch(f"{SITES}/{site_id}", {"site_name": "X"}).status == 403
    assert writer.post(SITES, site_body()).status == 201
    assert writer.patch(f"{SITES}/{site_id}", {"site_name": "X"}).status == 200
    assert writer.get(f"{SITES}/{site_id}").status == 403
    for path in (SITES, f"{SITES}/{site_id}", f"{SITES}/SITE999999", "/territories"):
        assert stranger.get(path).status == 403, path
    assert Program(browser, "ip_unknown").get(SITES).status == 401


def test_every_answer_tells_the_limit(api):
    answer = api.get(SITES)
    assert int(answer.headers["RateLimit-Remaining"]) < int(answer.headers["RateLimit-Limit"])
    with override_settings(RATE_LIMIT_PER_MINUTE=1):
        refused = api.get(SITES)
    assert (refused.status, refused.headers["Content-Type"]) == (429, PROBLEM)
    assert 0 < int(refused.headers["Retry-After"]) <= 60


def test_lists_are_searched_and_cost_the_same(api, acme):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert api.get(f"{SITES}?limit=200").status == 200
        return len(captured)

    api.get("/me")
    for number in range(5):
        api.make(SITES, site_body(site_name=f"Yard {number}"))
    few = queries()
    for number in range(5, 50):
        api.make(SITES, site_body(site_name=f"Yard {number}"))
    assert queries() == few
    assert len(api.get(f"{SITES}?q=yard 4&limit=200").body["items"]) == 11
    assert api.get(f"{SITES}?q=%25").body["items"] == []
    for query in ("limit=0", "limit=201", "ordering=currency", "cursor=x", "state=ON", "q=%00"):
        assert api.get(f"{SITES}?{query}").status == 422, query


@pytest.mark.parametrize("ordering", ["name", "-name", "site_id", "-site_id", "-updated_at"])
def test_pages_hold_each_site_once(api, ordering):
    for _number in range(7):
        api.make(SITES, site_body(site_name="Same name"))
    seen, query = [], f"limit=3&ordering={ordering}"
    while query:
        page = api.get(f"{SITES}?{query}").body
        seen += [row["site_id"] for row in page["items"]]
        query = page["next"] and f"limit=3&ordering={ordering}&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 7
