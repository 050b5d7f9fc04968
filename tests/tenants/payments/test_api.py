"""Payment status over HTTP (seed 000): part by part, too much, twice, stale, wrong."""

from datetime import date
from decimal import Decimal

import pytest
from support.api import (
    JANUARY,
    active_contract,
    invoice_body,
    payment_body,
    site_body,
)

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.invoices.services import generate_invoice
from tenants.payments.models import Payment

GENERATE = "/billing/generate-invoice"


@pytest.fixture
def count(acme):
    def rows():
        with organisation_context(acme):
            return Payment.objects.count()

    return rows


@pytest.fixture
def invoice(api, site_id):
    return api.make(GENERATE, invoice_body(site_id))


def pay(api, invoice, /, **changes):
    headers = changes.pop("headers", {})
    path = f"/billing/invoices/{invoice['invoice_id']}/payment-status"
    return api.put(path, payment_body(**changes), **headers)


def test_a_payment_as_in_the_integration_spec(api, invoice):
    paid = pay(api, invoice)
    assert paid.status == 200, paid.raw
    assert paid.body["status"] == "success"
    assert paid.body["message"] == "Payment status updated successfully"
    assert paid.body["updated_at"].endswith("Z") or "+" in paid.body["updated_at"]
    assert paid.body["payment_status"] == "paid"
    assert '"balance_due":0.00' in paid.raw
    assert api.get(f"/billing/invoices/{invoice['invoice_id']}").body["status"] == "paid"


def test_part_by_part(api, invoice):
    first = pay(api, invoice, payment_amount="4040.00", transaction_id="A").body
    assert (first["payment_status"], first["balance_due"]) == ("partially_paid", 5000)
    second = pay(api, invoice, payment_amount=5000, transaction_id="B").body
    assert (second["payment_status"], second["balance_due"]) == ("paid", 0)


def test_too_much_stays_as_credit(api, invoice):
    paid = pay(api, invoice, payment_amount=Decimal("9100.50")).body
    assert (paid["payment_status"], paid["balance_due"]) == ("paid", 0)
    assert paid["unapplied_amount"] == Decimal("60.50")


def test_the_same_transaction_again_changes_nothing(api, invoice, count):
    first, again = pay(api, invoice), pay(api, invoice)
    assert (first.status, first.raw) == (again.status, again.raw)
    assert count() == 1


def test_a_transaction_number_belongs_to_one_payment(api, site_id, invoice, count):
    pay(api, invoice)
    assert pay(api, invoice, payment_amount=1).fields == {"transaction_id": "used"}
    period = {"start_date": "2025-02-01", "end_date": "2025-02-28"}
    other = api.make(GENERATE, invoice_body(site_id, billing_period=period))
    refused = pay(api, other)
    assert (refused.status, refused.fields) == (409, {"transaction_id": "used"})
    assert count() == 1


def test_a_stale_payment_is_412_and_its_repetition_is_not(api, invoice, count):
    tag = api.get(f"/billing/invoices/{invoice['invoice_id']}").headers["ETag"]
    headers = {"if-match": tag}
    assert pay(api, invoice, payment_amount=40, headers=headers).status == 200
    assert pay(api, invoice, payment_amount=40, headers=headers).status == 200
    assert pay(api, invoice, transaction_id="B", headers=headers).status == 412
    assert pay(api, invoice, transaction_id="B", headers={"if-match": '"x"'}).status == 412
    assert count() == 1


WRONG_PAYMENTS = {
    "zero": ({"payment_amount": 0}, "payment_amount"),
    "negative": ({"payment_amount": "-1.00"}, "payment_amount"),
    "half a cent": ({"payment_amount": Decimal("0.005")}, "payment_amount"),
    "too big": ({"payment_amount": 10**15}, "payment_amount"),
    "bool": ({"payment_amount": True}, "payment_amount"),
    "null": ({"payment_amount": None}, "payment_amount"),
    "status": ({"payment_status": "unpaid"}, "payment_status"),
    "method": ({"payment_method": "shells"}, "payment_method"),
    "date": ({"payment_date": "2025-13-01"}, "payment_date"),
    "no date": ({"payment_date": None}, "payment_date"),
    "long transaction": ({"transaction_id": "x" * 101}, "transaction_id"),
    "transaction is a number": ({"transaction_id": 5}, "transaction_id"),
    "unknown": ({"note": "hi"}, "note"),
}


@pytest.mark.parametrize(("changes", "field"), WRONG_PAYMENTS.values(), ids=WRONG_PAYMENTS.keys())
def test_wrong_payments_name_the_field(api, invoice, count, changes, field):
    refused = pay(api, invoice, **changes)
    assert refused.status == 422, refused.raw
    assert set(refused.fields) == {field}
    assert count() == 0


def test_unissued_and_unknown_invoices_are_not_paid(api, site_id, acme, count):
    with organisation_context(acme):
        draft = generate_invoice(
            actor=SYSTEM,
            site_id=site_id,
            period=Period(date(2025, 1, 1), date(2025, 1, 31)),
            billing_data={"revenue_amount": 1},
            issue=False,
        ).invoice
    refused = pay(api, {"invoice_id": draft.invoice_id})
    assert (refused.status, refused.body["code"]) == (409, "not_payable")
    assert pay(api, {"invoice_id": "INV999999999"}).status == 404
    assert pay(api, {"invoice_id": "nonsense"}).status == 404
    issued = api.post(f"/billing/invoices/{draft.invoice_id}/issue")
    assert (issued.status, issued.body["status"]) == (200, "issued")
    assert api.post(f"/billing/invoices/{draft.invoice_id}/issue").raw == issued.raw
    assert count() == 0


def test_yen_has_no_cents(api):
    site_id = api.make("/customer-sites", site_body(currency="JPY"))["site_id"]
    active_contract(
        api,
        site_id,
        currency="JPY",
        contract_type="fixed_fee",
        billing_configuration={"monthly_fee": 100000},
    )
    made = api.make(GENERATE, {"site_id": site_id, "billing_period": JANUARY})
    assert made["total_amount"] == 113000
    assert pay(api, made, payment_amount=Decimal("0.50")).fields == {"payment_amount": "fraction"}
    assert pay(api, made, payment_amount="113000").body["payment_status"] == "paid"
