"""What an organisation's own people change about it: its address, its end."""

from typing import Any

import pytest
from django.test import Client

from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from shared.organisations import mails, tasks
from shared.organisations.models import Organisation
from shared.organisations.selectors import forget_hosts
from shared.organisations.services import jobs, life, spares

pytestmark = pytest.mark.django_db


def _browser(organisation: Organisation, role: str) -> Client:
    forget_hosts(organisation.host, "acme-two.localhost")
    with organisation_context(organisation):
        person = add_person(actor=SYSTEM, email=f"{role}@a.example", name=role, role=role)
        client = Client(HTTP_HOST=organisation.host)
        client.force_login(person)
    return client


def test_an_administrator_moves_the_address(acme: Organisation) -> None:
    browser = _browser(acme, "tenant_admin")
    page = browser.get("/settings/address")
    assert page.status_code == 200
    assert "passkeys" in page.text
    assert "/settings/delete" not in page.text  # an owner's right
    refused = browser.post("/settings/address", {"subdomain": "globex"})
    assert "already has this address" in refused.text
    moved = browser.post("/settings/address", {"subdomain": "acme-two"})
    assert moved.status_code == 302
    assert moved.headers["Location"] == "http://acme-two.localhost:8000"
    acme.refresh_from_db()
    assert (acme.subdomain, acme.schema_name) == ("acme-two", "acme")
    forget_hosts("acme.localhost")  # after commit, which this test has none of
    assert browser.get("/settings/address").headers["Location"].startswith(acme.url)


def test_an_owner_ends_it_by_typing_its_address(acme: Organisation) -> None:
    browser = _browser(acme, "owner")
    assert "/settings/delete" in browser.get("/settings/address").text
    assert browser.get("/settings/delete").status_code == 200
    wrong = browser.post("/settings/delete", {"confirmation": "globex"})
    assert "not the organisation’s address" in wrong.text
    acme.refresh_from_db()
    assert acme.state == "active"
    assert browser.post("/settings/delete", {"confirmation": "ACME"}).status_code == 302
    acme.refresh_from_db()
    assert acme.state == "deleting"
    forget_hosts(acme.host)
    assert browser.get("/").status_code == 403


@pytest.mark.parametrize("path", ["/settings/address", "/settings/delete"])
def test_others_may_do_neither(acme: Organisation, path: str) -> None:
    assert _browser(acme, "viewer").get(path).status_code == 403
    stranger = Client(HTTP_HOST=acme.host).get(path)
    assert stranger.headers["Location"].startswith("/accounts/login/")


def test_mails_tell_where_and_are_not_sent_for_what_is_gone(
    acme: Organisation, mailoutbox: list[Any]
) -> None:
    Organisation.objects.filter(pk=acme.pk).update(language="fr-ca")
    tasks.send_welcome(organisation_id=str(acme.id))
    assert acme.url in mailoutbox[0].body
    tasks.send_deletion_notice(organisation_id=str(acme.id))  # undone before it went out
    tasks.send_welcome(organisation_id="00000000-0000-0000-0000-000000000009")
    assert len(mailoutbox) == 1
    assert mails.bare_url("/x") == "http://localhost:8000/x"


def test_each_task_calls_its_service(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    one = "00000000-0000-0000-0000-000000000001"
    monkeypatch.setattr(jobs, "unfinished_jobs", lambda: [one])
    monkeypatch.setattr(jobs, "run_job", called.append)
    monkeypatch.setattr(spares, "refill_pool", lambda: called.append("refill"))
    monkeypatch.setattr(life, "erase_due_organisations", lambda: called.append("erase"))
    monkeypatch.setattr(life, "remove_expired_redirects", lambda: called.append("redirects"))
    tasks.sweep_provisioning_jobs()
    tasks.refill_spares()
    tasks.erase_due_organisations()
    tasks.remove_expired_redirects()
    assert [str(one) for one in called] == [one, "refill", "erase", "redirects"]
