"""Every page of accounts: it is served, it has one heading, and axe finds nothing serious."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Route
from support.chromium import answer_static, chromium, serious_problems

from shared.accounts.models import ApiClient, ApiKey, Invitation, User
from shared.accounts.services import credentials, invitations
from shared.accounts.services.credentials import Grant
from shared.accounts.tokens import invitation_token
from shared.kernel import clock
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.tenancy import organisation_context

PASSWORD = "a sentence nobody guesses"
STRANGERS_PAGES = (
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/wrong/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-wrong/",
    "/accounts/password/reset/key/done/",
)
MEMBERS_PAGES = (
    "/accounts/logout/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/settings/profile",
    "/settings/security",
    "/settings/people",
    "/settings/people/invite",
    "/settings/roles",
    "/settings/api",
    "/settings/api/clients/new",
    "/settings/api/keys/new",
)


@pytest.fixture
def member(acme: Any, owner: User, client_for: Any, sign_in: Any) -> Any:
    """The owner's browser, with something on every page."""
    with organisation_context(acme):
        invitations.invite_person(actor=SYSTEM, email="n@example.com", role="viewer")
        for create in (credentials.create_api_client, credentials.create_api_key):
            grant = Grant("Export", ["people:read"], ["10.0.0.0/8"])
            create(actor=SYSTEM, grant=grant)
        ApiKey.objects.update(revoked_at=clock.now())
    browser = client_for(acme)
    sign_in(browser, owner.email)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


@pytest.fixture
def pages(acme: Any, owner: User, member: Any, client_for: Any) -> dict[str, str]:
    """Every page's HTML by a name of its own."""
    stranger = client_for(acme)
    html = {path: text_of(stranger.get(path)) for path in STRANGERS_PAGES}
    html.update({path: text_of(member.get(path)) for path in MEMBERS_PAGES})
    html["/settings/people/one"] = text_of(member.get(f"/settings/people/{owner.pk}"))
    wrong = {"login": "owner@example.com", "password": "wrong"}
    html["/accounts/login/wrong"] = text_of(stranger.post("/accounts/login/", wrong))
    html["/settings/people/invite/wrong"] = text_of(member.post("/settings/people/invite", {}))
    made = {"name": "Sheet", "scopes": ["people:read"]}
    html["/settings/api/keys/made"] = text_of(member.post("/settings/api/keys/new", made))
    html["/settings/api/clients/made"] = text_of(member.post("/settings/api/clients/new", made))
    with organisation_context(acme):
        invitation = Invitation.objects.get()
        token = invitation_token(invitation.pk, invitation.sent_count)
    html["/invitations/open"] = text_of(stranger.get(f"/invitations/{token}"))
    return html


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, (answer.status_code, answer.get("Location"))
    return str(answer.content.decode())


def test_pages_have_one_heading_and_no_inline_code(pages: dict[str, str]) -> None:
    for path, html in pages.items():
        assert len(re.findall(r"<h1[ >]", html)) == 1, path
        assert not re.search(r'\sstyle="|\son[a-z]+="', html), path
        scripts = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", html)
        assert all("application/json" in kind for kind in scripts), path


def test_pages_are_translatable(acme: Any, pages: dict[str, str]) -> None:
    for path, html in pages.items():
        assert "{%" not in html, path
        assert "{{" not in html, path


@pytest.mark.browser
def test_no_serious_accessibility_problem(pages: dict[str, str]) -> None:
    # Opened here: Django refuses database work while a browser's event loop runs.
    with chromium() as browser:
        found = problems_of(pages, browser)
    assert {where: problems for where, problems in found.items() if problems} == {}


def problems_of(
    pages: dict[str, str], browser: Browser
) -> dict[tuple[str, int], dict[str, list[str]]]:
    """What axe calls serious, and pages wider than the window, by page and width."""
    found = {}
    for width, theme in ((1440, "light"), (360, "dark")):
        page = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        ).new_page()
        page.route("**/*", lambda route: answer(route, pages))
        for path in pages:
            page.goto(f"http://acme.test{path}")
            found[path, width] = serious_problems(page)
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if overflow > 0:
                found[path, width]["overflow"] = [str(overflow)]
    return found


def answer(route: Route, pages: dict[str, str]) -> None:
    """What a server would answer: a page, a static file, or nothing."""
    path = urlsplit(route.request.url).path
    if path in pages:
        route.fulfill(body=pages[path], content_type="text/html; charset=utf-8")
        return
    answer_static(route)


def test_made_credentials_are_shown_once(acme: Any, member: Any) -> None:
    form = {
        "name": "Nightly",
        "scopes": ["people:read", "sites:write"],
        "expires_on": str((clock.now() + timedelta(days=30)).date()),
        "allowed_networks": "203.0.113.0/24\n2001:db8::/32",
    }
    answered = member.post("/settings/api/clients/new", form)
    assert "no-store" in answered["Cache-Control"]
    with organisation_context(acme):
        client = ApiClient.objects.get(name="Nightly")
    assert client.allowed_networks == ["203.0.113.0/24", "2001:db8::/32"]
    assert client.expires_at is not None
    secret = answered.context["secret"]
    assert secret in answered.content.decode()
    listing = member.get("/settings/api").content.decode()
    assert client.client_id in listing
    assert secret not in listing
    revoke = f"/settings/api/clients/{client.pk}/revoke"
    assert member.post(revoke).status_code == 302
    assert member.post(revoke).status_code == 409


def test_bad_credentials_are_told_beside_their_fields(member: Any) -> None:
    form = {"name": "x", "scopes": ["people:read"], "allowed_networks": "my office"}
    page = member.post("/settings/api/keys/new", form).content.decode()
    assert "is not a network" in page
    assert "my" in page
    unknown = {"name": "x", "scopes": ["space:read"]}
    assert member.post("/settings/api/keys/new", unknown).status_code == 200


def test_key_is_made_and_revoked(acme: Any, member: Any) -> None:
    member.post("/settings/api/keys/new", {"name": "Sheet", "scopes": ["people:read"]})
    with organisation_context(acme):
        key = ApiKey.objects.get(name="Sheet")
    assert member.post(f"/settings/api/keys/{key.pk}/revoke")["Location"] == "/settings/api"
    with organisation_context(acme):
        assert ApiKey.objects.get(pk=key.pk).revoked_at is not None


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("tenant_admin", {"people", "people/invite", "roles", "api", "api/keys/new", "security"}),
        ("viewer", {"roles", "security"}),
        ("contractor", {"security"}),
        ("customer", {"security"}),
    ],
)
def test_pages_open_by_role(
    acme: Any, person: Any, client_for: Any, sign_in: Any, role: str, allowed: set[str]
) -> None:
    person(acme, role)
    browser = client_for(acme)
    sign_in(browser, f"{role}@example.com")
    names = ("people", "people/invite", "roles", "api", "api/keys/new", "security")
    statuses = {name: browser.get(f"/settings/{name}").status_code for name in names}
    assert statuses == {name: 200 if name in allowed else 403 for name in names}


def test_people_page_asks_constant_queries(
    acme: Any, member: Any, person: Any, owner_actor: Actor, django_assert_max_num_queries: Any
) -> None:
    member.get("/settings/people")
    for number in range(20):
        person(acme, "viewer", email=f"p{number}@example.com")
    with django_assert_max_num_queries(12):
        member.get("/settings/people")
