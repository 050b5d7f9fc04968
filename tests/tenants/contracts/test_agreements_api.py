"""`/api/v1/contracts/{id}`: details, amendments, renewal, signatures, adjustments, preview."""

from decimal import Decimal

from support.api import JANUARY, Program, contract_body, key_of

FEE = {"contract_type": "fixed_fee", "billing_configuration": {"monthly_fee": Decimal("1000.00")}}


def make(api, site_id, **changes):
    body = contract_body(site_id, **{**FEE, "effective_date": "2024-01-01", **changes})
    contract_id = api.make("/contracts", body)["contract_id"]
    api.make(f"/contracts/{contract_id}/activate")
    return f"/contracts/{contract_id}"


def test_details_are_given_changed_and_cleared(api, site_id):
    entity = api.get("/legal-entities").body["items"][0]["id"]
    api.make("/departments", {"code": "OPS", "name": "Operations"})
    path = make(
        api,
        site_id,
        entity_id=entity,
        department="OPS",
        is_construction=True,
        holdback_rate=Decimal("0.1"),
        purchase_order="PO 7",
        service_category="real_property",
        auto_renew_months=12,
    )
    first = api.get(path)
    assert (first.body["entity_id"], first.body["department"]) == (entity, "OPS")
    assert (first.body["holdback_rate"], first.body["is_construction"]) == (Decimal("0.1"), True)
    changed = api.patch(
        path,
        {"department": None, "purchase_order": "", "holdback_rate": None},
        **{"if-match": first.headers["ETag"]},
    )
    assert changed.status == 200
    assert (changed.body["department"], changed.body["purchase_order"]) == (None, "")
    assert changed.body["auto_renew_months"] == 12  # left out: it stays
    stale = api.patch(path, {"purchase_order": "PO 8"}, **{"if-match": first.headers["ETag"]})
    assert stale.status == 412


def test_wrong_details_are_named(api, site_id):
    path = make(api, site_id)
    answer = api.patch(
        path,
        {
            "entity_id": "00000000-0000-4000-8000-000000000000",
            "department": "NONE",
            "holdback_rate": Decimal("0.3"),
        },
    )
    assert answer.status == 422
    assert set(answer.fields) == {"entity_id", "department", "holdback_rate"}


def test_an_amendment_and_what_it_changed(api, site_id):
    path = make(api, site_id)
    body = {
        "contract_type": "fixed_fee",
        "billing_configuration": {"monthly_fee": Decimal("1100.00")},
        "effective_date": "2025-03-01",
        "reason": "Yearly talk",
    }
    made = api.post(f"{path}/amendments", body)
    assert made.status == 201
    assert made.body["changes"] == [
        {"field": "monthly_fee", "before": "1000.00", "after": "1100.00"}
    ]
    first, second = api.get(f"{path}/amendments").body
    assert (first["end_date"], second["reason"]) == ("2025-02-28", "Yearly talk")


def test_an_amendment_of_invoiced_days(api, site_id):
    path = make(api, site_id)
    contract_id = path.rsplit("/", 1)[1]
    bill = {"site_id": site_id, "contract_id": contract_id, "billing_period": JANUARY}
    invoice = api.make("/billing/generate-invoice", bill)
    body = {**FEE, "effective_date": "2025-01-10"}
    refused = api.post(f"{path}/amendments", body)
    assert refused.status == 409
    assert [one["invoice_id"] for one in refused.body["invoices"]] == [invoice["invoice_id"]]
    assert api.post(f"{path}/amendments", {**body, "allow_invoiced": True}).status == 201


def test_signing_the_text_that_was_read(api, site_id):
    path = make(api, site_id)
    read = api.get(f"{path}/document").body
    signer = {"signer_name": "Karen Douglas", "signer_email": "karen@example.com"}
    body = {**signer, "document_sha256": read["document_sha256"]}
    signed = api.post(f"{path}/signatures", body)
    assert (signed.status, signed.body["signer_name"]) == (201, "Karen Douglas")
    api.patch(path, {"purchase_order": "PO 9"})
    assert api.post(f"{path}/signatures", body).status == 409
    assert [one["id"] for one in api.get(f"{path}/signatures").body["items"]] == [signed.body["id"]]


def test_renewing_for_a_further_term(api, site_id):
    path = make(api, site_id, end_date="2025-06-30")
    assert api.post(f"{path}/renew", {"end_date": "2025-06-30"}).status == 422
    renewed = api.post(f"{path}/renew", {"end_date": "2026-06-30", "reason": "By letter"})
    assert (renewed.body["status"], renewed.body["end_date"]) == ("renewed", "2026-06-30")
    assert api.get("/contracts?status=renewed").body["items"][0]["end_date"] == "2026-06-30"
    assert api.get("/contracts?ends_by=2026-01-01").body["items"] == []


def test_one_program_proposes_and_another_approves(api, acme, client_for, site_id):
    path = make(api, site_id)
    body = {"amount": Decimal("-250.00"), "reason": "Lift", "valid_from": "2025-03-10"}
    proposed = api.post(f"{path}/adjustments", body)
    assert (proposed.status, proposed.body["status"]) == (201, "proposed")
    decide = f"{path}/adjustments/{proposed.body['adjustment_id']}"
    assert api.post(f"{decide}/approve", {}).status == 409
    other = Program(client_for(acme), key_of(acme))
    assert other.post(f"{decide}/reject", {"note": " "}).status == 422
    approved = other.post(f"{decide}/approve", {"note": "Agreed"})
    assert (approved.status, approved.body["status"]) == (200, "approved")
    listed = api.get(f"{path}/adjustments").body["items"]
    assert [one["decision_note"] for one in listed] == ["Agreed"]


def test_preview_shows_both_ways(api, site_id):
    path = make(api, site_id)
    body = {
        "contract_type": "fixed_fee",
        "billing_configuration": {"monthly_fee": Decimal("1200.00")},
        "periods": 2,
        "until": "2025-02-28",
    }
    answer = api.post(f"{path}/preview", body)
    assert answer.status == 200
    january, _february = answer.body["periods"]
    assert (january["before"]["subtotal"], january["after"]["subtotal"]) == (1000, 1200)
    assert (answer.body["difference"], answer.body["currency"]) == (400, "CAD")
    assert api.post(f"{path}/preview", {**body, "until": "0001-01-01"}).status == 422
