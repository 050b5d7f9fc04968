"""The page that tries draft terms on past periods."""

import re
from datetime import date

import time_machine
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from tenants.contracts.models import ContractTerms
from tenants.invoices.services import generate_invoice

TODAY = time_machine.travel("2026-11-10T12:00:00-05:00", tick=False)
FORM = {"contract_type": "fixed_fee", "billing_frequency": "monthly", "terms-monthly_fee": "1200"}


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@TODAY
def test_both_sides_and_the_total_effect(in_acme, client_for):
    site = make_site()
    contract = make_contract(site)
    october = Period(date(2026, 10, 1), date(2026, 10, 31))
    invoice = generate_invoice(actor=SYSTEM, site_id=site.site_id, period=october).invoice
    browser = signed_in(client_for, in_acme, "billing_manager")
    address = f"/contracts/{contract.contract_id}/what-if"
    assert "1000" in browser.get(address).content.decode()
    page = text(browser.post(address, {**FORM, "periods": "2"}))
    # two months: 2,000.00 until now, 2,400.00 with the draft
    assert "Until now $2,000.00 With the draft $2,400.00 Total effect $400.00" in page
    assert f"October 2026 {invoice.number} $1,000.00 $1,200.00 $200.00" in page
    assert ContractTerms.objects.count() == 1


@TODAY
def test_the_editor_leads_there_and_back(in_acme, client_for):
    contract = make_contract()
    browser = signed_in(client_for, in_acme, "billing_manager")
    editor = browser.get(f"/contracts/{contract.contract_id}/terms").content.decode()
    assert f'formaction="/contracts/{contract.contract_id}/what-if"' in editor
    tried = browser.post(f"/contracts/{contract.contract_id}/what-if", FORM)  # without a number
    assert tried.status_code == 200
    assert f'formaction="/contracts/{contract.contract_id}/terms"' in tried.content.decode()
    back = browser.post(f"/contracts/{contract.contract_id}/terms", {**FORM, "action": "example"})
    assert 'value="1200"' in back.content.decode()


@TODAY
def test_what_cannot_be_tried_is_told(in_acme, client_for):
    contract = make_contract()
    browser = signed_in(client_for, in_acme, "billing_manager")
    address = f"/contracts/{contract.contract_id}/what-if"
    wrong = browser.post(address, {**FORM, "terms-monthly_fee": "", "periods": "2"})
    assert wrong.status_code == 422
    assert browser.post(address, {**FORM, "periods": "25"}).status_code == 422
    young = make_contract(effective_date=date(2026, 11, 1))
    page = browser.post(f"/contracts/{young.contract_id}/what-if", {**FORM, "periods": "2"})
    assert "no complete period yet" in text(page)


@TODAY
def test_a_period_without_inputs_says_so(in_acme, client_for):
    contract = make_contract(
        contract_type="revenue_share", configuration={"revenue_share_rate": "0.15"}
    )
    browser = signed_in(client_for, in_acme, "billing_manager")
    form = {"contract_type": "revenue_share", "billing_frequency": "monthly"}
    form |= {"terms-revenue_share_rate": "20", "periods": "1"}
    page = text(browser.post(f"/contracts/{contract.contract_id}/what-if", form))
    assert "October 2026" in page
    assert "— — —" in page
