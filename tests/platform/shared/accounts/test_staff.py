"""The bare domain: platform staff and the platform's own API clients."""

import json
from base64 import b64encode
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from shared.accounts.models import User
from shared.accounts.permissions import PLATFORM

PASSWORD = "a sentence nobody guesses"


@pytest.fixture
def site(db: None) -> Client:
    """A browser at the bare domain."""
    return Client(HTTP_HOST="localhost")


def test_staff_sign_in_and_hold_the_platforms_permissions(site: Client) -> None:
    User.objects.create_superuser("staff@example.com", PASSWORD, name="Sam")
    site.post("/accounts/login/", {"login": "staff@example.com", "password": PASSWORD})
    me = site.get("/api/v1/me").json()
    assert (me["kind"], me["role"], me["label"]) == ("staff", None, "Sam")
    assert me["permissions"] == sorted(PLATFORM)


def test_public_user_who_is_not_staff_is_nobody(site: Client) -> None:
    User.objects.create_user("someone@example.com", PASSWORD, role="owner")
    site.post("/accounts/login/", {"login": "someone@example.com", "password": PASSWORD})
    assert site.get("/api/v1/me").status_code == 401


def test_owner_of_acme_is_unknown_at_the_bare_domain(
    site: Client, acme: Any, owner: User, client_for: Any, sign_in: Any
) -> None:
    browser = client_for(acme)
    sign_in(browser, owner.email)
    site.cookies = browser.cookies
    assert site.get("/api/v1/me").status_code == 401


def test_platform_client_gets_platform_permissions_only(
    site: Client, acme: Any, client_for: Any
) -> None:
    out = StringIO()
    arguments = ("--tenant", "public", "--name", "x", "--scopes", "organisations:read")
    call_command("create_api_client", *arguments, stdout=out)
    made = json.loads(out.getvalue())
    assert made["token_url"].startswith("http://localhost")
    pair = b64encode(f"{made['client_id']}:{made['client_secret']}".encode()).decode()
    headers = {"HTTP_AUTHORIZATION": f"Basic {pair}"}
    form = {"grant_type": "client_credentials"}
    token = site.post("/api/v1/oauth/token", form, **headers).json()["access_token"]
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert site.get("/api/v1/me", **bearer).json()["permissions"] == ["organisations.read"]
    assert client_for(acme).get("/api/v1/me", **bearer).status_code == 401
    assert client_for(acme).post("/api/v1/oauth/token", form, **headers).status_code == 401
