"""Somebody with an account of the role customer reaches the portal of who names their address."""

import pytest
from allauth.account.models import EmailAddress
from support.browsers import BACKEND, PASSWORD, signed_in
from support.payments import open_invoices

from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.portal.models import PortalLink

KAREN = "karen@example.com"


@pytest.fixture
def invoice(in_acme):
    """Of Karen's customer."""
    (one,) = open_invoices()
    return one


def customer_account(acme, client_for, email):
    """A browser of somebody with an account of the role customer and this verified address."""
    with organisation_context(acme):
        person = add_person(
            actor=SYSTEM, role="customer", email=email, name="Karen", password=PASSWORD
        )
    browser = client_for(acme)
    browser.force_login(person, backend=BACKEND)
    return browser


def test_an_account_opens_the_portal_of_who_names_its_address(invoice, acme, client_for):
    browser = customer_account(acme, client_for, KAREN)
    assert browser.get("/").url == "/portal"
    assert browser.get("/portal/invoices").status_code == 302
    page = browser.get("/portal").content.decode()
    assert f'value="{invoice.customer.customer_id}"' in page
    assert browser.post("/portal", {"customer": invoice.customer.customer_id}).status_code == 302
    assert invoice.number in browser.get("/portal/invoices").content.decode()
    assert browser.get("/invoices").status_code == 403
    browser.post("/portal/leave")
    assert browser.get("/portal/invoices").status_code == 302


def test_an_account_opens_nobody_elses_portal(invoice, acme, client_for):
    browser = customer_account(acme, client_for, "someone@else.example")
    assert "someone@else.example" in browser.get("/portal").content.decode()
    assert browser.post("/portal", {"customer": invoice.customer.customer_id}).status_code == 404
    assert not PortalLink.objects.exists()


def test_an_account_whose_address_is_not_verified_opens_no_portal(invoice, acme, client_for):
    browser = customer_account(acme, client_for, KAREN)
    with organisation_context(acme):
        EmailAddress.objects.filter(email=KAREN).update(verified=False)
    assert invoice.customer.customer_id not in browser.get("/portal").content.decode()
    assert browser.post("/portal", {"customer": invoice.customer.customer_id}).status_code == 404


def test_staff_open_no_portal_by_their_account(invoice, acme, client_for):
    staff = signed_in(client_for, acme, "owner")
    page = staff.post("/portal", {"customer": invoice.customer.customer_id})
    assert page.status_code == 422  # the form that asks for a link
    assert not PortalLink.objects.exists()
