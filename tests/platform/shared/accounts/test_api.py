"""`/api/v1/me`, people and API keys as programs see them."""

import re
from typing import Any
from uuid import uuid4

import pytest

from shared.accounts.models import ApiKey, Invitation, User
from shared.accounts.services import credentials
from shared.accounts.services.credentials import Grant
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context


class Api:
    """A program at acme with a key."""

    def __init__(self, browser: Any, key: str) -> None:
        self.browser = browser
        self.headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"}

    def get(self, path: str) -> Any:
        return self.browser.get(f"/api/v1{path}", **self.headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self.browser.generic(
            method.upper(),
            f"/api/v1{path}",
            data="" if body is None else self.browser._encode_json(body, "application/json"),
            content_type="application/json",
            **self.headers,
            **headers,
        )


@pytest.fixture
def api(acme: Any, client_for: Any) -> Api:
    """A program that may do everything a program can."""
    with organisation_context(acme):
        scopes = "people:read people:write api_clients:read api_clients:write"
        grant = Grant("All", [*scopes.split(), "organisation:write", "sites:read"])
        made = credentials.create_api_key(actor=SYSTEM, grant=grant)
    return Api(client_for(acme), made.secret)


def test_me_is_the_key(api: Api) -> None:
    me = api.get("/me").json()
    assert (me["kind"], me["label"], me["role"], me["email"]) == ("client", "All", None, None)
    assert "people.write" in me["permissions"]
    assert "people.write_owner" not in me["permissions"]


def test_me_is_the_person_in_the_browser(
    acme: Any, owner: User, client_for: Any, sign_in: Any
) -> None:
    browser = client_for(acme)
    assert browser.get("/api/v1/me").status_code == 401
    sign_in(browser, owner.email)
    me = browser.get("/api/v1/me").json()
    assert (me["kind"], me["email"], me["role"]) == ("user", owner.email, "owner")


def test_sessions_need_their_csrf_token(
    acme: Any, owner: User, client_for: Any, sign_in: Any
) -> None:
    browser = client_for(acme)
    sign_in(browser, owner.email)
    browser.handler.enforce_csrf_checks = True
    body = {"email": "x@example.com", "role": "viewer"}
    answer = browser.post("/api/v1/people", body, content_type="application/json")
    assert answer.status_code == 403
    with organisation_context(acme):
        assert not Invitation.objects.exists()


def test_people_are_listed_and_filtered(api: Api, acme: Any, owner: User, person: Any) -> None:
    person(acme, "viewer")
    people = api.get("/people").json()["items"]
    assert [one["email"] for one in people] == ["owner@example.com", "viewer@example.com"]
    assert "password" not in people[0]
    assert [one["role"] for one in api.get("/people?role=viewer").json()["items"]] == ["viewer"]
    assert api.get("/people?role=king").status_code == 422
    first = api.get("/people?limit=1").json()
    assert api.get(f"/people?limit=1&cursor={first['next']}").json()["items"] == people[1:]


def test_program_invites_resends_and_withdraws(api: Api, acme: Any) -> None:
    answer = api.send("post", "/people", {"email": "n@example.com", "role": "viewer"})
    assert answer.status_code == 201
    invitation = answer.json()
    assert "token" not in str(invitation)
    assert api.get("/people/invitations").json()["items"] == [invitation]
    path = f"/people/invitations/{invitation['id']}"
    assert api.send("post", f"{path}/resend").status_code == 200
    assert api.send("delete", path).status_code == 204
    assert api.send("delete", path).status_code == 409
    assert api.get("/people/invitations").json()["items"] == []


def test_program_cannot_make_owners(api: Api, acme: Any, person: Any) -> None:
    viewer = person(acme, "viewer")
    body = {"email": "n@example.com", "role": "owner"}
    assert api.send("post", "/people", body).status_code == 403
    assert api.send("patch", f"/people/{viewer.pk}", {"role": "owner"}).status_code == 403
    with organisation_context(acme):
        assert User.objects.get(pk=viewer.pk).role == "viewer"


def test_role_and_activity_are_changed_with_if_match(api: Api, acme: Any, person: Any) -> None:
    viewer = person(acme, "viewer")
    path = f"/people/{viewer.pk}"
    etag = api.get(path)["ETag"]
    changed = api.send("patch", path, {"role": "approver"}, HTTP_IF_MATCH=etag)
    assert (changed.status_code, changed.json()["role"]) == (200, "approver")
    assert changed["ETag"] != etag
    assert api.send("patch", path, {"is_active": False}, HTTP_IF_MATCH=etag).status_code == 412
    assert api.send("patch", path, {"is_active": False}).json()["is_active"] is False
    assert api.send("patch", path, {"is_active": True}).json()["is_active"] is True
    assert api.send("patch", path, {"email": "x@example.com"}).status_code == 422


def test_last_owner_stays_through_the_api(
    acme: Any, owner: User, client_for: Any, sign_in: Any
) -> None:
    browser = client_for(acme)
    sign_in(browser, owner.email)
    answer = browser.patch(
        f"/api/v1/people/{owner.pk}", {"role": "viewer"}, content_type="application/json"
    )
    assert answer.status_code == 409


def test_unknown_people_are_not_found(api: Api, globex: Any, person: Any) -> None:
    stranger = person(globex, "viewer")
    for user_id in (uuid4(), stranger.pk):
        assert api.get(f"/people/{user_id}").status_code == 404
        assert api.send("patch", f"/people/{user_id}", {"role": "viewer"}).status_code == 404


def test_keys_are_made_shown_once_and_revoked(api: Api, acme: Any, client_for: Any) -> None:
    body = {"name": "Sheet", "scopes": ["sites:read"], "allowed_networks": ["127.0.0.1"]}
    answer = api.send("post", "/api-keys", body)
    assert answer.status_code == 201
    made = answer.json()
    assert made["allowed_networks"] == ["127.0.0.1/32"]
    key = made.pop("key")
    assert key.startswith(made["prefix"])
    shown = api.get(f"/api-keys/{made['id']}").json()
    assert shown == made
    assert key not in api.get("/api-keys").content.decode()
    other = Api(client_for(acme), key)
    assert other.get("/me").json()["permissions"] == ["sites.read"]
    assert api.send("delete", f"/api-keys/{made['id']}").status_code == 204
    assert other.get("/me").status_code == 401
    with organisation_context(acme):
        assert ApiKey.objects.get(name="Sheet").revoked_at is not None


def test_program_cannot_give_its_key_more(api: Api) -> None:
    body = {"name": "More", "scopes": ["invoices:write"]}
    assert api.send("post", "/api-keys", body).status_code == 403


def test_bad_key_requests_name_their_fields(api: Api) -> None:
    body = {"name": "", "scopes": ["people:all"], "expires_at": "tomorrow", "x": 1}
    answer = api.send("post", "/api-keys", body)
    assert answer.status_code == 422
    fields = {re.split(r"[.[]", one["field"])[0] for one in answer.json()["errors"]}
    assert {"name", "scopes", "expires_at", "x"} <= fields
