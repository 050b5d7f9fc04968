"""Pages of territories: made, renamed, and what is billed in each."""

import re
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import Period
from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden
from shared.kernel.tenancy import organisation_context
from tenants.invoices.services import generate_invoice
from tenants.payments.services import record_payment
from tenants.sites import selectors
from tenants.sites.models import Territory
from tenants.sites.services import create_territory

TODAY = time_machine.travel("2026-11-30T12:00:00-05:00", tick=False)
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))


@pytest.fixture
def browser(in_acme, client_for):
    return signed_in(client_for, in_acme, "billing_manager")


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def billed_site(territory, *periods):
    site = make_site(territory_id=territory.territory_id)
    make_contract(site)
    for period in periods:
        generate_invoice(actor=SYSTEM, site_id=site.site_id, period=period)
    return site


def test_made_found_renamed_and_recorded(browser):
    assert "No territories yet" in text(browser.get("/territories"))
    made = browser.post("/territories/new", {"name": "East", "territory_id": "ter0042"})
    assert made.headers["Location"] == "/territories/TER0042"
    assert "No site here yet" in text(browser.get("/territories/TER0042"))
    refused = browser.post("/territories/new", {"name": "West", "territory_id": "TER0042"})
    assert (refused.status_code, Territory.objects.count()) == (422, 1)
    assert browser.post("/territories/TER0042/edit", {"name": ""}).status_code == 422
    browser.post("/territories/TER0042/edit", {"name": "Far East"})
    assert "Far East" in text(browser.get("/territories?q=far"))
    assert "No territory matches" in text(browser.get("/territories?q=nowhere"))
    acts = Entry.objects.filter(action__startswith="territory.").order_by("sequence")
    assert [entry.action for entry in acts] == ["territory.created", "territory.changed"]


@TODAY
def test_what_is_billed_and_open_is_added_up_by_territory(browser):
    """Two sites of 1,000.00 and 13 % a month; one paid 1,000.00 of its November invoice.

    November: 2 × 1,130.00 = 2,260.00. Open: 2 × 1,130.00 + 130.00 + October's 1,130.00 =
    1,260.00 + 1,130.00; October's, due on 30 November, is not overdue before 1 December.
    """
    east, west = (create_territory(actor=SYSTEM, name=name) for name in ("East", "West"))
    first = billed_site(east, OCTOBER, NOVEMBER)
    billed_site(east, NOVEMBER)
    make_site(territory_id=west.territory_id)
    paid = first.invoices.get(period_end=NOVEMBER.end_date)
    record_payment(
        actor=SYSTEM,
        invoice_id=paid.invoice_id,
        amount=Decimal("1000.00"),
        received_on=date(2026, 11, 30),
        method="ACH",
    )
    page = text(browser.get("/territories"))
    assert "2 2 2 $2,260.00" in page  # sites, contracts, invoices, amount
    assert "1 0 — —" in page
    detail = text(browser.get(f"/territories/{east.territory_id}"))
    for told in ("$2,260.00", "$2,390.00", "$0.00", first.site_id):
        assert told in detail
    [owed] = selectors.owed_in_territory(actor=SYSTEM, territory=east, as_of=date(2026, 12, 1))
    assert owed == ("CAD", Decimal("2390.00"), Decimal("1130.00"))


@TODAY
def test_the_list_asks_as_often_for_many_as_for_one(browser):
    billed_site(create_territory(actor=SYSTEM, name="A"), NOVEMBER)
    browser.get("/territories")

    def counted():
        with CaptureQueriesContext(connection) as found:
            assert browser.get("/territories").status_code == 200
        return len(found)

    few = counted()
    for name in "BCD":
        billed_site(create_territory(actor=SYSTEM, name=name), NOVEMBER)
    assert counted() == few


def test_a_viewer_reads_and_a_contractor_does_not(in_acme, client_for, actor_in):
    territory = create_territory(actor=SYSTEM, name="East")
    viewer = signed_in(client_for, in_acme, "viewer")
    page = viewer.get(f"/territories/{territory.territory_id}").content.decode()
    assert f"/territories/{territory.territory_id}/edit" not in page
    assert viewer.get("/territories/new").status_code == 403
    assert (
        viewer.post(f"/territories/{territory.territory_id}/edit", {"name": "X"}).status_code == 403
    )
    with pytest.raises(Forbidden):
        selectors.search_territories(actor=actor_in("contractor"))


def test_another_organisations_territory_is_unknown(browser, globex):
    with organisation_context(globex):
        foreign = create_territory(actor=SYSTEM, name="Foreign", territory_id="TER0999")
    assert browser.get(f"/territories/{foreign.territory_id}").status_code == 404


def test_sites_are_filtered_by_territory(browser):
    east = create_territory(actor=SYSTEM, name="East")
    make_site(territory_id=east.territory_id, site_name="Inside")
    make_site(site_name="Outside")
    page = text(browser.get(f"/sites?territory={east.territory_id}"))
    assert "Inside" in page
    assert "Outside" not in page
