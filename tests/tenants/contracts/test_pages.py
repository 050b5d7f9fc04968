"""Pages of contracts: the guided editor, one contract in words, and who is offered what."""

from datetime import date

import time_machine

from tenants.contracts.models import Contract, ContractTerms
from tests.support.billing import make_contract, make_site
from tests.support.browsers import signed_in

TODAY = time_machine.travel("2026-11-10T12:00:00-05:00", tick=False)


def form_of(site_id: str = "", **terms: str) -> dict[str, str]:
    return {
        "contract_type": "revenue_share",
        "site_id": site_id,
        "effective_date": "2026-11-01",
        "payment_terms_days": "30",
        "currency": "CAD",
        "billing_frequency": "monthly",
        "example-revenue": "50000",
        **{f"terms-{name}": value for name, value in terms.items()},
    }


def test_a_contract_is_made_as_a_draft_and_activated(in_acme, client_for):
    site = make_site()
    browser = signed_in(client_for, in_acme, "billing_manager")
    form = form_of(site.site_id, revenue_share_rate="15", minimum_guarantee="900")
    made = browser.post("/contracts/new", form)
    contract = Contract.objects.latest("created_at")
    assert made.headers["Location"] == f"/contracts/{contract.contract_id}"
    terms = ContractTerms.objects.get(contract=contract)
    assert str(terms.billing_configuration["revenue_share_rate"]) == "0.15"
    page = browser.get(made.headers["Location"]).content.decode()
    assert "15%" in page
    assert "$900.00" in page
    browser.post(f"/contracts/{contract.contract_id}/activate")
    contract.refresh_from_db()
    assert contract.status == "active"


def test_a_contract_starts_with_its_sites_currency_and_keeps_the_one_chosen(in_acme, client_for):
    site = make_site(currency="USD")
    browser = signed_in(client_for, in_acme, "billing_manager")
    page = browser.get(f"/contracts/new?contract_type=fixed_fee&site={site.site_id}")
    assert '<option value="USD" selected>' in page.content.decode()
    form = {**form_of(site.site_id, monthly_fee="900"), "contract_type": "fixed_fee"}
    browser.post("/contracts/new", {**form, "currency": "JPY"})
    contract = Contract.objects.latest("created_at")
    assert contract.currency == "JPY"
    assert browser.post("/contracts/new", {**form, "currency": "XXX"}).status_code == 422


def test_every_error_is_told_at_once_and_nothing_is_lost(in_acme, client_for):
    make_site(), make_site()
    browser = signed_in(client_for, in_acme, "billing_manager")
    form = form_of(revenue_share_rate="15", minimum_guarantee="900", maximum_cap="100")
    answer = browser.post("/contracts/new", form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Site: This field is required." in page
    assert "Maximum a month: must be at least the minimum guarantee, 900" in page
    assert 'value="15"' in page
    assert Contract.objects.count() == 0


def test_the_example_follows_the_form(in_acme, client_for):
    browser = signed_in(client_for, in_acme, "billing_manager")
    fragment = browser.post("/contracts/example", form_of(revenue_share_rate="15"))
    assert "$7,500.00" in fragment.content.decode()
    assert "<html" not in fragment.content.decode()
    in_dollars = {**form_of(revenue_share_rate="15"), "currency": "USD"}
    assert "US$7,500.00" in browser.post("/contracts/example", in_dollars).content.decode()
    missing = browser.post("/contracts/example", form_of())
    assert "Not complete yet" in missing.content.decode()


def test_the_example_can_be_asked_for_without_saving(in_acme, client_for):
    site = make_site()
    browser = signed_in(client_for, in_acme, "billing_manager")
    form = {**form_of(site.site_id, revenue_share_rate="15"), "action": "example"}
    answer = browser.post("/contracts/new", form)
    assert answer.status_code == 200
    assert "$7,500.00" in answer.content.decode()
    assert Contract.objects.count() == 0


@TODAY
def test_terms_change_from_the_first_day_that_is_not_billed(in_acme, client_for):
    contract = make_contract(make_site())
    browser = signed_in(client_for, in_acme, "billing_manager")
    address = f"/contracts/{contract.contract_id}/terms"
    page = browser.get(address)
    assert page.context["form"]["effective_date"].value() == date(2026, 12, 1)
    form = {
        "contract_type": "fixed_fee",
        "effective_date": "2026-12-01",
        "billing_frequency": "quarterly",
        "terms-monthly_fee": "1250.50",
    }
    assert browser.post(address, form).status_code == 302
    old, new = contract.terms.order_by("valid_from")
    assert old.valid_to == date(2026, 11, 30)
    assert str(new.billing_configuration["monthly_fee"]) == "1250.50"
    assert new.billing_frequency == "quarterly"
    too_early = browser.post(address, {**form, "effective_date": "1999-01-01"})
    assert too_early.status_code == 422


def test_a_viewer_reads_but_is_offered_nothing(in_acme, client_for):
    contract = make_contract(make_site())
    browser = signed_in(client_for, in_acme, "viewer")
    page = browser.get(f"/contracts/{contract.contract_id}").content.decode()
    assert "/terms" not in page
    assert "invoices/new" not in page
    assert browser.get("/contracts/new").status_code == 403
    assert "/contracts/new" not in browser.get("/contracts").content.decode()


def test_the_list_is_filtered_by_type_and_status(in_acme, client_for):
    site = make_site()
    fee = make_contract(site)
    share = make_contract(
        site, contract_type="revenue_share", configuration={"revenue_share_rate": "0.1"}
    )
    browser = signed_in(client_for, in_acme, "viewer")
    page = browser.get("/contracts?type=revenue_share").content.decode()
    assert share.contract_id in page
    assert fee.contract_id not in page
    assert "No contract matches" in browser.get("/contracts?status=terminated").content.decode()
