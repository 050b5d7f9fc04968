"""An owner of acme names globex's ids in every route, so that a new one is covered by itself."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from support.billing import make_contract, make_site

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
METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^)]*\))*\)")
# allauth answers a made-up key with a page that says so.
EXPLAINING = ("accounts/",)


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern).replace("^", "").removesuffix("$")
        if isinstance(pattern, URLPattern):
            yield path
        else:
            yield from _routes(pattern, path)


ROUTES = sorted({path for path in _routes(get_resolver("config.urls_tenant")) if "<" in path})


def _own_models() -> list[type[Model]]:
    labels = ("tenants.", "shared.accounts")
    return [
        model
        for model in apps.get_models()
        if model._meta.app_config and model._meta.app_config.name.startswith(labels)
    ]


def _rows() -> dict[str, list[Any]]:
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in _own_models()
    }


@pytest.fixture
def globex_rows(globex: Organisation) -> dict[str, list[Any]]:
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
        return _rows()


def _values(rows: dict[str, list[Any]], name: str, kind: str | None) -> list[str]:
    """What globex has under a parameter's name; for a name no table has, every primary key."""
    found = {str(row[name]) for table in rows.values() for row in table if row.get(name)}
    keys = {str(row["id"]) for table in rows.values() for row in table if row.get("id")}
    values = sorted(found or keys)
    if kind in ("uuid", "uuidstr"):
        values = [value for value in values if re.fullmatch(r"[0-9a-f-]{36}", value)]
    elif kind == "int":
        values = [value for value in values if value.isdecimal()] or ["1"]
    return values[-6:]


def _paths(route: str, rows: dict[str, list[Any]]) -> list[str]:
    match = PARAMETER.search(route)
    if match is None:
        return ["/" + route.replace("\\", "")]
    name = match.group(2) or match.group(3)
    return [
        path
        for value in _values(rows, name, match.group(1))
        for path in _paths(route[: match.start()] + value + route[match.end() :], rows)
    ]


@pytest.mark.parametrize("route", ROUTES)
def test_no_route_reaches_anothers_rows(
    route: str, acme: Organisation, globex: Organisation, globex_rows: dict[str, list[Any]]
) -> None:
    with organisation_context(acme):
        owner = add_person(actor=SYSTEM, email="owner@acme.example", name="Ann", role="owner")
        key = create_api_key(actor=SYSTEM, grant=Grant(name="all", scopes=SCOPES)).secret
    browser = Client(HTTP_HOST=acme.host, raise_request_exception=False)
    program = Client(HTTP_HOST=acme.host, HTTP_AUTHORIZATION=f"Bearer {key}")
    with organisation_context(acme):
        browser.force_login(owner)
    for path in _paths(route, globex_rows):
        for method in METHODS:
            client = program if route.startswith("api/") else browser
            response = getattr(client, method)(path, content_type="application/json")
            assert MARK not in response.content.decode(errors="replace"), (method, path)
            assert response.status_code != 500, (method, path)
            explained = route.startswith(EXPLAINING)
            assert explained or response.status_code >= 300, (method, path, response.content[:300])
    with organisation_context(globex):
        assert _rows() == globex_rows


def test_the_routes_are_found() -> None:
    assert {"sites/<str:site_id>", "api/v1/billing/invoices/<invoice_id>"} <= set(ROUTES)
