"""The invoice's page: what corrects it, what may be done, and how a refusal is told."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site
from support.browsers import signed_in
from support.payments import credit_note, receive

from billing.application import ALL_RULES
from billing.periods import Period
from shared.accounts.models import User
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.contracts.models import Contract, ContractTerms
from tenants.disputes.models import Dispute
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice
from tenants.payments.models import WriteOff

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))


@pytest.fixture
def invoice(in_acme):
    """A construction contract in Ontario: 1,000.00, 100.00 held back, HST 117.00."""
    contract = make_contract(make_site())
    Contract.objects.update(is_construction=True)
    return generate_invoice(actor=SYSTEM, site_id=contract.site.site_id, period=JANUARY).invoice


@pytest.fixture
def browser(invoice, acme, client_for):
    return signed_in(client_for, acme, "billing_manager")


def page_of(browser, invoice):
    response = browser.get(f"/invoices/{invoice.invoice_id}")
    assert response.status_code == 200
    return response.content.decode()


def post(browser, invoice, path, **data):
    response = browser.post(f"/invoices/{invoice.invoice_id}/{path}", data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def refused(browser, invoice, path, **data):
    """The page again, with the form that was sent open in it."""
    response = browser.post(f"/invoices/{invoice.invoice_id}/{path}", data)
    assert response.status_code == 422
    page = response.content.decode()
    for typed in data.values():
        assert f'value="{typed}"' in page or typed == "on"
    return page


def dialog_of(page, name):
    """What stands in a dialog that came open."""
    start = page.index(f'id="{name}"')
    dialog = page[start : page.index("</dialog>", start)]
    assert "data-open-now" in dialog
    return dialog


def test_what_the_page_shows(browser, invoice):
    page = page_of(browser, invoice)
    assert "$100.00 was kept back; $100.00 is not released yet." in page
    assert "Pay by Feb 28, 2025; notice of non-payment by Feb 14, 2025" in page
    assert "Holdback receivable" in page
    for action in ("Recalculate", "Enter a credit note", "Write off", "Void", "Record a dispute"):
        assert action in page


def test_the_maker_reads_who_else_approves(browser, invoice, acme, client_for):
    period = Period(date(2025, 2, 1), date(2025, 2, 28))
    draft = generate_invoice(
        actor=SYSTEM, site_id=invoice.site.site_id, period=period, issue=False
    ).invoice
    maker = User.objects.get(role="billing_manager")
    Invoice.objects.filter(pk=draft.pk).update(creator=f"user:{maker.pk}")
    assert "approve-form" in page_of(browser, draft)  # nobody else may
    other = signed_in(client_for, acme, "approver")
    page = page_of(browser, draft)
    assert "approve-form" not in page
    assert "You made this document, so somebody else approves it: The approver" in page
    assert "approve-form" in page_of(other, draft)
    assert "Approved; it can be issued." in post(other, draft, "approve")
    assert "somebody else approves" not in page_of(browser, draft)
    assert "approve-form" not in page_of(other, draft)


def test_a_credit_note_is_refunded_and_the_refund_taken_back(browser, invoice, acme, client_for):
    receive(invoice, "1017.00", rules=ALL_RULES)
    note = credit_note(invoice, "200.00")
    page = page_of(browser, note)
    assert 'data-dialog-open="refund"' in page
    assert 'data-dialog-open="refund"' not in page_of(browser, invoice)
    path = f"/invoices/{note.invoice_id}/refund"
    given = {"amount": "200.01", "method": "ACH", "reason": "Moved away", "transaction_id": "R1"}
    refused = browser.post(path, given)
    assert refused.status_code == 422
    assert "At most $200.00 is left." in refused.content.decode()
    assert "Moved away" in refused.content.decode()  # nothing typed is lost
    assert "The refund was recorded." in post(
        browser, note, "refund", **{**given, "amount": "150.00"}
    )
    refund = note.refunds.get()
    page = page_of(browser, note)
    assert "Moved away" in page
    assert f"undo-{refund.refund_id}" in page
    viewer = signed_in(client_for, acme, "viewer")
    assert "undo-" not in page_of(viewer, note)
    undo = f"refunds/{refund.refund_id}/undo"
    post(browser, note, undo, **{f"{refund.refund_id}-reason": ""})
    assert note.refunds.count() == 1
    told = post(browser, note, undo, **{f"{refund.refund_id}-reason": "The bank returned it"})
    assert "the credit note is open again" in told
    assert f"Takes {refund.refund_id} back" in told
    note.refresh_from_db()
    assert (note.balance_due, note.refunds.count()) == (-200, 2)
    assert 'data-dialog-open="void"' not in page_of(browser, note)  # it would be refused
    del given["transaction_id"]
    assert browser.post(f"/invoices/{invoice.invoice_id}/refund", given).status_code == 404


def test_a_credit_note_by_line(browser, invoice):
    address = f"/invoices/{invoice.invoice_id}/credit"
    form = browser.get(address).content.decode()
    assert "Follows its charges" in form
    given = {"line_1": "2000", "reason": "Late", "invoice_date": "2025-03-01"}
    refused = browser.post(address, given)
    assert refused.status_code == 422
    assert "At most $1,000.00 is left." in refused.content.decode()
    made = browser.post(address, {**given, "line_1": "100"}, follow=True).content.decode()
    assert "The credit note is a draft" in made
    note = Invoice.objects.get(kind="credit_note")
    post(browser, note, "issue")
    page = page_of(browser, invoice)
    assert note.invoice_id in page
    assert "Credited" in page


def test_recalculating_shows_old_and_new(browser, invoice):
    assert "Nothing differs" in post(browser, invoice, "recalculate")
    ContractTerms.objects.update(billing_configuration={"monthly_fee": "1200.00"})
    page = post(browser, invoice, "recalculate")
    assert "Old and new" in page
    assert "$1,200.00" in page
    assert Invoice.objects.get(kind="adjustment").subtotal == 180


def test_void_needs_a_reason(browser, invoice):
    assert "This field is required." in dialog_of(refused(browser, invoice, "void"), "void")
    page = post(browser, invoice, "void", reason="Billed twice")
    assert "Billed twice" in page
    assert Invoice.objects.get().document_status == "void"


def test_write_off_and_back(browser, invoice):
    post(browser, invoice, "write-off", amount="17.00", reason="Small")
    made = WriteOff.objects.get()
    assert "Take back" in page_of(browser, invoice)
    post(browser, invoice, f"write-offs/{made.pk}/undo")
    assert Invoice.objects.get().balance_due == 1017
    assert "amount" not in Invoice.objects.get().void_reason
    page = refused(browser, invoice, "write-off", amount="x", reason="Small")
    assert "Enter a number." in dialog_of(page, "write-off")
    page = refused(browser, invoice, "write-off", amount="2000", reason="Small")
    assert "$1,017.00" in dialog_of(page, "write-off")
    assert WriteOff.objects.count() == 1


def test_a_dispute_is_recorded_and_settled(browser, invoice):
    given = {"amount": "5000", "reason": "Half a day"}
    page = dialog_of(refused(browser, invoice, "dispute", **given), "dispute")
    assert "At most $1,017.00 is open." in page
    post(browser, invoice, "dispute", amount="113.00", position="1", reason="Half a day")
    raised = Dispute.objects.get()
    assert "Half a day" in page_of(browser, invoice)
    close = f"disputes/{raised.dispute_id}/close"
    page = refused(browser, invoice, close, resolution="x", credit="ten")
    assert "Enter a number." in dialog_of(page, raised.dispute_id)
    page = refused(browser, invoice, close, resolution="x", credit="5000", action="resolve")
    assert "At most $1,000.00 is left." in dialog_of(page, raised.dispute_id)
    post(browser, invoice, close, resolution="Agreed", credit="100", action="resolve")
    raised.refresh_from_db()
    assert (raised.status, raised.credit_note.subtotal) == ("resolved", -90)


def test_holdback_is_released(browser, invoice):
    assert "release_early" in refused(browser, invoice, "release", reason="The owner agreed")
    assert "Say why it is released now." in refused(browser, invoice, "release", early="on")
    page = post(browser, invoice, "release", early="on", reason="The owner agreed")
    assert "The release is a draft" in page
    assert "Release of holdback" in page
    assert Invoice.objects.get(kind="holdback_release").subtotal == Decimal(100)


def test_a_viewer_sees_no_actions(invoice, acme, client_for):
    browser = signed_in(client_for, acme, "viewer")
    page = page_of(browser, invoice)
    assert "Enter a credit note" not in page
    assert browser.get(f"/invoices/{invoice.invoice_id}/credit").status_code == 403
    for action in ("void", "recalculate", "write-off", "release", "dispute", "refund"):
        assert browser.post(f"/invoices/{invoice.invoice_id}/{action}").status_code == 403


def test_another_organisation_does_not_find_it(invoice, globex, client_for):
    browser = signed_in(client_for, globex, "owner")
    for action in ("void", "recalculate"):
        data = {"reason": "x"}
        assert browser.post(f"/invoices/{invoice.invoice_id}/{action}", data).status_code == 404
    with organisation_context(globex):
        assert not Invoice.objects.exists()
