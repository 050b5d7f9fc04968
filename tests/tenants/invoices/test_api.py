"""The billing endpoints of the integration spec (seed 000), over HTTP."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from support.api import (
    JANUARY,
    PROBLEM,
    Program,
    active_contract,
    contract_body,
    invoice_body,
    site_body,
    token_of,
)

from shared.kernel.tenancy import organisation_context
from tenants.invoices.models import Invoice

GENERATE = "/billing/generate-invoice"
CASES = json.loads(
    (Path(__file__).parents[2] / "billing" / "golden" / "contracts.json").read_text(),
    parse_float=Decimal,
)


@pytest.fixture
def count(acme):
    def rows(model=Invoice):
        with organisation_context(acme):
            return model.objects.count()

    return rows


@pytest.fixture
def invoice(api, site_id):
    return api.make(GENERATE, invoice_body(site_id))


def test_the_example_of_the_integration_spec(api, site_id):
    made = api.post(GENERATE, invoice_body(site_id))
    assert made.status == 201, made.raw
    assert list(made.body) == [
        "invoice_id",
        "invoice_number",
        "total_amount",
        "due_date",
        "status",
        "pdf_url",
    ]
    # 50,000 x 0.15 + 500 = 8,000.00; HST 13 % = 1,040.00
    assert '"total_amount":9040.00,' in made.raw
    assert made.body["due_date"] == "2025-03-02"
    assert made.body["status"] == "generated"
    assert made.body["invoice_number"].endswith("-2025-000001")


def test_the_same_inputs_again_are_200_and_others_409(api, site_id, count):
    first = api.post(f"{GENERATE}?explain=true", invoice_body(site_id))
    written_otherwise = invoice_body(site_id)
    written_otherwise["billing_data"]["revenue_amount"] = "50000"
    again = api.post(f"{GENERATE}?explain=true", written_otherwise)
    assert (first.status, again.status) == (201, 200)
    assert again.body == first.body
    other = invoice_body(site_id)
    other["billing_data"]["revenue_amount"] = 50001
    refused = api.post(GENERATE, other)
    assert refused.status == 409
    assert refused.headers["Content-Type"] == PROBLEM
    assert refused.body["invoice_id"] == first.body["invoice_id"]
    assert refused.body["recalculate"].endswith(f"{first.body['invoice_id']}/recalculate")
    assert count() == 1


def test_explained_answers_add_up(api, site_id):
    made = api.post(f"{GENERATE}?explain=true", invoice_body(site_id))
    body = made.body
    assert body["currency"] == "CAD"
    assert '"subtotal":8000.00,' in made.raw
    assert [(line["code"], line["amount"]) for line in body["lines"]] == [
        ("revenue_share", Decimal("7500.00")),
        ("additional_charge", Decimal("500.00")),
    ]
    assert body["taxes"] == [
        {
            "name": "HST",
            "rate": Decimal("0.13"),
            "base": Decimal("8000.00"),
            "amount": Decimal("1040.00"),
        }
    ]
    assert body["lines"][0]["trace"]["steps"]
    assert "component" in body["lines"][0]
    assert sum(line["amount"] for line in body["lines"]) == body["subtotal"]


def test_the_link_to_the_pdf_works_without_a_token(api, invoice, acme, client_for):
    path = invoice["pdf_url"].removeprefix(acme.url)
    answer = client_for(acme).get(path)
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content).startswith(b"%PDF")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_golden_cases_through_the_service(api, case):
    contract, expected = case["contract"], case["expected"]
    place = site_body()["billing_address"] | {"state": case.get("province", "AB")}
    site_id = api.make(
        "/customer-sites", site_body(billing_address=place, currency=contract["currency"])
    )["site_id"]
    active_contract(api, site_id, **contract)
    body = {
        "site_id": site_id,
        "billing_period": case["period"],
        "billing_data": case["billing_data"],
    }
    made = api.post(f"{GENERATE}?explain=true", body)
    assert made.status == 201, made.raw
    assert [(line["code"], line["amount"]) for line in made.body["lines"]] == [
        (line["code"], Decimal(line["amount"])) for line in expected["lines"]
    ]
    assert made.body["subtotal"] == Decimal(expected["subtotal"])
    taxes = {tax["name"]: tax["amount"] for tax in made.body["taxes"]}
    if "taxes" in expected:
        assert taxes == {name: Decimal(amount) for name, amount in expected["taxes"].items()}
    assert made.body["total_amount"] == made.body["subtotal"] + sum(taxes.values())


def test_a_site_with_several_contracts_needs_one_named(api, site_id):
    other = active_contract(api, site_id)
    refused = api.post(GENERATE, invoice_body(site_id))
    assert refused.status == 409
    assert refused.fields == {"contract_id": "ambiguous"}
    assert other in refused.body["contracts"]
    assert len(refused.body["contracts"]) == 2
    assert api.post(GENERATE, invoice_body(site_id, contract_id=other)).status == 201


def test_a_contract_must_be_the_sites_own(api, site_id):
    elsewhere = api.make("/customer-sites", site_body())["site_id"]
    contract_id = active_contract(api, elsewhere)
    refused = api.post(GENERATE, invoice_body(site_id, contract_id=contract_id))
    assert (refused.status, refused.fields) == (404, {"contract_id": "unknown"})


def test_a_draft_is_not_billed(api):
    site_id = api.make("/customer-sites", site_body())["site_id"]
    assert api.post(GENERATE, invoice_body(site_id)).status == 409
    draft = api.make("/contracts", contract_body(site_id))["contract_id"]
    assert api.post(GENERATE, invoice_body(site_id)).status == 409
    assert api.post(GENERATE, invoice_body(site_id, contract_id=draft)).status == 409


def test_the_invoice_date_moves_due_date_tax_and_number(api):
    site = site_body()
    site["billing_address"] |= {"state": "NS", "city": "Halifax"}
    site_id = api.make("/customer-sites", site)["site_id"]
    active_contract(api, site_id, payment_terms_days=45)
    body = invoice_body(
        site_id,
        billing_period={"start_date": "2025-03-01", "end_date": "2025-03-31"},
        invoice_date="2025-04-01",
    )
    made = api.make(f"{GENERATE}?explain=true", body)
    assert made["due_date"] == "2025-05-16"
    assert made["taxes"][0]["rate"] == Decimal("0.14")  # NS from 2025-04-01
    body = invoice_body(site_id, invoice_date="2024-12-31")
    assert "-2024-" in api.make(GENERATE, body)["invoice_number"]


def test_missing_inputs_are_named(api, site_id, count):
    refused = api.post(GENERATE, {"site_id": site_id, "billing_period": JANUARY})
    assert (refused.status, refused.fields) == (
        422,
        {"billing_data.revenue_amount": "required"},
    )
    hourly = api.make("/customer-sites", site_body())["site_id"]
    active_contract(
        api,
        hourly,
        contract_type="per_labor_hour",
        billing_configuration={"hourly_rates": {"standard": 25}},
    )
    refused = api.post(GENERATE, {"site_id": hourly, "billing_period": JANUARY})
    assert refused.status == 422
    assert all(field.startswith("billing_data.labor") for field in refused.fields)
    assert count() == 0


def test_stored_revenue_is_used_where_none_is_given(api, site_id):
    days = [("2025-01-01", "20000.00"), ("2025-01-31", 20000), ("2025-02-01", 999)]
    days += [(f"2025-01-{day:02}", 0) for day in range(2, 31)]
    records = [{"day": day, "gross_amount": amount} for day, amount in days]
    api.make("/revenue-records", {"site_id": site_id, "records": records})
    made = api.make(f"{GENERATE}?explain=true", {"site_id": site_id, "billing_period": JANUARY})
    assert made["subtotal"] == Decimal("6000.00")


def test_a_client_that_may_only_write_bills_with_the_whole_answer(api, site_id, acme, client_for):
    browser = client_for(acme)
    writer = Program(browser, token_of(browser, acme, ["invoices:write"]))
    made = writer.post(f"{GENERATE}?explain=true", invoice_body(site_id))
    assert made.status == 201, made.raw
    assert writer.get("/billing/invoices").status == 403


def test_a_client_that_may_only_read_bills_nothing(api, site_id, acme, client_for, count):
    browser = client_for(acme)
    reader = Program(browser, token_of(browser, acme, ["invoices:read", "contracts:read"]))
    refused = reader.post(GENERATE, invoice_body(site_id))
    assert (refused.status, refused.headers["Content-Type"]) == (403, PROBLEM)
    assert reader.post(GENERATE, invoice_body("SITE999999")).status == 403, "tells nothing"
    assert reader.get("/billing/invoices").status == 200
    assert count() == 0


WRONG = {
    "no body": ({}, {"site_id", "billing_period"}),
    "unknown field": ({"surprise": 1}, {"surprise"}),
    "site is a number": ({"site_id": 17}, {"site_id"}),
    "site too long": ({"site_id": "S" * 21}, {"site_id"}),
    "period is text": ({"billing_period": "2025-01"}, {"billing_period"}),
    "no such day": (
        {"billing_period": {"start_date": "2025-02-30", "end_date": "2025-03-01"}},
        {"billing_period.start_date"},
    ),
    "year 0": (
        {"billing_period": {"start_date": "0000-01-01", "end_date": "2025-03-01"}},
        {"billing_period.start_date"},
    ),
    "with a time": (
        {"billing_period": {"start_date": "2025-01-01T00:00:00Z", "end_date": "2025-01-31"}},
        {"billing_period.start_date"},
    ),
    "end before start": (
        {"billing_period": {"start_date": "2025-01-31", "end_date": "2025-01-01"}},
        {"billing_period.end_date"},
    ),
    "200 years": (
        {"billing_period": {"start_date": "2025-01-01", "end_date": "2224-12-31"}},
        {"billing_period"},
    ),
    "due after the calendar": ({"invoice_date": "9999-12-31"}, {"invoice_date"}),
    "before the taxes": ({"invoice_date": "1200-01-01"}, {"invoice_date"}),
    "inactive": (
        {"billing_period": {"start_date": "2024-01-01", "end_date": "2024-01-31"}},
        {"billing_period"},
    ),
    "data is a list": ({"billing_data": []}, {"billing_data"}),
}
WRONG_DATA = {
    "unknown": ({"revenue": 5}, {"revenue"}),
    "bool as number": ({"revenue_amount": True}, {"revenue_amount"}),
    "list as number": ({"revenue_amount": [1]}, {"revenue_amount"}),
    "words": ({"revenue_amount": "fifty"}, {"revenue_amount"}),
    "empty": ({"revenue_amount": ""}, {"revenue_amount"}),
    "10^15": ({"revenue_amount": 10**15}, {"revenue_amount"}),
    "five decimals": ({"revenue_amount": Decimal("0.00001")}, {"revenue_amount"}),
    "negative hours": ({"labor_hours": {"regular": -1}}, {"labor_hours.regular"}),
    "hours of nobody": ({"labor_hours": {"nights": 1}}, {"labor_hours.nights"}),
    "hours as list": ({"labor_hours": [1]}, {"labor_hours"}),
    "charge without words": (
        {"additional_charges": [{"amount": 1}]},
        {"additional_charges[0].description"},
    ),
    "charge too big": (
        {"additional_charges": [{"description": "x", "amount": "1000000000000000"}]},
        {"additional_charges[0].amount"},
    ),
    "charges are a number": ({"additional_charges": 7}, {"additional_charges"}),
    "payroll by number": (
        {"costs": [{"description": "x", "amount": 1, "payroll": 1}]},
        {"costs[0].payroll"},
    ),
    "taxable as text": (
        {"costs": [{"description": "x", "amount": 1, "taxable": "yes"}]},
        {"costs[0].taxable"},
    ),
    "a tax nobody knows": (
        {
            "additional_charges": [
                {"description": "x", "amount": 1, "taxable": ["GST"]},
                {"description": "y", "amount": 1, "taxable": ["HST", "GTS"]},
            ]
        },
        {"additional_charges[1].taxable"},
    ),
}


@pytest.mark.parametrize(("changes", "fields"), WRONG.values(), ids=WRONG.keys())
def test_wrong_requests_name_the_field_and_store_nothing(api, site_id, count, changes, fields):
    refused = api.post(GENERATE, {**invoice_body(site_id), **changes} if changes else {})
    assert refused.status == 422, refused.raw
    assert refused.headers["Content-Type"] == PROBLEM
    assert set(refused.fields) == fields
    assert count() == 0


@pytest.mark.parametrize(("data", "fields"), WRONG_DATA.values(), ids=WRONG_DATA.keys())
def test_wrong_inputs_name_the_field_and_store_nothing(api, site_id, count, data, fields):
    given = {"revenue_amount": 1, **data}
    refused = api.post(GENERATE, invoice_body(site_id, billing_data=given))
    assert refused.status == 422, refused.raw
    assert set(refused.fields) == {f"billing_data.{field}" for field in fields}
    assert count() == 0


def test_amounts_that_do_not_fit_are_refused(api, site_id, count):
    most = Decimal("999999999999999.99")
    data = {"revenue_amount": most, "additional_charges": [{"description": "x", "amount": most}]}
    refused = api.post(GENERATE, invoice_body(site_id, billing_data=data))
    assert refused.status == 422, refused.raw
    assert refused.fields
    assert count() == 0


def test_hours_that_do_not_fit_are_refused(api, count):
    site_id = api.make("/customer-sites", site_body())["site_id"]
    active_contract(
        api,
        site_id,
        contract_type="per_labor_hour",
        billing_configuration={"hourly_rates": {"standard": Decimal("0.0001")}},
    )
    data = {"labor_hours": {"regular": 999_999_999_999_999}}
    refused = api.post(GENERATE, invoice_body(site_id, billing_data=data))
    assert refused.status == 422, refused.raw
    assert set(refused.fields) == {"billing_data.labor_hours.regular"}
    assert count() == 0


@pytest.mark.parametrize("site", ["SITE999999", "nonsense", "site123456", "SITE12345٣"])
def test_unknown_sites_are_404(api, site):
    refused = api.post(GENERATE, invoice_body(site))
    assert (refused.status, refused.fields) == (404, {"site_id": "unknown"})


@pytest.mark.parametrize("explain", ["maybe", "", "2"])
def test_a_wrong_parameter_is_named(api, site_id, count, explain):
    refused = api.post(f"{GENERATE}?explain={explain}", invoice_body(site_id))
    assert (refused.status, set(refused.fields)) == (422, {"explain"})
    assert count() == 0


def test_an_idempotency_key_repeats_the_answer(api, site_id, count):
    headers = {"idempotency-key": "one"}
    first = api.post(GENERATE, invoice_body(site_id), **headers)
    again = api.post(GENERATE, invoice_body(site_id), **headers)
    assert (first.status, again.status, first.raw) == (201, 201, again.raw)
    assert (
        api.post(GENERATE, invoice_body(site_id, invoice_date="2025-02-01"), **headers).status
        == 422
    )
    assert count() == 1
