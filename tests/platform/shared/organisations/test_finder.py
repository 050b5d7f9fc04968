"""The sign-in finder and the link that undoes a deletion."""

import re
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from shared.organisations.mails import UNDO_SALT
from shared.organisations.models import Organisation
from shared.organisations.selectors import forget_hosts

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    forget_hosts("acme.localhost", "nobody.localhost")
    return Client(HTTP_HOST="localhost")


def _without_own(page: str) -> str:
    """What differs from visit to visit anyway is left out."""
    return re.sub(r"\b(Pat|nil)@example\.com|[A-Za-z0-9]{64}", "", page)


@pytest.mark.parametrize("wanted", ["acme", " ACME ", "acme.localhost"])
def test_a_subdomain_leads_to_its_sign_in(visitor: Client, acme: Organisation, wanted: str) -> None:
    response = visitor.post("/signin", {"wanted": wanted})
    assert response.status_code == 302
    assert response.headers["Location"] == f"{acme.url}/accounts/login/"


@pytest.mark.parametrize("wanted", ["nobody", "evil.example/", "//evil.example", "a b"])
def test_an_unknown_address_leads_nowhere(visitor: Client, wanted: str) -> None:
    response = visitor.post("/signin", {"wanted": wanted})
    assert response.status_code == 422
    assert "No organisation answers" in response.text


def test_an_address_gets_its_organisations_and_the_page_tells_nothing(
    visitor: Client, acme: Organisation, globex: Organisation, mailoutbox: list[Any]
) -> None:
    for organisation in (acme, globex):
        with organisation_context(organisation):
            add_person(actor=SYSTEM, email="pat@example.com", name="Pat", role="viewer")
    known = visitor.post("/signin", {"wanted": "Pat@example.com"})
    unknown = visitor.post("/signin", {"wanted": "nil@example.com"})
    assert _without_own(known.text) == _without_own(unknown.text)
    first, second = mailoutbox
    assert first.to == ["pat@example.com"]
    assert acme.url in first.body
    assert globex.url in first.body
    assert "http" not in second.body


def test_a_suspended_organisation_is_not_listed(
    visitor: Client, acme: Organisation, mailoutbox: list[Any]
) -> None:
    with organisation_context(acme):
        add_person(actor=SYSTEM, email="pat@example.com", name="Pat", role="viewer")
    Organisation.objects.filter(pk=acme.pk).update(state="suspended")
    visitor.post("/signin", {"wanted": "pat@example.com"})
    assert acme.url not in mailoutbox[0].body


def test_the_link_in_the_mail_asks_before_it_undoes(visitor: Client, acme: Organisation) -> None:
    Organisation.objects.filter(pk=acme.pk).update(state="deleting")
    path = f"/undo-deletion/{signing.dumps(str(acme.id), salt=UNDO_SALT)}"
    assert visitor.get(path).status_code == 200
    acme.refresh_from_db()
    assert acme.state == "deleting"
    assert visitor.post(path).status_code == 302
    acme.refresh_from_db()
    assert acme.state == "active"
    assert visitor.post("/undo-deletion/forged").status_code == 410


@pytest.mark.parametrize("language", ["en", "fr-CA"])
@pytest.mark.parametrize("path", ["/", "/pricing", "/signup", "/signin"])
def test_every_page_answers_with_one_heading(visitor: Client, path: str, language: str) -> None:
    response = visitor.get(path, HTTP_ACCEPT_LANGUAGE=language)
    assert response.status_code == 200
    assert response.text.count("<h1") == 1


def test_the_prices_are_those_of_the_plans(visitor: Client) -> None:
    text = visitor.get("/pricing").text
    for price in ("$49.00", "$149.00", "$399.00", "0.5%"):
        assert price in text
