"""An owner of acme names globex's ids in every route, so that a new one is covered by itself."""

import pytest
from django.test import Client
from support.billing import make_contract, make_site
from support.routes import METHODS, Rows, own_rows, paths_of, start_of, tenant_routes

from billing.periods import month_period
from shared.accounts.permissions import SCOPES
from shared.accounts.services.credentials import Grant, create_api_key
from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from shared.organisations.models import Organisation
from tenants.invoices.services import generate_invoice

pytestmark = pytest.mark.django_db

MARK = "Globex Secret Yard"
# allauth answers a made-up key with a page that says so.
EXPLAINING = ("accounts",)


ROUTES: dict[str, list[str]] = {}
for one in tenant_routes():
    if "<" in one:
        ROUTES.setdefault(start_of(one), []).append(one)


@pytest.fixture
def globex_rows(globex: Organisation) -> Rows:
    """Everything of globex, with something in it worth reaching for."""
    with organisation_context(globex):
        add_person(actor=SYSTEM, email="pat@globex.example", name=MARK, role="viewer")
        create_api_key(actor=SYSTEM, grant=Grant(name=MARK, scopes=["sites:read"]))
        for number in range(3):  # codes that acme has not drawn
            contract = make_contract(make_site(site_name=f"{MARK} {number}"))
        generate_invoice(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            contract_id=contract.contract_id,
            period=month_period(2026, 1),
        )
        return own_rows()


@pytest.mark.parametrize("start", ROUTES)
def test_no_route_reaches_anothers_rows(
    start: str, acme: Organisation, globex: Organisation, globex_rows: Rows
) -> None:
    with organisation_context(acme):
        owner = add_person(actor=SYSTEM, email="owner@acme.example", name="Ann", role="owner")
        key = create_api_key(actor=SYSTEM, grant=Grant(name="all", scopes=SCOPES)).secret
    browser = Client(HTTP_HOST=acme.host, raise_request_exception=False)
    program = Client(HTTP_HOST=acme.host, HTTP_AUTHORIZATION=f"Bearer {key}")
    with organisation_context(acme):
        browser.force_login(owner)
    client = program if start.startswith("api/") else browser
    for path in [path for route in ROUTES[start] for path in paths_of(route, globex_rows)]:
        for method in METHODS:
            response = getattr(client, method)(path, content_type="application/json")
            assert MARK not in response.content.decode(errors="replace"), (method, path)
            assert response.status_code != 500, (method, path)
            explained = start in EXPLAINING
            assert explained or response.status_code >= 300, (method, path, response.content[:300])
    with organisation_context(globex):
        assert own_rows() == globex_rows


def test_the_routes_are_found() -> None:
    assert "sites/<str:site_id>" in ROUTES["sites"]
    assert "api/v1/billing/invoices/<invoice_id>" in ROUTES["api/v1/billing"]
