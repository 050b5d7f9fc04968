"""Journal and trial balance over HTTP, and as pages and files."""

from decimal import Decimal

import pytest
from support.api import Program, invoice_body, key_of, payment_body
from support.browsers import signed_in

GENERATE = "/billing/generate-invoice"


@pytest.fixture
def invoice(api, site_id):
    """8,000.00 and HST 1,040.00, paid."""
    made = api.make(GENERATE, invoice_body(site_id))
    api.put(f"/billing/invoices/{made['invoice_id']}/payment-status", payment_body())
    return made


def test_the_journal(api, invoice):
    number = invoice["invoice_number"]
    found = api.get(f"/ledger/entries?document={number}&kind=invoice").body["items"]
    assert [(one["account"], one["detail"], one["amount"]) for one in found[0]["lines"]] == [
        ("receivable", "", Decimal("9040.00")),
        ("tax_payable", "HST", Decimal("-1040.00")),
        ("revenue", "revenue_share", Decimal("-7500.00")),
        ("revenue", "additional_charge", Decimal("-500.00")),
    ]
    cash = api.get("/ledger/entries?account=cash&posted_from=2025-02-01&posted_to=2025-02-28").body
    assert [one["kind"] for one in cash["items"]] == ["payment"]
    assert api.get("/ledger/entries?kind=gift").status == 422
    assert api.get("/ledger/entries?posted_from=soon").status == 422


def test_pages_of_the_journal(api, invoice):
    first = api.get("/ledger/entries?limit=2").body
    second = api.get(f"/ledger/entries?limit=2&cursor={first['next']}").body
    assert len(first["items"]) == 2
    keys = [one["entry_id"] for one in (*first["items"], *second["items"])]
    assert len(set(keys)) == len(keys)


def test_the_trial_balance_at_any_date(api, invoice):
    january = api.get("/ledger/trial-balance?on=2025-01-31").body
    assert {one["account"]: one["balance"] for one in january["balances"]} == {
        "receivable": Decimal("9040.00"),
        "tax_payable": Decimal("-1040.00"),
        "revenue": Decimal("-8000.00"),
    }
    later = api.get("/ledger/trial-balance?on=2025-12-31&detailed=true").body
    assert sum(one["balance"] for one in later["balances"]) == 0
    assert ("revenue", "additional_charge") in {
        (one["account"], one["detail"]) for one in later["balances"]
    }
    assert later["proof"] is None
    assert api.get("/ledger/trial-balance?on=2024-12-31").body["balances"] == []


def test_who_may_read_it(acme, globex, client_for, invoice):
    poor = Program(client_for(acme), key_of(acme, ["invoices:read"]))
    assert poor.get("/ledger/entries").status == 403
    assert poor.get("/ledger/trial-balance").status == 403
    other = Program(client_for(globex), key_of(globex))
    assert other.get("/ledger/entries").body["items"] == []


def test_the_pages(acme, client_for, invoice):
    browser = signed_in(client_for, acme, "viewer")
    page = browser.get("/ledger").content.decode()
    assert invoice["invoice_number"] in page
    assert "No entry matches" in browser.get("/ledger?q=nothing").content.decode()
    balance = browser.get("/ledger/balance?on=2025-01-31&detailed=1").content.decode()
    assert "9,040.00" in balance
    assert "Revenue share" in balance
    assert (
        "Every account is at zero" in browser.get("/ledger/balance?on=2020-01-01").content.decode()
    )
    assert browser.get("/ledger/balance?on=never").status_code == 200


def test_the_files(acme, client_for, invoice):
    browser = signed_in(client_for, acme, "viewer")
    journal = b"".join(browser.get("/ledger.csv?kind=invoice").streaming_content).decode()
    assert journal.count("\n") == 5
    balance = b"".join(browser.get("/ledger/balance.csv?on=2025-01-31").streaming_content).decode()
    assert "9040.0000,CAD" in balance


def test_from_an_entry_to_its_document(api, acme, client_for, invoice):
    browser = signed_in(client_for, acme, "viewer")
    entries = api.get("/ledger/entries").body["items"]
    targets = {
        one["kind"]: browser.get(f"/ledger/documents/{one['document_id']}").headers["location"]
        for one in entries
    }
    assert targets["invoice"] == f"/invoices/{invoice['invoice_id']}"
    assert targets["payment"].startswith("/payments/PAY")
    missing = browser.get(f"/ledger/documents/{entries[0]['entry_id']}")
    assert missing.status_code == 404
