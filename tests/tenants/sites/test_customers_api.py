"""`/api/v1/customers`, their exemptions, and `/api/v1/contacts`."""

from decimal import Decimal

import pytest
from support.api import JANUARY, Program, address, contract_body, key_of, site_body


@pytest.fixture
def customer(api):
    return api.make("/customers", {"name": "Rivoli Properties", "payment_terms_days": 45})


def test_made_listed_and_changed(api, customer):
    path = f"/customers/{customer['customer_id']}"
    read = api.get(path)
    assert (read.body["name"], read.body["payment_terms_days"]) == ("Rivoli Properties", 45)
    changed = api.patch(
        path,
        {"language": "fr-ca", "payment_terms_days": None},
        **{"if-match": read.headers["ETag"]},
    )
    assert (changed.body["language"], changed.body["payment_terms_days"]) == ("fr-ca", None)
    assert changed.body["name"] == "Rivoli Properties"
    assert api.patch(path, {"name": "X"}, **{"if-match": read.headers["ETag"]}).status == 412
    assert api.patch(path, {"name": " "}).fields == {"name": "required"}
    found = api.get("/customers?q=rivo").body["items"]
    assert [one["customer_id"] for one in found] == [customer["customer_id"]]


def test_chosen_ids_and_taken_ones(api):
    body = {"customer_id": "CUS000777", "name": "Rivoli"}
    assert api.make("/customers", body)["customer_id"] == "CUS000777"
    assert api.post("/customers", body).status == 409
    assert api.post("/customers", {**body, "customer_id": "777"}).status == 422


def test_its_sites_are_counted(api, customer):
    api.make("/customer-sites", site_body(customer_id=customer["customer_id"]))
    api.make("/customer-sites", site_body(customer_id=customer["customer_id"]))
    assert api.get(f"/customers/{customer['customer_id']}").body["sites"] == 2


def test_a_certificate_counts_to_its_last_day(api, customer):
    site = api.make("/customer-sites", site_body(customer_id=customer["customer_id"]))["site_id"]
    fee = {"contract_type": "fixed_fee", "billing_configuration": {"monthly_fee": Decimal(1000)}}
    contract = api.make("/contracts", contract_body(site, **fee))["contract_id"]
    api.make(f"/contracts/{contract}/activate")
    path = f"/customers/{customer['customer_id']}/exemptions"
    made = api.make(path, {"component": "HST", "certificate_number": "R 12-345"})
    assert api.post(path, {"component": "HST", "certificate_number": "x"}).status == 409
    bill = {"site_id": site, "billing_period": JANUARY}
    assert api.make("/billing/generate-invoice", bill)["total_amount"] == 1000
    ended = api.post(f"{path}/{made['id']}/end", {"expires_on": "2025-02-27"})
    assert (ended.status, ended.body["expires_on"]) == (200, "2025-02-27")
    february = {"start_date": "2025-02-01", "end_date": "2025-02-28"}
    second = api.make("/billing/generate-invoice", {**bill, "billing_period": february})
    assert second["total_amount"] == 1130
    assert [one["certificate_number"] for one in api.get(path).body] == ["R 12-345"]
    (listed,) = api.get("/tax-exemptions?expires_by=2025-02-27").body["items"]
    assert (listed["customer_name"], listed["component"]) == ("Rivoli Properties", "HST")
    assert api.get("/tax-exemptions?expires_by=2025-02-26").body["items"] == []
    assert api.send("DELETE", f"{path}/{made['id']}").status == 204
    assert api.get(path).body == []


def test_its_own_terms_come_before_those_of_a_contract(api, customer):
    site = api.make("/customer-sites", site_body(customer_id=customer["customer_id"]))["site_id"]
    fee = {"contract_type": "fixed_fee", "billing_configuration": {"monthly_fee": Decimal(1000)}}
    contract = api.make("/contracts", contract_body(site, payment_terms_days=10, **fee))
    api.make(f"/contracts/{contract['contract_id']}/activate")
    bill = {"site_id": site, "billing_period": JANUARY}
    # 31 January and the customer's 45 days
    assert api.make("/billing/generate-invoice", bill)["due_date"] == "2025-03-17"
    api.patch(f"/customers/{customer['customer_id']}", {"payment_terms_days": None})
    february = {"start_date": "2025-02-01", "end_date": "2025-02-28"}
    second = api.make("/billing/generate-invoice", {**bill, "billing_period": february})
    assert second["due_date"] == "2025-03-10"


def test_the_people_of_a_site(api):
    site = api.make("/customer-sites", site_body())["site_id"]
    (first,) = api.get(f"/contacts?site_id={site}").body["items"]
    body = {"site_id": site, "name": "Ann Roy", "email": "ann@example.com", "is_billing": True}
    second = api.make("/contacts", body)
    told = api.get(f"/contacts?site_id={site}").body["items"]
    assert {one["name"]: one["is_billing"] for one in told} == {
        first["name"]: False,
        "Ann Roy": True,
    }
    assert api.get(f"/customer-sites/{site}").body["billing_contact"]["name"] == "Ann Roy"
    path = f"/contacts/{second['id']}"
    assert api.patch(path, {"is_billing": False}).status == 409
    assert api.send("DELETE", path).status == 409
    assert api.patch(path, {"email": "nobody"}).fields == {"email": "not_an_email"}
    assert api.patch(f"/contacts/{first['id']}", {"is_billing": True}).status == 200
    assert api.send("DELETE", path).status == 204
    assert api.get(path).status == 404


def test_billing_information_follows_a_changed_contact(api, site_id):
    read = api.get(f"/customer-sites/{site_id}/billing-info")
    (contact,) = api.get(f"/contacts?site_id={site_id}").body["items"]
    api.patch(f"/contacts/{contact['id']}", {"email": "new@example.com"})
    again = api.get(f"/customer-sites/{site_id}/billing-info")
    assert again.body["billing_contact"]["email"] == "new@example.com"
    assert again.headers["ETag"] != read.headers["ETag"]


def test_a_site_address_can_be_taken_away(api):
    body = site_body(site_address=address(city="Vancouver", state="BC", zip="V6B 1A1"))
    site = api.make("/customer-sites", body)["site_id"]
    kept = api.patch(f"/customer-sites/{site}", {"site_name": "Another"}).body
    assert kept["site_address"]["state"] == "BC"
    assert api.patch(f"/customer-sites/{site}", {"site_address": None}).body["site_address"] is None


def test_another_organisation_and_a_smaller_key(api, customer, globex, acme, client_for):
    path = f"/customers/{customer['customer_id']}"
    assert Program(client_for(globex), key_of(globex)).get(path).status == 404
    reader = Program(client_for(acme), key_of(acme, ["sites:read"]))
    assert reader.get(path).status == 200
    assert reader.patch(path, {"name": "X"}).status == 403


def test_a_change_answers_what_reading_does(api):
    site = api.make("/customer-sites", site_body())
    path = f"/customers/{site['customer_id']}"
    assert api.patch(path, {"language": "fr-ca"}).body["sites"] == 1
