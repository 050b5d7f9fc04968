"""Contracts over HTTP."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.api import PROBLEM, Program, contract_body, invoice_body, key_of, site_body

from shared.kernel.tenancy import organisation_context
from tenants.contracts.models import Contract, ContractTerms
from tenants.sites.models import Contact, Site


@pytest.fixture
def count(acme):
    def rows(model=Contract):
        with organisation_context(acme):
            return model.objects.count()

    return rows


def queries_of(api, path):
    with CaptureQueriesContext(connection) as captured:
        assert api.get(path).status == 200
    return [one["sql"] for one in captured]


def test_a_contract_is_a_draft_until_it_is_activated(api, acme):
    site_id = api.make("/customer-sites", site_body())["site_id"]
    made = api.post("/contracts", contract_body(site_id, contract_id="CON12345678"))
    assert made.status == 201, made.raw
    assert (made.body["contract_id"], made.body["status"]) == ("CON12345678", "draft")
    path = "/contracts/CON12345678"
    active = api.post(f"{path}/activate")
    assert (active.status, active.body["status"]) == (200, "active")
    assert api.post(f"{path}/activate").raw == active.raw
    ended = api.post(f"{path}/terminate", {"end_date": "2025-06-30"})
    assert (ended.body["status"], ended.body["end_date"]) == ("terminated", "2025-06-30")
    assert api.post(f"{path}/activate").status == 409
    assert len(api.get(f"{path}/amendments").body) == 1


def test_writing_needs_no_right_to_read(api, acme, client_for):
    site_id = api.make("/customer-sites", site_body())["site_id"]
    writer = Program(client_for(acme), key_of(acme, ["contracts:write"]))
    made = writer.post("/contracts", contract_body(site_id))
    assert made.status == 201, made.raw
    assert writer.post(f"/contracts/{made.body['contract_id']}/activate").status == 200
    assert writer.get(f"/contracts/{made.body['contract_id']}").status == 403


def test_a_taken_id_and_an_unknown_site(api, site_id, count):
    api.make("/contracts", contract_body(site_id, contract_id="CON12345678"))
    refused = api.post("/contracts", contract_body(site_id, contract_id="CON12345678"))
    assert (refused.status, refused.fields) == (409, {"contract_id": "taken"})
    refused = api.post("/contracts", contract_body("SITE999999"))
    assert (refused.status, refused.fields) == (404, {"site_id": "unknown"})
    assert count() == 2


def test_stale_activation_is_412(api, site_id):
    made = api.post("/contracts", contract_body(site_id))
    path = f"/contracts/{made.body['contract_id']}"
    tag = {"if-match": made.headers["ETag"]}
    assert api.post(f"{path}/activate", **tag).status == 200
    assert api.post(f"{path}/terminate", {"end_date": "2025-06-30"}, **tag).status == 412


WRONG = {
    "id": ({"contract_id": "CON1"}, "contract_id"),
    "id with a newline": ({"contract_id": "CON12345678\n"}, "contract_id"),
    "type": ({"contract_type": "REVENUE_SHARE"}, "contract_type"),
    "currency": ({"currency": "XAU"}, "currency"),
    "currency is lower case": ({"currency": "cad"}, "currency"),
    "terms": ({"payment_terms_days": -1}, "payment_terms_days"),
    "terms as text": ({"payment_terms_days": "30"}, "payment_terms_days"),
    "terms as true": ({"payment_terms_days": True}, "payment_terms_days"),
    "terms too long": ({"payment_terms_days": 366}, "payment_terms_days"),
    "ends before": ({"end_date": "2024-12-31"}, "end_date"),
    "date": ({"effective_date": "01/02/2025"}, "effective_date"),
    "year 10000": ({"effective_date": "10000-01-01"}, "effective_date"),
    "configuration is a list": ({"billing_configuration": []}, "billing_configuration"),
    "empty": ({"billing_configuration": {}}, "billing_configuration.revenue_share_rate"),
    "percent": (
        {"billing_configuration": {"revenue_share_rate": 15}},
        "billing_configuration.revenue_share_rate",
    ),
    "nested junk": (
        {"billing_configuration": {"revenue_share_rate": {"a": [{"b": None}]}}},
        "billing_configuration.revenue_share_rate",
    ),
    "nan": (
        {"billing_configuration": {"revenue_share_rate": "NaN"}},
        "billing_configuration.revenue_share_rate",
    ),
    "guarantee of 10^15": (
        {"billing_configuration": {"revenue_share_rate": "0.1", "minimum_guarantee": 10**15}},
        "billing_configuration.minimum_guarantee",
    ),
    "unknown": ({"colour": "red"}, "colour"),
}


@pytest.mark.parametrize(("changes", "field"), WRONG.values(), ids=WRONG.keys())
def test_wrong_contracts_name_the_field(api, site_id, count, changes, field):
    refused = api.post("/contracts", contract_body(site_id, **changes))
    assert (refused.status, refused.headers["Content-Type"]) == (422, PROBLEM), refused.raw
    assert set(refused.fields) == {field}
    assert count() == 1


def test_a_far_future_contract_is_no_trouble(api, site_id):
    body = contract_body(site_id, effective_date="9999-12-01", end_date="9999-12-31")
    contract_id = api.make("/contracts", body)["contract_id"]
    api.make(f"/contracts/{contract_id}/activate")
    body = invoice_body(
        site_id,
        contract_id=contract_id,
        billing_period={"start_date": "9999-12-01", "end_date": "9999-12-31"},
        invoice_date="9999-11-30",
    )
    refused = api.post("/billing/generate-invoice", body)
    assert refused.status in (201, 422), refused.raw


def test_lists_are_filtered_and_cost_the_same(api, site_id):
    api.get("/contracts")
    for _number in range(4):
        api.make("/contracts", contract_body(site_id))
    few = len(queries_of(api, "/contracts?limit=200"))
    for _number in range(45):
        api.make("/contracts", contract_body(site_id))
    assert len(queries_of(api, "/contracts?limit=200")) == few
    assert len(api.get("/contracts?limit=200").body["items"]) == 50
    assert len(api.get("/contracts?status=active").body["items"]) == 1
    assert len(api.get("/contracts?contract_type=hybrid").body["items"]) == 0
    for query in ("status=odd", "contract_type=odd", "limit=1000", "ordering=status", "site=1"):
        assert api.get(f"/contracts?{query}").status == 422, query
    page = api.get("/contracts?limit=30&ordering=-effective_date").body
    rest = api.get(f"/contracts?limit=30&ordering=-effective_date&cursor={page['next']}").body
    ids = {row["contract_id"] for row in page["items"] + rest["items"]}
    assert (len(ids), rest["next"]) == (50, None)


def test_nothing_is_kept_of_a_contract_that_was_refused(api, acme, count):
    site_id = api.make("/customer-sites", site_body())["site_id"]
    assert api.post("/contracts", contract_body(site_id, currency="ZZZ")).status == 422
    assert (count(), count(ContractTerms), count(Site), count(Contact)) == (0, 0, 1, 1)
