"""Pages of what is agreed around the terms: details, versions, renewal, signing, adjustments."""

import re
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from tenants.contracts.models import Contract, ContractAdjustment, ContractSignature
from tenants.contracts.services import TermsInput, change_terms, propose_adjustment, renew_contract
from tenants.invoices.services import generate_invoice
from tenants.review.models import ReviewItem
from tenants.structure.services import create_department

TODAY = time_machine.travel("2026-11-10T12:00:00-05:00", tick=False)
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))


@pytest.fixture
def browser(in_acme, client_for):
    return signed_in(client_for, in_acme, "billing_manager")


def text(answer):
    """The page's words, tags and runs of blanks taken away."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def path(contract, tail=""):
    return f"/contracts/{contract.contract_id}{tail}"


@TODAY
def test_details_are_edited_and_shown(browser):
    contract = make_contract()
    create_department(actor=SYSTEM, code="OPS", name="Operations")
    form = {
        "department": "OPS",
        "holdback_rate": "10",
        "purchase_order": "PO 7",
        "is_construction": "on",
        "renewal_notice_days": "90",
        "auto_renew_months": "12",
        "payment_terms_days": "45",
    }
    assert browser.post(path(contract, "/edit"), form).status_code == 302
    page = text(browser.get(path(contract)))
    for told in ("OPS Operations", "PO 7", "10%", "45 days", "12 months"):
        assert told in page
    wrong = browser.post(path(contract, "/edit"), {**form, "holdback_rate": "30"})
    assert wrong.status_code == 422
    assert "Between 0 and 25 %." in text(wrong)
    assert Contract.objects.get(pk=contract.pk).holdback_rate == Decimal("0.1")


@TODAY
def test_versions_tell_their_changes(browser):
    contract = make_contract()
    change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput("fixed_fee", {"monthly_fee": "1100.00"}),
        effective_date=date(2026, 6, 1),
        reason="Yearly talk",
    )
    page = text(browser.get(path(contract)))
    assert "Yearly talk" in page
    assert "Fee a month $1,000.00 $1,100.00" in page


@TODAY
def test_invoiced_days_are_listed_and_changed_on_request(browser):
    site = make_site()
    contract = make_contract(site)
    invoice = generate_invoice(actor=SYSTEM, site_id=site.site_id, period=OCTOBER).invoice
    form = {
        "contract_type": "fixed_fee",
        "effective_date": "2026-10-10",
        "billing_frequency": "monthly",
        "terms-monthly_fee": "1100",
    }
    refused = browser.post(path(contract, "/terms"), form)
    assert refused.status_code == 422
    assert invoice.number in text(refused)
    assert (
        browser.post(path(contract, "/terms"), {**form, "allow_invoiced": "on"}).status_code == 302
    )
    assert ReviewItem.objects.get().target_id == invoice.pk


@TODAY
def test_renewing_terminating_and_the_calendar(browser):
    contract = make_contract(end_date=date(2027, 3, 31))
    calendar = text(browser.get("/contracts/renewals"))
    assert contract.contract_id in calendar
    assert "March 2027" in calendar
    browser.post(path(contract, "/renew"), {"end_date": "2028-03-31", "reason": "By letter"})
    assert "By letter" in text(browser.get(path(contract)))
    wrong = browser.post(path(contract, "/renew"), {"end_date": "2027-01-01"}, follow=True)
    assert "choose a later last day" in text(wrong)
    browser.post(path(contract, "/terminate"), {"end_date": "2026-12-31"})
    fresh = Contract.objects.get(pk=contract.pk)
    assert (fresh.status, fresh.end_date) == ("terminated", date(2026, 12, 31))
    assert "Nothing ends soon" in text(browser.get("/contracts/renewals"))


@TODAY
def test_a_signature_holds_for_the_text_that_was_shown(browser):
    contract = make_contract()
    page = browser.get(path(contract)).content.decode()
    (digest,) = re.findall(r'name="document_sha256" value="([0-9a-f]{64})"', page)
    form = {
        "signer_name": "Karen Douglas",
        "signer_email": "karen@example.com",
        "document_sha256": digest,
    }
    browser.post(path(contract, "/sign"), form)
    assert ContractSignature.objects.count() == 1
    assert "The text is the signed one." in text(browser.get(path(contract)))
    renew_or_change = {"payment_terms_days": "60", "renewal_notice_days": "60"}
    browser.post(path(contract, "/edit"), renew_or_change)
    assert "The contract has changed since." in text(browser.get(path(contract)))
    assert "has changed since that text" in text(
        browser.post(path(contract, "/sign"), form, follow=True)
    )
    assert ContractSignature.objects.count() == 1


@TODAY
def test_an_adjustment_is_proposed_by_one_and_decided_by_another(browser, in_acme, client_for):
    contract = make_contract()
    form = {"amount": "-250", "reason": "Lift out of order", "valid_from": "2026-11-05"}
    browser.post(path(contract, "/adjustments"), form)
    adjustment = ContractAdjustment.objects.get()
    page = path(contract, f"/adjustments/{adjustment.adjustment_id}")
    own = browser.post(page, {"action": "approve"})
    assert own.status_code == 422
    assert "somebody else decides" in text(own)
    assert "You proposed it; somebody else decides about it." in text(browser.get(page))
    assert b'value="approve"' not in browser.get(page).content
    approver = signed_in(client_for, in_acme, "approver")
    assert b'value="approve"' in approver.get(page).content
    assert approver.post(page, {"action": "reject"}).status_code == 422
    assert approver.post(page, {"action": "approve", "note": "Agreed"}).status_code == 302
    adjustment.refresh_from_db()
    assert (adjustment.status, adjustment.decision_note) == ("approved", "Agreed")


@TODAY
def test_an_adjustment_of_an_invoiced_period_names_the_invoice(browser, in_acme, actor_in):
    site = make_site()
    contract = make_contract(site)
    invoice = generate_invoice(actor=SYSTEM, site_id=site.site_id, period=OCTOBER).invoice
    adjustment = propose_adjustment(
        actor=actor_in("billing_manager"),
        contract_id=contract.contract_id,
        amount=Decimal("-250.00"),
        reason="Lift",
        valid_from=date(2026, 10, 5),
    )
    page = path(contract, f"/adjustments/{adjustment.adjustment_id}")
    refused = browser.post(page, {"action": "approve"})
    assert invoice.number in text(refused)
    assert browser.post(page, {"action": "approve_all"}).status_code == 302
    assert ReviewItem.objects.get().target_id == invoice.pk


@TODAY
def test_a_viewer_sees_all_and_is_offered_nothing(in_acme, client_for):
    contract = make_contract(end_date=date(2027, 3, 31))
    renew_contract(actor=SYSTEM, contract_id=contract.contract_id, ends_on=date(2028, 3, 31))
    viewer = signed_in(client_for, in_acme, "viewer")
    page = viewer.get(path(contract)).content.decode()
    for offered in ("/sign", "/renew", "/terminate", "/edit", "/terms"):
        assert path(contract, offered) not in page
    assert viewer.post(path(contract, "/terminate"), {"end_date": "2026-12-31"}).status_code == 403
    assert viewer.get(path(contract, "/edit")).status_code == 403
