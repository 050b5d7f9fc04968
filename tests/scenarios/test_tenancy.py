"""Credentials of one organisation at another's host, and its ids in sound requests.

What owners of one organisation can do with ids of another in a route is in
tests/platform/shared/organisations/test_crossing.py.
"""

from datetime import date
from decimal import Decimal

import pytest
from support.api import (
    PROBLEM,
    Program,
    active_contract,
    contract_body,
    invoice_body,
    key_of,
    payment_body,
    site_body,
    token_of,
)
from support.routes import METHODS, own_rows, paths_of, start_of, tenant_routes

from billing.periods import Period
from shared.accounts.services.credentials import Grant, create_api_key
from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.documents.models import Document
from tenants.documents.tasks import render_documents
from tenants.invoices.models import BillingRunItem, Invoice
from tenants.invoices.services import start_run
from tenants.invoices.tasks import continue_run

MARK = "Globex Secret Yard"
# What anybody may see: ways in, files of the frame, the reference of the API.
PUBLIC = (
    "accounts/",
    "api/v1/docs",
    "api/v1/oauth/",
    "api/v1/openapi.json",
    "brand",
    "documents/",
    "portal",  # whose visitors sign in by their own link
    "invitations/",
    "language",
    "mail",
    "styleguide",
    "welcome/",
)


@pytest.fixture
def there(globex, client_for):
    """A program of globex, which has a site, a contract, an invoice and people of its own."""
    program = Program(client_for(globex), key_of(globex))
    program.make("/territories", {"name": MARK, "territory_id": "TER0077"})
    site = site_body(site_name=MARK, site_id="SITE777777", territory_id="TER0077")
    program.make("/customer-sites", site)
    active_contract(program, "SITE777777", contract_id="CON77777777")
    program.make("/billing/generate-invoice", invoice_body("SITE777777"))
    with organisation_context(globex):
        add_person(actor=SYSTEM, email="pat@globex.example", name=MARK, role="viewer")
        create_api_key(actor=SYSTEM, grant=Grant(MARK, ["sites:read"]))
    return program


@pytest.fixture
def globex_rows(there, globex):
    with organisation_context(globex):
        return own_rows()


@pytest.fixture
def here(acme, client_for):
    """A program of acme with every scope."""
    return Program(client_for(acme), key_of(acme))


@pytest.fixture
def strangers(acme, globex, client_for):
    """At globex's host: nobody, an owner of acme with their cookie, a key and a token of acme."""
    with organisation_context(acme):
        owner = add_person(actor=SYSTEM, email="owner@acme.example", name="Ann", role="owner")
    browser = client_for(acme)
    browser.force_login(owner)
    with_cookie = client_for(globex)
    with_cookie.cookies = browser.cookies
    key, token = key_of(acme), token_of(client_for(acme), acme)
    return {
        "nobody": client_for(globex),
        "cookie": with_cookie,
        "key": client_for(globex, headers={"authorization": f"Bearer {key}"}),
        "token": client_for(globex, headers={"authorization": f"Bearer {token}"}),
    }


@pytest.mark.parametrize("start", sorted({start_of(route) for route in tenant_routes()}))
def test_credentials_of_another_open_nothing(start, globex, globex_rows, strangers):
    for route in (route for route in tenant_routes() if start_of(route) == start):
        for path in paths_of(route, globex_rows)[-2:]:
            for who, client in strangers.items():
                for method in METHODS:
                    client.raise_request_exception = False
                    response = getattr(client, method)(path, content_type="application/json")
                    check_stranger(route, response, f"{who} {method} {path}")
    with organisation_context(globex):
        assert own_rows() == globex_rows


def check_stranger(route, response, asked):
    seen = b"" if response.streaming else response.content
    assert MARK.encode() not in seen, asked
    assert response.status_code < 500, asked
    if route.startswith(PUBLIC):
        return
    assert response.status_code in (301, 302, 401, 403, 404, 405), asked
    if route.startswith("api/"):
        assert response.status_code in (401, 404, 405), asked
        assert response["Content-Type"] == PROBLEM, asked


# --- sound requests that name what is another's -------------------------------------------

NAMING = {
    "contract at a site": ("POST", "/contracts", contract_body("SITE777777"), 404),
    "revenue of a site": (
        "POST",
        "/revenue-records",
        {"site_id": "SITE777777", "records": [{"day": "2025-01-02", "gross_amount": 5}]},
        404,
    ),
    "bill a site": ("POST", "/billing/generate-invoice", invoice_body("SITE777777"), 404),
    "bill a contract": (
        "POST",
        "/billing/generate-invoice",
        invoice_body("SITE000001", contract_id="CON77777777"),
        404,
    ),
    "site in a territory": ("POST", "/customer-sites", site_body(territory_id="TER0077"), 422),
    "change a site": ("PATCH", "/customer-sites/SITE777777", {"site_name": "Ours"}, 404),
    "change a territory": ("PATCH", "/territories/TER0077", {"name": "Ours"}, 404),
    "billing information": ("GET", "/customer-sites/SITE777777/billing-info", None, 404),
    "of a contract": (
        "GET",
        "/customer-sites/SITE000001/billing-info?contract_id=CON77777777",
        None,
        404,
    ),
    "terms": (
        "PUT",
        "/customer-sites/SITE777777/billing-config",
        {"contract_type": "fixed_fee", "effective_date": "2025-02-01", "monthly_fee": 1},
        404,
    ),
    "activate": ("POST", "/contracts/CON77777777/activate", None, 404),
    "terminate": ("POST", "/contracts/CON77777777/terminate", {"end_date": "2025-06-30"}, 404),
    "invoice": ("GET", "/billing/invoices/{invoice}", None, 404),
    "issue": ("POST", "/billing/invoices/{invoice}/issue", None, 404),
    "pay": ("PUT", "/billing/invoices/{invoice}/payment-status", payment_body(), 404),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), NAMING.values(), ids=NAMING.keys())
def test_sound_requests_do_not_reach_across(
    here, there, globex, globex_rows, method, path, body, status
):
    here.make("/customer-sites", site_body(site_id="SITE000001"))
    (invoice,) = globex_rows["invoices.Invoice"]
    answer = here.send(method, path.format(invoice=invoice["invoice_id"]), body)
    assert answer.status == status, answer.raw
    assert MARK not in answer.raw
    with organisation_context(globex):
        assert own_rows() == globex_rows


def test_lists_show_ones_own_only(here, there):
    for path in ("/customer-sites", "/contracts", "/billing/invoices", "/territories", "/people"):
        assert MARK not in here.get(f"{path}?limit=200").raw, path
    assert here.get(f"/customer-sites?q={MARK}").body["items"] == []
    assert here.get("/revenue-records?site_id=SITE777777").body["items"] == []


def test_the_same_ids_in_both_stay_apart(here, there):
    """Ids are given by each organisation: both may have SITE777777 and the same numbers."""
    here.make("/customer-sites", site_body(site_id="SITE777777", site_name="Our yard"))
    active_contract(here, "SITE777777", contract_id="CON77777777")
    body = invoice_body("SITE777777", billing_data={"revenue_amount": 100000})
    made = here.make("/billing/generate-invoice", body)
    assert made["total_amount"] == Decimal("16950.00")
    mine = here.get("/customer-sites/SITE777777/billing-info").body
    theirs = there.get("/customer-sites/SITE777777/billing-info").body
    assert (mine["site_name"], theirs["site_name"]) == ("Our yard", MARK)
    assert there.get("/billing/invoices").body["items"][0]["total_amount"] == Decimal("9040.00")


def test_a_cursor_and_a_key_mean_nothing_elsewhere(here, there):
    there.make("/customer-sites", site_body(site_name=f"{MARK} 2"))
    cursor = there.get("/customer-sites?limit=1").body["next"]
    assert MARK not in here.get(f"/customer-sites?limit=1&cursor={cursor}").raw
    body, key = {"name": "North"}, {"idempotency-key": "same"}
    first = there.post("/territories", body, **key)
    second = here.post("/territories", body, **key)
    assert (first.status, second.status) == (201, 201)
    assert "Idempotency-Replayed" not in second.headers


# --- work and values carried over ---------------------------------------------------------


def test_a_task_in_the_wrong_schema_touches_nothing(there, globex, acme):
    with organisation_context(globex):
        documents = [str(pk) for pk in Document.objects.values_list("pk", flat=True)]
        run = start_run(actor=SYSTEM, period=Period(date(2025, 2, 1), date(2025, 2, 28)))
        BillingRunItem.objects.filter(run=run).update(status="waiting")
        before = own_rows()
    assert documents
    render_documents(document_ids=documents, schema="acme")
    continue_run(run_id=str(run.pk), slot=0, ticket=0, schema="acme")
    for unknown in ("nosuch", "public", "acme; DROP SCHEMA globex"):
        with pytest.raises(LookupError):
            render_documents(document_ids=documents, schema=unknown)
    with organisation_context(globex):
        assert own_rows() == before
    with organisation_context(acme):
        assert (Invoice.objects.count(), Document.objects.count()) == (0, 0)
