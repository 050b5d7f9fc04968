"""Who may not use an operation of the API is told so, and not what is wrong with the body."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from ninja.operation import Operation

from config.api import platform_api, tenant_api
from config.api_rights import RIGHTS
from shared.accounts import actors
from shared.accounts.permissions import PERMISSIONS
from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.api.application import Api
from shared.kernel.tenancy import organisation_context
from shared.organisations.models import Organisation

BODIES = {"body", "form", "file"}
# Open to everybody, or their right is that of what the body or the address names.
WITHOUT_ONE = {"sign_up", "start_import", "apply_import", "resolve_review", "dismiss_review"}
EVERY_RIGHT = frozenset(PERMISSIONS)


def operations(api: Api) -> Iterator[tuple[str, Operation]]:
    """Every operation that reads a body, with its address for ids that nobody has."""
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            address = re.sub(r"{[^}]+}", str(uuid4()), f"/api/v1{prefix}{path}")
            for operation in view.operations:
                if BODIES & {str(model.__ninja_param_source__) for model in operation.models}:
                    yield address, operation


def test_every_operation_with_a_body_names_its_right() -> None:
    found = [
        operation.view_func.__name__
        for api in (tenant_api, platform_api)
        for _address, operation in operations(api)
    ]
    assert set(found) == set(RIGHTS) | WITHOUT_ONE


def answers_to_nonsense(
    acme: Organisation, monkeypatch: pytest.MonkeyPatch, lacks: str
) -> dict[str, int]:
    """What somebody with every right but one is answered where that one is needed; "" for all."""
    monkeypatch.setattr(actors, "permissions_of_role", lambda _role: EVERY_RIGHT - {lacks})
    client = Client(HTTP_HOST=acme.host)
    with organisation_context(acme):
        client.force_login(
            add_person(actor=SYSTEM, email="one@acme.example", name="One", role="owner")
        )
    answers = {}
    for address, operation in operations(tenant_api):
        name = operation.view_func.__name__
        if not lacks or lacks in RIGHTS.get(name, "").split():
            answer = client.generic(operation.methods[0], address, "[]", "application/json")
            answers[name] = answer.status_code
    return answers


@pytest.mark.parametrize("lacks", sorted({*" ".join(RIGHTS.values()).split()}))
def test_the_right_is_told_before_the_body(
    lacks: str, acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(answers_to_nonsense(acme, monkeypatch, lacks).values()) <= {403}


def test_whoever_may_use_it_is_told_what_is_wrong(
    acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = answers_to_nonsense(acme, monkeypatch, "")
    assert len(answers) > len(RIGHTS) * 0.9
    assert 403 not in answers.values()
