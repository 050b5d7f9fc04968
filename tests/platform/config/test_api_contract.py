"""The OpenAPI documents are true: no 5xx and no answer outside the schema, whatever is sent.

Schemathesis makes requests from the document, sound and unsound ones; they go through the whole
middleware with a key that may do everything, in the order of the document.
"""

from functools import lru_cache

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import booleans
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from support.billing import make_contract, make_site

from billing.periods import month_period
from config.api import platform_api, tenant_api
from shared.accounts.permissions import PLATFORM_SCOPES, SCOPES
from shared.accounts.services.credentials import Grant, create_api_key
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from tenants.invoices.services import generate_invoice
from tenants.sites.services import create_territory

EXAMPLES = 6
APIS = {"tenant": tenant_api, "platform": platform_api}
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)


@lru_cache
def document(name):
    return APIS[name].get_openapi_schema(path_prefix="/api/v1/")


@lru_cache
def loaded(name):
    schema = schemathesis.openapi.from_dict(document(name))
    schema.app = get_wsgi_application()
    return schema


def operations():
    """Each operation with sound requests, and with unsound ones where it takes anything."""
    return [
        pytest.param(name, path, method.upper(), mode, id=f"{mode.value} {method} {path}")
        for name in APIS
        for path, found in document(name)["paths"].items()
        for method, operation in found.items()
        for mode in GenerationMode
        if mode == GenerationMode.POSITIVE or operation["parameters"] or "requestBody" in operation
    ]


@pytest.fixture(autouse=True)
def _one_connection():
    """As Django's own test client: the end of a request does not end the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def caller(acme):
    """The host and the key for each API."""

    def make(name):
        if name == "platform":
            grant = Grant(name="fuzzer", scopes=PLATFORM_SCOPES)
            return {
                "Host": "localhost",
                "Authorization": f"Bearer {create_api_key(actor=SYSTEM, grant=grant).secret}",
            }
        with organisation_context(acme):
            grant = Grant(name="fuzzer", scopes=SCOPES)
            secret = create_api_key(actor=SYSTEM, grant=grant).secret
        return {"Host": acme.host, "Authorization": f"Bearer {secret}"}

    return make


@pytest.fixture
def known(acme):
    """Ids that lead somewhere: of a site, its contract, an invoice and a territory of acme."""
    with organisation_context(acme):
        site = make_site()
        contract = make_contract(site)
        made = generate_invoice(
            actor=SYSTEM, site_id=site.site_id, period=month_period(2025, 1)
        ).invoice
        territory = create_territory(actor=SYSTEM, name="East")
    return {
        "site_id": site.site_id,
        "contract_id": contract.contract_id,
        "invoice_id": made.invoice_id,
        "territory_id": territory.territory_id,
    }


def with_known(values, known):
    """The same parameters or body with ids that exist."""
    found = {name: known[name] for name in known if name in values}
    return {**values, **found}


@pytest.mark.parametrize(("name", "path", "method", "mode"), operations())
def test_every_answer_is_in_the_document(caller, known, name, path, method, mode):
    load_all_checks()
    wanted = [CHECKS.get_one(check) for check in CHECKED]
    headers = caller(name)
    operation = loaded(name)[path][method]

    @seed(20261121)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), leads_somewhere=booleans())
    def ask(case, leads_somewhere):
        if leads_somewhere and name == "tenant":
            case.path_parameters = with_known(case.path_parameters, known)
            if isinstance(case.body, dict):
                case.body = with_known(case.body, known)
        response = case.call(headers=headers)
        case.validate_response(response, checks=wanted)

    with override_settings(RATE_LIMIT_PER_MINUTE=10**9):
        ask()


def test_the_exported_documents_are_current():
    call_command("export_openapi", check=True)
