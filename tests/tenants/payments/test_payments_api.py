"""`/api/v1/payments` and `/api/v1/receivables` over HTTP."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from support.api import Program, key_of
from support.payments import open_invoices

from shared.kernel.tenancy import organisation_context
from tenants.payments.services.files import process_file


@pytest.fixture
def two(acme):
    """The ids of a customer and of its two invoices of 1,130.00."""
    with organisation_context(acme):
        invoices = open_invoices(2)
        return (invoices[0].customer.customer_id, *(one.invoice_id for one in invoices))


def body(customer, **changes):
    given = {
        "customer_id": customer,
        "amount": Decimal("1200.00"),
        "received_on": "2025-06-02",
        "method": "ACH",
        "transaction_id": "T1",
    }
    return {**given, **changes}


def test_a_payment_from_receipt_to_reversal(api, two):
    customer, first, second = two
    made = api.post("/payments", body(customer, reference=f"for {second}"))
    assert made.status == 201, made.raw
    assert (made.body["unapplied_amount"], made.body["realised_gain"]) == (70, 0)
    (part,) = made.body["allocations"]
    assert (part["invoice_id"], part["rule"], part["rule_detail"]) == (second, "reference", second)
    again = api.post("/payments", body(customer, reference=f"for {second}"))
    assert (again.status, again.body) == (200, made.body)
    path = f"/payments/{made.body['payment_id']}"
    (share,) = api.get(f"{path}/suggestions").body
    assert share == {
        "invoice_id": first,
        "amount": 70,
        "rule": "oldest",
        "rule_detail": "2025-03-02",
    }
    applied = api.post(f"{path}/apply", {"invoices": [{"invoice_id": first, "amount": "20.00"}]})
    assert applied.body["unapplied_amount"] == 50
    too_much = api.post(f"{path}/apply", {"invoices": [{"invoice_id": first, "amount": 51}]})
    assert (too_much.status, too_much.fields) == (422, {"invoices[0].amount": "exceeds"})
    assert api.post(f"{path}/unapply", {"invoice_ids": [second]}).body["unapplied_amount"] == 1180
    # The reference decides again: 1,180.00 - 1,130.00 stays.
    assert api.post(f"{path}/apply", {}).body["unapplied_amount"] == 50
    api.post(f"{path}/unapply", {})
    reversed_ = api.post(f"{path}/reverse", {"reason": "NSF"})
    assert reversed_.body["reversed_on"] is not None
    assert api.post(f"{path}/reverse", {"reason": "NSF"}).body["code"] == "not_reversible"
    assert sum(row["amount"] for row in api.get(path).body["allocations"]) == 0


def test_refunds(api, two):
    made = api.make("/payments", body(two[0], apply="none"))
    path = f"/payments/{made['payment_id']}/refund"
    given = {"amount": "200.00", "method": "ACH", "reason": "Twice", "transaction_id": "R1"}
    refund = api.post(path, given)
    assert (refund.status, refund.body["amount"]) == (201, 200)
    assert api.post(path, given).body == refund.body
    assert api.post(path, {**given, "transaction_id": "R2", "amount": 1001}).fields == {
        "amount": "exceeds"
    }


def test_lists_are_filtered_and_belong_to_one_organisation(api, two, globex, client_for):
    customer = two[0]
    api.make("/payments", body(customer))
    api.make("/payments", body(customer, transaction_id="T2", apply="none", amount=5))
    assert len(api.get("/payments").body["items"]) == 2
    (row,) = api.get("/payments?unapplied=true").body["items"]
    assert row["transaction_id"] == "T2"
    assert api.get("/payments?customer_id=CUS999999").body["items"] == []
    stranger = Program(client_for(globex), key_of(globex))
    assert stranger.get("/payments").body["items"] == []
    assert stranger.get(f"/payments/{row['payment_id']}").status == 404
    assert stranger.post("/payments", body(customer)).status == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": -1}, "amount"),
        ({"method": "shells"}, "method"),
        ({"currency": "cad"}, "currency"),
        ({"invoices": []}, "invoices"),
        ({"invoices": [{"invoice_id": "INV999999999"}]}, "invoices[0].invoice_id"),
        ({"apply": "maybe"}, "apply"),
    ],
)
def test_wrong_payments_name_the_field(api, two, changes, field):
    refused = api.post("/payments", body(two[0], **changes))
    assert (refused.status, set(refused.fields)) == (422, {field})
    assert api.get("/payments").body["items"] == []


def test_a_file_from_upload_to_assignment(api, acme, two):
    customer, first, _second = two
    content = f"Date,Amount,Reference\n2025-06-02,1130.00,{first}\n2025-06-03,4.00,?\n".encode()

    def upload():
        return api.browser.post(
            "/api/v1/payments/import",
            {"file": SimpleUploadedFile("bank.csv", content)},
            headers={"authorization": f"Bearer {api.secret}"},
        )

    made, again = upload(), upload()
    assert (made.status_code, again.status_code) == (201, 200)
    found = made.json()
    assert found["lines"] == {
        "matched": 1,
        "unmatched": 1,
        "duplicate": 0,
        "wrong": 0,
        "applied": 0,
        "dismissed": 0,
        "returned": 0,
    }
    path = f"/payments/imports/{found['file_id']}"
    assert api.post(f"{path}/apply").body["status"] == "applying"
    with organisation_context(acme):
        process_file(file_id=found["file_id"])
    assert api.get(path).body["lines"]["applied"] == 1
    (line,) = api.get(f"{path}/lines?status=unmatched").body["items"]
    assigned = api.post(
        f"/payments/import-lines/{line['line_id']}/assign", {"customer_id": customer}
    )
    assert assigned.body["status"] == "applied"
    assert api.post(f"/payments/import-lines/{line['line_id']}/dismiss").status == 409
    assert len(api.get("/payments").body["items"]) == 2


def test_ageing_and_expected_cash(api, two):
    customer = two[0]
    api.make("/payments", body(customer, amount=30, received_on="2025-03-10"))
    found = api.get("/receivables/ageing?on=2025-05-01").body
    (row,) = found["items"]
    # 60 and 32 days late; 30.00 of the older one was paid.
    assert (row["days_31_60"], row["total"]) == (2230, 2230)
    assert found["totals"][0]["total"] == 2230
    items = api.get(f"/receivables/ageing/items?code={customer}&on=2025-05-01&bucket=31-60")
    assert [one["open"] for one in items.body["items"]] == [1100, 1130]
    assert api.get("/receivables/ageing?by=planet").status == 422
    assert api.get("/receivables/ageing?by=site&limit=1").body["next"] is None
    cash = api.get("/receivables/expected-cash").body
    assert sum(week["amount"] for week in cash["currencies"][0]["weeks"]) == 2230
    assert (cash["total"]["currency"], cash["total"]["amount"]) == ("CAD", 2230)


def test_without_a_number_the_idempotency_key_tells_payments_apart(api, two):
    path = f"/billing/invoices/{two[1]}/payment-status"
    given = {
        "payment_status": "partial",
        "payment_date": "2025-06-02",
        "payment_amount": 100,
        "payment_method": "cheque",
    }
    for headers in ({}, {}, {"idempotency-key": "b"}, {"idempotency-key": "b"}):
        answer = api.put(path, given, **headers)
        assert answer.status == 200, answer.raw
    assert answer.body["amount_paid"] == 200
    assert len(api.get("/payments").body["items"]) == 2


def test_scopes_are_asked_for(acme, client_for, two):
    reader = Program(client_for(acme), key_of(acme, ["payments:read"]))
    assert reader.get("/payments").status == 200
    assert reader.post("/payments", body(two[0])).status == 403
    nobody = Program(client_for(acme), key_of(acme, ["sites:read"]))
    for path in ("/payments", "/receivables/ageing", "/receivables/expected-cash"):
        assert nobody.get(path).status == 403
