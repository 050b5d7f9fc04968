"""Pages of customers and their certificates."""

import re
from datetime import date

import pytest
import time_machine
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from tenants.invoices.services import generate_invoice
from tenants.sites.models import Customer, TaxExemption
from tenants.sites.services import create_customer

TODAY = time_machine.travel("2026-11-10T12:00:00-05:00", tick=False)


@pytest.fixture
def browser(in_acme, client_for):
    return signed_in(client_for, in_acme, "billing_manager")


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_made_found_and_changed(browser):
    form = {"name": "Rivoli Properties", "language": "fr-ca", "payment_terms_days": "45"}
    made = browser.post("/customers/new", form)
    customer = Customer.objects.get(name="Rivoli Properties")
    assert made.headers["Location"] == f"/customers/{customer.customer_id}"
    assert "Rivoli Properties" in text(browser.get("/customers?q=rivo"))
    assert "No customer matches" in text(browser.get("/customers?q=nobody"))
    address = f"/customers/{customer.customer_id}/edit"
    assert browser.post(address, {**form, "name": ""}).status_code == 422
    browser.post(address, {**form, "payment_terms_days": ""})
    customer.refresh_from_db()
    assert (customer.language, customer.payment_terms_days) == ("fr-ca", None)


@TODAY
def test_the_page_shows_sites_contracts_and_what_is_open(browser):
    site = make_site()
    contract = make_contract(site)
    october = Period(date(2026, 10, 1), date(2026, 10, 31))
    generate_invoice(actor=SYSTEM, site_id=site.site_id, period=october)
    page = text(browser.get(f"/customers/{site.customer.customer_id}"))
    for told in (site.site_id, contract.contract_id, "$1,130.00 CAD"):
        assert told in page


@TODAY
def test_certificates_are_recorded_and_ended(browser):
    customer = create_customer(actor=SYSTEM, name="Rivoli")
    address = f"/customers/{customer.customer_id}"
    browser.post(f"{address}/exemptions", {"component": "HST", "certificate_number": "R 12-345"})
    assert "R 12-345" in text(browser.get(address))
    twice = browser.post(
        f"{address}/exemptions", {"component": "HST", "certificate_number": "x"}, follow=True
    )
    assert "There is a certificate for this tax already" in text(twice)
    exemption = TaxExemption.objects.get()
    browser.post(f"{address}/exemptions/{exemption.pk}/end", {"expires_on": "2026-12-31"})
    exemption.refresh_from_db()
    assert exemption.expires_on == date(2026, 12, 31)
    assert "until Dec 31, 2026" in text(browser.get(address))


def test_a_viewer_reads_only(in_acme, client_for):
    customer = create_customer(actor=SYSTEM, name="Rivoli")
    viewer = signed_in(client_for, in_acme, "viewer")
    page = viewer.get(f"/customers/{customer.customer_id}").content.decode()
    assert "exemption-dialog" not in page
    assert viewer.get(f"/customers/{customer.customer_id}/edit").status_code == 403
    assert viewer.post("/customers/new", {"name": "X", "language": "en"}).status_code == 403


def test_another_organisations_customer_is_unknown(browser, globex, in_acme):
    from shared.kernel.tenancy import organisation_context

    with organisation_context(globex):
        foreign = create_customer(actor=SYSTEM, name="Foreign", customer_id="CUS000999")
    assert browser.get(f"/customers/{foreign.customer_id}").status_code == 404


@TODAY
def test_certificates_of_all_customers_and_those_that_end_soon(browser, globex, client_for):
    for name, last in (
        ("Rivoli", date(2026, 12, 31)),
        ("Corso", None),
        ("Lumen", date(2026, 1, 1)),
    ):
        customer = create_customer(actor=SYSTEM, name=name)
        TaxExemption.objects.create(
            customer=customer, component="HST", certificate_number="R-1", expires_on=last
        )
    shown = text(browser.get("/settings/tax-exemptions"))
    assert all(word in shown for word in ("Rivoli", "Corso", "Ends soon", "Ended", "In force"))
    ending = text(browser.get("/settings/tax-exemptions?show=ending"))
    assert "Rivoli" in ending
    assert "Corso" not in ending
    stranger = signed_in(client_for, globex, "billing_manager")
    assert "Rivoli" not in text(stranger.get("/settings/tax-exemptions"))
