"""`/api/v1/legal-entities`, `/departments`, `/tax-rules`, `/tax-exclusions`."""

from decimal import Decimal
from uuid import uuid4

import pytest
from support.api import JANUARY, Program, contract_body, key_of

WEST = {"name": "Acme West Ltd.", "number_prefix": "AW", "state": "BC", "currency": "CAD"}


@pytest.fixture
def west(api):
    return api.make("/legal-entities", {**WEST, "tax_registrations": {"GST": "12345 RT0002"}})


def test_a_further_company_with_its_series(api, west):
    assert west["is_default"] is False
    series = ("number_prefix", "credit_note_prefix", "adjustment_prefix", "release_prefix")
    assert [west[name] for name in series] == ["AW", "AWC", "AWA", "AWH"]
    assert west["tax_registrations"] == {"GST": "12345 RT0002"}
    names = [one["name"] for one in api.get("/legal-entities").body["items"]]
    assert "Acme West Ltd." in names
    assert len(names) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number_prefix": "AW"}, "number_prefix"),
        ({"number_prefix": "AWC"}, "number_prefix"),
        ({"number_prefix": "X", "credit_note_prefix": "AW"}, "credit_note_prefix"),
        ({"number_prefix": "X", "credit_note_prefix": "X"}, "credit_note_prefix"),
        ({"number_prefix": "x"}, "number_prefix"),
        ({"number_prefix": "X", "currency": "???"}, "currency"),
        ({"number_prefix": "X", "email": "nobody"}, "email"),
    ],
)
def test_no_two_series_share_a_prefix(api, west, changes, field):
    answer = api.post("/legal-entities", {"name": "Another", **changes})
    assert (answer.status, set(answer.fields)) == (422, {field})


def test_changed_read_and_made_the_default(api, west):
    path = f"/legal-entities/{west['id']}"
    read = api.get(path)
    changed = api.patch(
        path, {"city": "Vancouver", "release_prefix": "HB"}, **{"if-match": read.headers["ETag"]}
    )
    assert (changed.body["city"], changed.body["release_prefix"]) == ("Vancouver", "HB")
    assert changed.body["tax_registrations"] == {"GST": "12345 RT0002"}
    assert api.patch(path, {"city": "X"}, **{"if-match": read.headers["ETag"]}).status == 412
    assert api.post(f"{path}/make-default").body["is_default"] is True
    defaults = [one["id"] for one in api.get("/legal-entities").body["items"] if one["is_default"]]
    assert defaults == [west["id"]]
    assert api.get(f"/legal-entities/{uuid4()}").status == 404


def test_a_contract_is_billed_by_its_company(api, west, site_id):
    fee = {"contract_type": "fixed_fee", "billing_configuration": {"monthly_fee": Decimal(1000)}}
    body = contract_body(site_id, **fee, entity_id=west["id"])
    contract = api.make("/contracts", body)["contract_id"]
    api.make(f"/contracts/{contract}/activate")
    bill = {"site_id": site_id, "contract_id": contract, "billing_period": JANUARY}
    assert api.make("/billing/generate-invoice", bill)["invoice_number"] == "AW-2025-000001"


def test_departments(api, west):
    made = api.make("/departments", {"code": "ops", "name": "Operations"})
    assert (made["code"], made["is_active"]) == ("OPS", True)
    assert api.post("/departments", {"code": "OPS", "name": "Again"}).status == 409
    moved = api.patch("/departments/OPS", {"entity_id": west["id"], "is_active": False})
    assert (moved.body["entity_name"], moved.body["is_active"]) == ("Acme West Ltd.", False)
    wrong = api.patch("/departments/OPS", {"manager_id": str(uuid4()), "name": ""})
    assert wrong.fields == {"manager_id": "unknown", "name": "required"}
    assert api.get("/departments/NONE").status == 404


def test_a_closed_department_takes_no_more_contracts(api, site_id):
    api.make("/departments", {"code": "OPS", "name": "Operations"})
    api.patch("/departments/OPS", {"is_active": False})
    answer = api.post("/contracts", contract_body(site_id, department="OPS"))
    assert answer.fields == {"department": "inactive"}


def test_tax_rules_and_exclusions(api):
    rule = api.make(
        "/tax-rules",
        {
            "province": "ON",
            "component": "ECO",
            "rate": Decimal("0.02"),
            "starts_on": "2025-01-01",
            "source": "By-law 12",
        },
    )
    ended = api.post(f"/tax-rules/{rule['id']}/end", {"ends_on": "2025-12-31"})
    assert ended.body["ends_on"] == "2025-12-31"
    exclusion = api.make(
        "/tax-exclusions",
        {
            "province": "BC",
            "component": "PST",
            "line_codes": ["labor_regular"],
            "service_category": "real_property",
            "starts_on": "2025-01-01",
            "source": "Bulletin 501",
        },
    )
    assert [one["id"] for one in api.get("/tax-exclusions").body["items"]] == [exclusion["id"]]
    for path in (f"/tax-rules/{rule['id']}", f"/tax-exclusions/{exclusion['id']}"):
        assert api.send("DELETE", path).status == 204
        assert api.send("DELETE", path).status == 404
    assert api.get("/tax-rules").body["items"] == []


def test_who_may(acme, client_for):
    reader = Program(client_for(acme), key_of(acme, ["organisation:read"]))
    assert reader.get("/legal-entities").status == 200
    assert reader.post("/legal-entities", WEST).status == 403
    nobody = Program(client_for(acme), key_of(acme, ["sites:read"]))
    assert nobody.get("/tax-rules").status == 403
