"""The home page: by role, by month, in both languages."""

import re
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.invoices.services import generate_invoice
from tenants.reporting.presentation import format_amounts
from tenants.review.services import raise_item
from tenants.structure.models import LegalEntity
from tenants.structure.services import update_legal_entity


@pytest.fixture(autouse=True)
def _in_november():
    with time_machine.travel("2026-11-21T15:00:00Z"):
        yield


def bill_october(organisation, **options):
    with organisation_context(organisation):
        contract = make_contract(configuration={"monthly_fee": "1234.50"})
        return generate_invoice(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            period=month_period(2026, 10),
            **options,
        ).invoice


@pytest.mark.parametrize(
    "role",
    ["owner", "tenant_admin", "billing_manager", "approver", "department_manager", "viewer"],
)
def test_who_sees_the_books_opens_on_the_last_full_month(acme, client_for, role):
    bill_october(acme)
    page = signed_in(client_for, acme, role).get("/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "October 2026" in text
    assert "Every contract of the month is billed" in text
    assert "$1,394.99" in text  # 1,234.50 and 13% tax, rounded half up
    assert ("Start billing run" in text) == (role in ("owner", "tenant_admin", "billing_manager"))


def test_who_does_not_is_told_what_to_do_here(acme, client_for):
    bill_october(acme)
    text = signed_in(client_for, acme, "contractor").get("/").content.decode()
    assert "What you can do here" in text
    assert "$1,394.99" not in text
    assert "/invoices" not in text


def test_nobody_is_asked_to_sign_in(acme, client_for):
    page = client_for(acme).get("/")
    assert page.status_code == 302
    assert page["Location"].startswith("/accounts/login/")


def test_a_new_organisation_sees_its_first_steps_and_no_empty_charts(acme, client_for):
    text = signed_in(client_for, acme).get("/").content.decode()
    assert "Getting started" in text
    assert "Make the first site" in text
    assert "Needs you" not in text


def test_steps_of_others_have_no_button(acme, client_for):
    text = signed_in(client_for, acme, "viewer").get("/").content.decode()
    assert "Make the first site" in text
    assert 'href="/sites/new"' not in text


def test_the_first_steps_go_once_they_are_done(acme, client_for):
    bill_october(acme)
    with organisation_context(acme):
        update_legal_entity(
            actor=SYSTEM,
            entity_id=LegalEntity.objects.get(is_default=True).pk,
            changes={"street1": "1 Main Street", "city": "Toronto"},
            tax_registrations={"HST": "12345 6789 RT0001"},
        )
    assert "Getting started" not in signed_in(client_for, acme).get("/").content.decode()


def test_another_month_is_a_link_away(acme, client_for):
    bill_october(acme)
    browser = signed_in(client_for, acme)
    text = browser.get("/?month=2026-09").content.decode()
    assert "September 2026" in text
    assert "?month=2026-10" in text
    assert "1 of 1 contracts is still to be billed" in text


@pytest.mark.parametrize("month", ["2026-13", "x", "0001-01", "9999-12", "2026-10-01", ""])
def test_a_month_that_is_none_falls_back_to_the_last_full_one(acme, client_for, month):
    page = signed_in(client_for, acme).get("/", {"month": month})
    assert page.status_code == 200
    assert "October 2026" in page.content.decode()


def test_currencies_are_shown_one_at_a_time(acme, client_for):
    with organisation_context(acme):
        site = make_site(site_name="Buffalo lot", currency="USD")
        contract = make_contract(site, configuration={"monthly_fee": "70.00"}, currency="USD")
        generate_invoice(
            actor=SYSTEM,
            site_id=site.site_id,
            contract_id=contract.contract_id,
            period=month_period(2026, 10),
        )
    bill_october(acme)
    browser = signed_in(client_for, acme)
    assert "US$79.10" not in browser.get("/").content.decode().split("Receivables")[1]
    assert "US$79.10" in browser.get("/?currency=USD").content.decode().split("Receivables")[1]


def tables(captured):
    """What each query read, so that a failure says which one is new."""
    return [re.findall(r'(?:FROM|UPDATE|INTO) "?(\w+)', one["sql"]) for one in captured]


def test_the_page_costs_the_same_queries_however_many_rows(acme, client_for):
    bill_october(acme)
    browser = signed_in(client_for, acme)
    browser.get("/")
    with CaptureQueriesContext(connection) as few:
        browser.get("/")
    for _ in range(4):
        bill_october(acme, issue=False)
    with CaptureQueriesContext(connection) as many:
        browser.get("/")
    assert tables(many) == tables(few)
    assert len(few) <= 22


def test_french_readers_get_french_amounts(acme, client_for):
    bill_october(acme)
    browser = signed_in(client_for, acme)
    browser.post("/language", {"language": "fr-ca", "next": "/"})
    text = browser.get("/").content.decode().replace("\xa0", " ").replace("&nbsp;", " ")
    assert "1 394,99 $" in text
    assert "octobre 2026" in text


def test_amounts_of_several_currencies_stand_beside_each_other():
    assert format_amounts({}) == ""
    assert format_amounts({"CAD": Decimal("5.00")}) == "$5.00"
    both = format_amounts({"USD": Decimal("1.50"), "CAD": Decimal("5.00")})
    assert both == "$5.00\xa0CAD + US$1.50\xa0USD"


def test_the_waiting_rows_say_what_why_and_since_when(acme, client_for):
    with organisation_context(acme):
        contract = make_contract(make_site(site_name="Lakeside Parking"))
        late = generate_invoice(
            actor=SYSTEM, site_id=contract.site.site_id, period=month_period(2026, 8)
        ).invoice
    assert late.due_date == date(2026, 9, 30)
    text = signed_in(client_for, acme).get("/").content.decode()
    assert "52 days late" in text
    assert f'href="/invoices/{late.invoice_id}"' in text
    assert "Not billed" in text


def test_the_month_end_names_what_waits_and_leads_there(acme, client_for):
    invoice = bill_october(acme)
    with organisation_context(acme):
        raise_item(kind="data_validation", target=invoice, cause="Revenue is missing")
    text = signed_in(client_for, acme).get("/").content.decode()
    assert "Statements of the month: 0" in text
    assert "Failed deliveries: 0" in text
    assert "/manual-review?kind=data_validation" in text


def test_a_viewer_finds_no_door_that_is_closed(acme, client_for):
    with organisation_context(acme):
        make_contract()  # not billed in October
    for role, is_shown in (("billing_manager", True), ("viewer", False)):
        text = signed_in(client_for, acme, role).get("/").content.decode()
        assert "Not billed" in text
        assert ("/billing-runs" in text, "/invoices/new" in text) == (is_shown, is_shown), role
