"""Disputes: never more than is open; settled by a credit note; kept on the invoice."""

from datetime import date
from decimal import Decimal
from threading import Thread

import pytest
from django.db import connections
from support.api import Program, invoice_body, key_of
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from shared.kernel.tenancy import organisation_context
from tenants.disputes.models import Dispute
from tenants.disputes.services import raise_dispute, resolve_dispute, withdraw_dispute
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice
from tenants.payments.services import record_customer_payment, record_payment
from tenants.payments.services.checking import PaymentInput


def bill():
    site = make_site()
    make_contract(site)
    return generate_invoice(
        actor=SYSTEM, site_id=site.site_id, period=month_period(2025, 1)
    ).invoice


@pytest.fixture
def invoice(in_acme):
    """1,000.00 and HST 130.00."""
    return bill()


def dispute(invoice, **options):
    options.setdefault("reason", "Not delivered")
    return raise_dispute(actor=SYSTEM, invoice_id=invoice.invoice_id, **options)


def disputed(invoice):
    invoice.refresh_from_db()
    return invoice.amount_disputed


def test_what_is_disputed_is_kept_on_the_invoice(invoice):
    first = dispute(invoice, amount=Decimal(400), position=1)
    assert (first.line.position, disputed(invoice)) == (1, 400)
    with pytest.raises(Invalid) as refused:
        dispute(invoice, amount=Decimal("730.01"))
    assert refused.value.errors[0].code == "exceeds"
    rest = dispute(invoice)
    assert (rest.amount, disputed(invoice)) == (730, 1130)
    with pytest.raises(Conflict):
        dispute(invoice)
    withdraw_dispute(actor=SYSTEM, dispute_id=first.dispute_id)
    assert disputed(invoice) == 730
    resolve_dispute(actor=SYSTEM, dispute_id=rest.dispute_id, resolution="Explained")
    assert disputed(invoice) == 0
    with pytest.raises(Conflict):
        withdraw_dispute(actor=SYSTEM, dispute_id=rest.dispute_id)


def test_settled_by_a_credit_note(invoice):
    raised = dispute(invoice, amount=Decimal(226), position=1)
    closed = resolve_dispute(
        actor=SYSTEM, dispute_id=raised.dispute_id, resolution="Agreed", credit=Decimal(200)
    )
    # 200.00 and HST 26.00 on the disputed line
    assert (closed.credit_note.total, closed.credit_note.reason) == (-226, "Agreed")
    invoice.refresh_from_db()
    assert (invoice.amount_credited, invoice.balance_due, invoice.amount_disputed) == (226, 904, 0)


def test_a_credit_that_is_refused_leaves_the_dispute_open(invoice):
    raised = dispute(invoice)
    with pytest.raises(Invalid):
        resolve_dispute(
            actor=SYSTEM, dispute_id=raised.dispute_id, resolution="x", credit=Decimal(1001)
        )
    raised.refresh_from_db()
    assert (raised.status, disputed(invoice), Invoice.objects.count()) == ("open", 1130, 1)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"reason": " "}, "reason"),
        ({"position": 9}, "position"),
    ],
)
def test_what_is_refused_names_its_field(invoice, options, field):
    with pytest.raises(Invalid) as refused:
        dispute(invoice, **options)
    assert refused.value.errors[0].field == field
    assert not Dispute.objects.exists()


def test_who_may_and_where(invoice, actor_in, globex):
    with pytest.raises(Forbidden):
        raise_dispute(actor=actor_in("viewer"), invoice_id=invoice.invoice_id, reason="x")
    with organisation_context(globex), pytest.raises(NotFound):
        dispute(invoice)


def test_at_once_never_more_than_is_open(throwaway_organisation, django_db_blocker):
    refused = []
    with django_db_blocker.unblock(), organisation_context(throwaway_organisation):
        invoice = bill()

        def object_to_it() -> None:
            try:
                with organisation_context(throwaway_organisation):
                    dispute(invoice, amount=Decimal(500))
            except AppError as error:
                refused.append(error)
            finally:
                connections.close_all()

        threads = [Thread(target=object_to_it) for _n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert (len(refused), disputed(invoice)) == (2, 1000)


def test_over_the_api(api, site_id, acme, globex, client_for):
    made = api.make("/billing/generate-invoice", invoice_body(site_id))
    path = f"/billing/invoices/{made['invoice_id']}/disputes"
    # The second line is 500.00 of a larger invoice: with 13 % of tax 565.00 is disputed.
    raised = api.post(path, {"reason": "Never rented", "position": 2})
    assert (raised.status, raised.body["status"], raised.body["amount"]) == (201, "open", 565)
    assert api.get(f"/billing/invoices/{made['invoice_id']}").body["amount_disputed"] == 565
    listed = api.get(f"/billing/disputes?status=open&invoice_id={made['invoice_id']}").body
    assert [one["dispute_id"] for one in listed["items"]] == [raised.body["dispute_id"]]
    own = f"/billing/disputes/{raised.body['dispute_id']}"
    assert api.get(own).body == raised.body
    stale = api.post(f"{own}/resolve", {"resolution": "x"}, **{"if-match": '"9"'})
    assert stale.status == 412
    closed = api.post(f"{own}/resolve", {"resolution": "Credited", "credit": 500}).body
    assert closed["status"] == "resolved"
    note = api.get(f"/billing/invoices/{closed['credit_note_id']}").body
    assert note["total_amount"] == -565
    assert api.post(f"{own}/withdraw", {}).status == 409
    other = Program(client_for(globex), key_of(globex))
    assert other.get(own).status == 404
    assert other.post(path, {"reason": "x"}).status == 404


def test_what_is_settled_is_disputed_no_more(invoice):
    first = dispute(invoice, amount=Decimal(400))
    second = dispute(invoice, amount=Decimal(300))
    pay(invoice, "630.00")  # 500.00 stay open: all of the first, 100.00 of the second
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.amount, second.amount, disputed(invoice)) == (400, 100, 500)
    assert "300" in second.resolution
    pay(invoice, "500.00")
    second.refresh_from_db()
    assert (second.status, second.resolution) == ("resolved", "The invoice was settled in full.")
    assert (disputed(invoice), invoice.payment_status) == (0, "paid")
    with pytest.raises(Conflict):
        withdraw_dispute(actor=SYSTEM, dispute_id=first.dispute_id)


def test_a_disputed_invoice_is_settled_after_the_others(invoice):
    later = generate_invoice(
        actor=SYSTEM, site_id=invoice.site.site_id, period=month_period(2025, 2)
    ).invoice
    dispute(invoice)
    receipt = record_customer_payment(
        actor=SYSTEM,
        customer_id=invoice.customer.customer_id,
        given=PaymentInput(Decimal("1130.00"), "CAD", date(2025, 3, 20), "ACH"),
    )
    assert [one.invoice.invoice_id for one in receipt.allocations] == [later.invoice_id]
    assert disputed(invoice) == 1130


def pay(invoice, amount):
    record_payment(
        actor=SYSTEM,
        invoice_id=invoice.invoice_id,
        amount=Decimal(amount),
        received_on=date(2025, 3, 20),
        method="ACH",
    )
