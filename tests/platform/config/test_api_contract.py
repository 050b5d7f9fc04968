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
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from config.api import platform_api, tenant_api
from shared.accounts.permissions import PLATFORM_SCOPES, SCOPES
from shared.accounts.services.credentials import Grant, create_api_key
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context

EXAMPLES = 15
APIS = {"tenant": tenant_api, "platform": platform_api}
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
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


@pytest.mark.parametrize(("name", "path", "method", "mode"), operations())
def test_every_answer_is_in_the_document(caller, name, path, method, mode):
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
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        response = case.call(headers=headers)
        case.validate_response(response, checks=wanted)

    with override_settings(RATE_LIMIT_PER_MINUTE=10**9):
        ask()


def test_the_exported_documents_are_current():
    call_command("export_openapi", check=True)
