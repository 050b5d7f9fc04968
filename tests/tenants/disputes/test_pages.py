"""The list of disputes: what is open, found by reason, customer and invoice."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.disputes.services import raise_dispute, resolve_dispute
from tenants.invoices.services import generate_invoice


def dispute(organisation, customer, reason, amount):
    """An objection to an invoice of 1,130.00."""
    with organisation_context(organisation):
        contract = make_contract(make_site(site_name=customer))
        invoice = generate_invoice(
            actor=SYSTEM, site_id=contract.site.site_id, period=month_period(2025, 1)
        ).invoice
        return raise_dispute(
            actor=SYSTEM, invoice_id=invoice.invoice_id, reason=reason, amount=Decimal(amount)
        )


@pytest.fixture
def browser(client_for, acme):
    return signed_in(client_for, acme, "billing_manager")


def test_disputes_stand_with_their_sum_and_are_found(browser, acme):
    late = dispute(acme, "North Yard", "Delivered late", "400.00")
    dispute(acme, "South Lot", "Wrong rate", "30.50")
    settled = dispute(acme, "West Gate", "Twice", "99.99")
    with organisation_context(acme):
        resolve_dispute(actor=SYSTEM, dispute_id=settled.dispute_id, resolution="It was two days")
    page = browser.get("/disputes").content.decode()
    assert "$430.50" in page  # of the open ones
    assert "2 open disputes" in page
    for text in ("Delivered late", "Wrong rate", "It was two days", "$99.99"):
        assert text in page
    still = browser.get("/disputes?status=open").content.decode()
    assert "Wrong rate" in still
    assert "It was two days" not in still
    for query in ("late", "north", late.invoice.number.lower(), late.invoice.invoice_id):
        found = browser.get("/disputes", {"q": query}).content.decode()
        assert "Delivered late" in found
        assert "Wrong rate" not in found
    assert "No dispute matches" in browser.get("/disputes?q=nothing+such").content.decode()


def test_nothing_disputed_says_where_disputes_come_from(browser):
    assert "Nothing is disputed" in browser.get("/disputes").content.decode()


def test_more_disputes_cost_no_more_queries(browser, acme):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/disputes").status_code == 200
        return len(queries)

    dispute(acme, "North Yard", "Late", "1.00")
    count()  # warm
    one = count()
    for number in range(3):
        dispute(acme, f"Yard {number}", "Late", "1.00")
    assert count() == one
