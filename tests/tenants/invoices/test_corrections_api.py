"""Corrections over HTTP: credit, recalculate, void, write off, release, and what is refused."""

from decimal import Decimal

import pytest
from support.api import Program, invoice_body, key_of, payment_body

from shared.kernel.tenancy import organisation_context
from tenants.contracts.models import Contract, ContractTerms
from tenants.payments.models import WriteOff

GENERATE = "/billing/generate-invoice"


@pytest.fixture
def invoice(api, site_id):
    """7,500.00 of revenue share, 500.00 charge, HST 1,040.00."""
    return api.make(GENERATE, invoice_body(site_id))


def path(invoice, *rest):
    return "/".join(("/billing/invoices", invoice["invoice_id"], *rest))


def test_a_credit_note_is_drafted_then_issued(api, invoice):
    body = {"reason": "Late", "lines": [{"position": 2, "amount": 100}]}
    draft = api.post(path(invoice, "credit"), body)
    assert draft.status == 201, draft.raw
    note = draft.body
    assert (note["kind"], note["status"], note["total_amount"]) == (
        "credit_note",
        "validated",
        -113,
    )
    assert note["corrects"]["invoice_id"] == invoice["invoice_id"]
    issued = api.post(path(note, "issue")).body
    assert issued["balance_due"] == 0
    original = api.get(path(invoice)).body
    assert (original["amount_credited"], original["balance_due"]) == (113, 8927)
    assert [one["invoice_id"] for one in original["corrections"]] == [note["invoice_id"]]
    listed = api.get("/billing/invoices?status=partially_paid").body["items"]
    assert [one["balance_due"] for one in listed] == [8927]


def test_a_whole_credit_in_one_step(api, invoice):
    made = api.post(path(invoice, "credit"), {"reason": "Wrong site", "issue": True})
    assert made.body["status"] == "credited"
    assert api.get(path(invoice)).body["status"] == "credited"
    assert api.get("/billing/invoices?status=credited").body["items"] != []
    again = api.post(path(invoice, "credit"), {"reason": "Wrong site"})
    assert (again.status, again.body["type"].rsplit(":", 1)[-1]) == (409, "not_creditable")


def test_what_generating_points_at(api, invoice, site_id, acme):
    body = invoice_body(site_id)
    body["billing_data"]["revenue_amount"] = Decimal("60000.00")
    refused = api.post(GENERATE, body)
    assert refused.status == 409
    made = api.post(refused.body["recalculate"], {"billing_data": body["billing_data"]})
    # 15 % of 60,000.00 = 9,000.00: 1,500.00 more, HST 195.00
    assert (made.status, made.body["result"], made.body["difference"]) == (201, "adjustment", 1500)
    assert made.body["correction"]["total_amount"] == 1695
    assert [(one["billed"], one["calculated"]) for one in made.body["lines"]] == [
        (7500, 9000),
        (500, 500),
    ]
    again = api.post(path(invoice, "recalculate"), {"billing_data": body["billing_data"]})
    assert (again.status, again.body["correction"]["invoice_id"]) == (
        200,
        made.body["correction"]["invoice_id"],
    )
    api.make(path(made.body["correction"], "issue"))
    with organisation_context(acme):
        assert ContractTerms.objects.count() == 1
    unchanged = api.post(path(invoice, "recalculate"), {"billing_data": body["billing_data"]})
    assert (unchanged.status, unchanged.body["result"]) == (200, "unchanged")


def test_void_and_bill_again(api, invoice, site_id):
    assert api.post(path(invoice, "void"), {"reason": ""}).fields == {"reason": "required"}
    voided = api.make(path(invoice, "void"), {"reason": "Wrong hours"})
    assert (voided["status"], voided["void_reason"]) == ("void", "Wrong hours")
    new = api.post(GENERATE, invoice_body(site_id))
    assert new.status == 201
    related = api.get(path(new.body)).body["corrections"]
    assert [(one["invoice_id"], one["status"]) for one in related] == [
        (invoice["invoice_id"], "void")
    ]
    paid = api.put(path(new.body, "payment-status"), payment_body())
    assert paid.status == 200
    assert api.post(path(new.body, "void"), {"reason": "Too late"}).status == 409


def test_write_off_and_back(api, invoice, acme):
    given_up = api.make(path(invoice, "write-off"), {"reason": "Bankrupt", "amount": "40.00"})
    assert (given_up["amount_written_off"], given_up["balance_due"]) == (40, 9000)
    with organisation_context(acme):
        key = str(WriteOff.objects.get().pk)
    assert api.make(path(invoice, "write-offs", key, "undo"))["balance_due"] == 9040
    assert api.post(path(invoice, "write-offs", invoice["invoice_id"], "undo")).status == 404


def test_approval_and_the_trail(api, invoice):
    note = api.make(path(invoice, "credit"), {"reason": "Late", "amount": 1})
    assert api.make(path(note, "approve"))["status"] == "approved"
    assert api.make(path(note, "issue"))["status"] == "credited"
    acts = [one["action"] for one in api.get(path(note, "audit")).body["items"]]
    assert acts == ["invoice.issued", "invoice.approved", "invoice.credit_drafted"]


def test_holdback_is_released(api, site_id, acme):
    with organisation_context(acme):
        Contract.objects.update(holdback_rate=Decimal("0.1"))
        contract_id = Contract.objects.get().contract_id
    invoice = api.make(GENERATE, invoice_body(site_id))
    assert api.get(path(invoice)).body["holdback"] == 800
    asked = {"contract_id": contract_id, "issue": True}
    refused = api.post("/billing/holdback-releases", asked)
    assert [one["field"] for one in refused.body["errors"]] == ["early"]
    early = {"early": True, "reason": "The owner agreed"}
    released = api.post("/billing/holdback-releases", {**asked, **early})
    assert released.status == 201, released.raw
    assert (released.body["subtotal"], released.body["tax_total"]) == (800, 104)
    again = api.post("/billing/holdback-releases", {"contract_id": contract_id})
    assert again.status == 409


def test_scopes_and_other_organisations(acme, globex, client_for, invoice):
    reader = Program(client_for(acme), key_of(acme, ["invoices:read"]))
    other = Program(client_for(globex), key_of(globex))
    for action, body in (
        ("credit", {"reason": "x"}),
        ("void", {"reason": "x"}),
        ("recalculate", {}),
        ("approve", None),
        ("write-off", {"reason": "x"}),
    ):
        assert reader.post(path(invoice, action), body).status == 403
        assert other.post(path(invoice, action), body).status == 404


def test_a_stale_reader_changes_nothing(api, invoice):
    stale = {"if-match": '"99"'}
    for action, body in (("credit", {"reason": "x"}), ("void", {"reason": "x"})):
        assert api.post(path(invoice, action), body, **stale).status == 412
    assert api.get(path(invoice)).body["corrections"] == []


def test_a_draft_is_deleted_and_an_issued_one_is_not(api, invoice):
    draft = api.post(path(invoice, "credit"), {"reason": "Late", "amount": 100}).body
    assert api.send("DELETE", path(draft)).status == 204
    assert api.get(path(draft)).status == 404
    assert api.send("DELETE", path(draft)).status == 404
    assert api.send("DELETE", path(invoice)).status == 409
    assert api.get(path(invoice)).body["corrections"] == []


def test_recalculating_says_that_a_given_credit_stays(api, invoice):
    api.make(path(invoice, "credit"), {"reason": "Late", "amount": 100, "issue": True})
    answer = api.post(path(invoice, "recalculate"), {})
    assert (answer.status, answer.body["result"], answer.body["difference"]) == (
        200,
        "unchanged",
        0,
    )
    assert answer.body["credit_kept"] == 100
    assert "$100.00" in answer.body["note"]
    too_much = api.post(path(invoice, "credit"), {"reason": "Late", "amount": 8000})
    assert "$7,900.00" in too_much.body["errors"][0]["message"]
