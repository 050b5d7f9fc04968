"""API clients, tokens and keys: OAuth 2.0 (RFC 6749, 7009, 7662) and `ip_…` keys."""

import json
from base64 import b64encode
from datetime import datetime, timedelta, timezone
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shared.accounts.actors import actor_of_bearer
from shared.accounts.models import AccessToken, ApiClient, ApiKey, User
from shared.accounts.permissions import (
    OWNER_ONLY,
    PERMISSIONS,
    SCOPES,
    permissions_of_scopes,
)
from shared.accounts.services import credentials
from shared.accounts.services.credentials import Grant
from shared.accounts.tokens import hash_secret
from shared.audit.models import Entry
from shared.kernel import clock
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shared.kernel.tenancy import organisation_context

TOKEN_URL = "/api/v1/oauth/token"
END_OF_TIME = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12)))


def make_client(organisation: Any, scopes: str = "people:read", **given: Any) -> tuple[str, str]:
    with organisation_context(organisation):
        grant = Grant(name="Export", scopes=scopes.split(), **given)
        made = credentials.create_api_client(actor=SYSTEM, grant=grant)
    return made.client.client_id, made.secret


def make_key(organisation: Any, scopes: str = "people:read", **given: Any) -> str:
    with organisation_context(organisation):
        grant = Grant(name="Sheet", scopes=scopes.split(), **given)
        return credentials.create_api_key(actor=SYSTEM, grant=grant).secret


def basic(pair: tuple[str, str]) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": "Basic " + b64encode(":".join(pair).encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def ask_token(browser: Any, pair: tuple[str, str], **form: str) -> Any:
    return browser.post(TOKEN_URL, {"grant_type": "client_credentials", **form}, **basic(pair))


def token_of(browser: Any, pair: tuple[str, str], **form: str) -> str:
    return str(ask_token(browser, pair, **form).json()["access_token"])


def reads_people(browser: Any, token: str) -> int:
    return int(browser.get("/api/v1/people", **bearer(token)).status_code)


def test_client_gets_a_token_and_uses_it(acme: Any, client_for: Any) -> None:
    browser = client_for(acme)
    answer = ask_token(browser, make_client(acme, "people:read sites:write"))
    body = answer.json()
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 3600
    assert body["scope"] == "people:read sites:write"
    assert "refresh_token" not in body
    assert reads_people(browser, body["access_token"]) == 200


def test_client_may_authenticate_in_the_body(acme: Any, client_for: Any) -> None:
    client_id, secret = make_client(acme)
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": secret,
    }
    assert client_for(acme).post(TOKEN_URL, form).status_code == 200


def test_fewer_scopes_may_be_asked_for_but_not_more(acme: Any, client_for: Any) -> None:
    browser = client_for(acme)
    pair = make_client(acme, "people:read invoices:read")
    assert ask_token(browser, pair, scope="people:read").json()["scope"] == "people:read"
    refused = ask_token(browser, pair, scope="people:read people:write")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")


def test_wrong_secret_and_unknown_client_answer_the_same(acme: Any, client_for: Any) -> None:
    browser = client_for(acme)
    client_id, secret = make_client(acme)
    answers = [
        ask_token(browser, (client_id, "wrong")),
        ask_token(browser, ("ipc_unknown", secret)),
        ask_token(browser, ("\x00", secret)),
        browser.post(TOKEN_URL, {"grant_type": "client_credentials"}),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["error"] == "invalid_client"
    assert answers[0]["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("header", ["Basic", "Basic ", "Basic %%%", "Basic /w==", "Bearer x", "x"])
def test_unreadable_authorization_is_refused(acme: Any, client_for: Any, header: str) -> None:
    form = {"grant_type": "client_credentials"}
    answer = client_for(acme).post(TOKEN_URL, form, HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401


def test_other_grants_are_not_offered(acme: Any, client_for: Any) -> None:
    browser = client_for(acme)
    for grant_type in ("password", "authorization_code", "refresh_token", ""):
        answer = browser.post(TOKEN_URL, {"grant_type": grant_type}, **basic(make_client(acme)))
        assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_token_and_client_of_acme_are_unknown_at_globex(
    acme: Any, globex: Any, client_for: Any
) -> None:
    at_acme, at_globex = client_for(acme), client_for(globex)
    pair = make_client(acme)
    token, key = token_of(at_acme, pair), make_key(acme)
    assert ask_token(at_globex, pair).status_code == 401
    for secret in (token, key):
        assert reads_people(at_acme, secret) == 200
        assert reads_people(at_globex, secret) == 401


def test_bad_bearer_is_not_saved_by_a_session(
    acme: Any, owner: User, client_for: Any, sign_in: Any
) -> None:
    browser = client_for(acme)
    sign_in(browser, owner.email)
    assert browser.get("/api/v1/people").status_code == 200
    assert reads_people(browser, "ip_wrong") == 401
    assert browser.get("/api/v1/people", HTTP_AUTHORIZATION="Basic eDp5").status_code == 401


def test_scopes_decide(acme: Any, client_for: Any) -> None:
    browser = client_for(acme)
    key = make_key(acme, "people:read")
    invitation = {"email": "x@example.com", "role": "viewer"}
    send = {"data": invitation, "content_type": "application/json", **bearer(key)}
    assert browser.post("/api/v1/people", **send).status_code == 403
    assert browser.get("/api/v1/api-keys", **bearer(key)).status_code == 403
    assert reads_people(browser, make_key(acme, "sites:write")) == 200, "sees only itself"
    nobody = browser.get("/api/v1/people", **bearer(make_key(acme, "sites:write"))).json()
    assert nobody["items"] == []


def test_tokens_expire(acme: Any, client_for: Any) -> None:
    browser = client_for(acme)
    token = token_of(browser, make_client(acme))
    with organisation_context(acme):
        AccessToken.objects.update(expires_at=clock.now())
    assert reads_people(browser, token) == 401


def test_revoked_client_takes_its_tokens_along(
    acme: Any, owner_actor: Actor, client_for: Any
) -> None:
    browser = client_for(acme)
    pair = make_client(acme)
    token = token_of(browser, pair)
    with organisation_context(acme):
        client = ApiClient.objects.get()
        credentials.revoke_api_client(actor=owner_actor, client_pk=client.pk)
        with pytest.raises(Conflict):
            credentials.revoke_api_client(actor=owner_actor, client_pk=client.pk)
        with pytest.raises(NotFound):
            credentials.revoke_api_key(actor=owner_actor, key_id=client.pk)
    assert reads_people(browser, token) == 401
    assert ask_token(browser, pair).status_code == 401


def test_expired_key_is_refused(acme: Any, client_for: Any) -> None:
    key = make_key(acme, expires_at=clock.now() + timedelta(days=1))
    assert reads_people(client_for(acme), key) == 200
    with organisation_context(acme):
        ApiKey.objects.update(expires_at=clock.now())
    assert reads_people(client_for(acme), key) == 401


def test_networks_decide_for_keys_tokens_and_sign_in(acme: Any, client_for: Any) -> None:
    browser = client_for(acme)
    networks = ["203.0.113.0/24", "2001:db8::/32"]
    key, pair = (
        make_key(acme, allowed_networks=networks),
        make_client(acme, allowed_networks=networks),
    )
    inside = {"REMOTE_ADDR": "203.0.113.9"}
    assert reads_people(browser, key) == 401
    for address in ("203.0.113.9", "2001:db8::1", "::ffff:203.0.113.9"):
        answer = browser.get("/api/v1/people", REMOTE_ADDR=address, **bearer(key))
        assert answer.status_code == 200, address
    spoofed = browser.get("/api/v1/people", HTTP_X_FORWARDED_FOR="203.0.113.9", **bearer(key))
    assert spoofed.status_code == 401
    form = {"grant_type": "client_credentials"}
    assert browser.post(TOKEN_URL, form, **basic(pair)).status_code == 401
    token = browser.post(TOKEN_URL, form, **basic(pair), **inside).json()["access_token"]
    assert reads_people(browser, token) == 401
    assert browser.get("/api/v1/people", **bearer(token), **inside).status_code == 200


def test_secrets_are_stored_as_hashes(acme: Any, client_for: Any) -> None:
    client_id, secret = make_client(acme)
    key = make_key(acme)
    token = token_of(client_for(acme), (client_id, secret))
    with organisation_context(acme):
        rows = [
            *ApiClient.objects.values(),
            *ApiKey.objects.values(),
            *AccessToken.objects.values(),
        ]
        kept = json.dumps(rows, default=str) + "".join(
            Entry.objects.values_list("payload", flat=True)
        )
    for clear in (secret, key, token):
        assert len(clear) > 40
        assert clear not in kept
        assert hash_secret(clear) in kept


def test_bearer_is_resolved_by_one_query(acme: Any, client_for: Any) -> None:
    secrets = [make_key(acme), token_of(client_for(acme), make_client(acme))]
    with organisation_context(acme):
        for secret in secrets:
            assert actor_of_bearer(secret, ip="127.0.0.1") is not None
            with CaptureQueriesContext(connection) as queries:
                assert actor_of_bearer(secret, ip="127.0.0.1") is not None
            assert len(queries) == 1
        for stranger in ("", "x", "ip_" + "x" * 500, "ipt_", "ip_\x00"):
            assert actor_of_bearer(stranger, ip="127.0.0.1") is None


def test_last_use_is_noted_once_a_minute(acme: Any) -> None:
    key = make_key(acme)
    with organisation_context(acme):
        actor_of_bearer(key, ip=None)
        first = ApiKey.objects.get().last_used_at
        actor_of_bearer(key, ip=None)
        assert ApiKey.objects.get().last_used_at == first
        earlier = clock.now() - timedelta(minutes=2)
        ApiKey.objects.update(last_used_at=earlier)
        actor_of_bearer(key, ip=None)
        assert ApiKey.objects.get().last_used_at > earlier


def test_introspection_tells_a_client_about_its_own_tokens(acme: Any, client_for: Any) -> None:
    browser = client_for(acme)
    pair, other = make_client(acme), make_client(acme)
    token = token_of(browser, pair)

    def ask(whose: tuple[str, str], what: str) -> Any:
        return browser.post("/api/v1/oauth/introspect", {"token": what}, **basic(whose)).json()

    told = ask(pair, token)
    assert told["active"] is True
    assert (told["client_id"], told["scope"]) == (pair[0], "people:read")
    assert told["exp"] - told["iat"] == 3600
    assert ask(other, token) == {"active": False}
    assert ask(pair, "ipt_unknown") == {"active": False}
    assert browser.post("/api/v1/oauth/introspect", {"token": token}).status_code == 401
    missing = browser.post("/api/v1/oauth/introspect", {}, **basic(pair))
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")


def test_revocation_ends_ones_own_token_only(acme: Any, client_for: Any) -> None:
    browser = client_for(acme)
    pair, other = make_client(acme), make_client(acme)
    token = token_of(browser, pair)

    def revoke(whose: tuple[str, str], what: str) -> int:
        answer = browser.post("/api/v1/oauth/revoke", {"token": what}, **basic(whose))
        return int(answer.status_code)

    assert revoke(other, token) == 400
    assert reads_people(browser, token) == 200
    assert revoke(pair, token) == 200
    assert revoke(pair, token) == 200
    assert revoke(pair, "unknown") == 200
    assert reads_people(browser, token) == 401
    told = browser.post("/api/v1/oauth/introspect", {"token": token}, **basic(pair)).json()
    assert told == {"active": False}


def test_old_tokens_are_cleared_when_new_ones_are_made(acme: Any, client_for: Any) -> None:
    browser = client_for(acme)
    pair = make_client(acme)
    token_of(browser, pair)
    with organisation_context(acme):
        AccessToken.objects.update(expires_at=clock.now() - timedelta(days=2))
    token_of(browser, pair)
    with organisation_context(acme):
        assert AccessToken.objects.count() == 1


@pytest.mark.parametrize(
    ("grant", "field", "code"),
    [
        (Grant("", ["people:read"]), "name", "required"),
        (Grant("x", []), "scopes", "required"),
        (Grant("x", ["people:all"]), "scopes", "unknown_scope"),
        (Grant("x", ["space:read"]), "scopes", "unknown_scope"),
        (Grant("x", ["people:read"], ["10.0.0.0/99"]), "allowed_networks", "network"),
        (Grant("x", ["people:read"], ["10.0.0.1"] * 51), "allowed_networks", "too_many"),
        (Grant("x", ["people:read"], (), clock.now()), "expires_at", "past"),
        (Grant("x", ["people:read"], (), END_OF_TIME), "expires_at", "too_late"),
    ],
)
def test_bad_credentials_name_their_fields(
    acme: Any, owner_actor: Actor, grant: Grant, field: str, code: str
) -> None:
    with organisation_context(acme):
        for create in (credentials.create_api_client, credentials.create_api_key):
            with pytest.raises(Invalid) as caught:
                create(actor=owner_actor, grant=grant)
            assert [(one.field, one.code) for one in caught.value.errors] == [(field, code)]
        assert not ApiClient.objects.exists()
        assert not ApiKey.objects.exists()


def test_nobody_grants_more_than_they_hold(acme: Any, owner_actor: Actor) -> None:
    narrow = Actor(**{**vars(owner_actor), "permissions": frozenset({"api_clients.write"})})
    with organisation_context(acme), pytest.raises(Forbidden):
        credentials.create_api_key(actor=narrow, grant=Grant("x", ["invoices:write"]))


def test_no_scope_makes_an_owner(acme: Any) -> None:
    assert permissions_of_scopes(SCOPES) == frozenset(PERMISSIONS) - set(OWNER_ONLY)
    assert permissions_of_scopes(["people:write"]) == {"people.write"}
    assert permissions_of_scopes(["nonsense", "a:b:c", ""]) == frozenset()


def test_scopes_by_path_mean_their_areas() -> None:
    assert permissions_of_scopes(["customer-sites:read"]) == {"sites.read"}
    assert "payments.write" in permissions_of_scopes(["billing:write"])


def command(*arguments: str) -> tuple[str, str]:
    out, error = StringIO(), StringIO()
    call_command("create_api_client", *arguments, stdout=out, stderr=error)
    return out.getvalue(), error.getvalue()


@pytest.mark.parametrize("scopes", ["people:read sites:write", "people:read,sites:write"])
def test_command_prints_one_json_line(acme: Any, client_for: Any, scopes: str) -> None:
    line, _error = command("--tenant", "acme", "--name", "Script", "--scopes", scopes)
    assert line.count("\n") == 1
    made = json.loads(line)
    assert set(made) == {"client_id", "client_secret", "token_url"}
    assert made["token_url"] == f"{acme.url}/api/v1/oauth/token"
    pair = (made["client_id"], made["client_secret"])
    assert ask_token(client_for(acme), pair).json()["scope"] == "people:read sites:write"


def test_command_keeps_scopes_of_areas_to_come(acme: Any, client_for: Any) -> None:
    line, warning = command("--tenant", "acme", "--name", "x", "--scopes", "time:read people:read")
    assert "time:read grants nothing" in warning
    made = json.loads(line)
    pair = (made["client_id"], made["client_secret"])
    assert ask_token(client_for(acme), pair, scope="time:read").status_code == 200


def test_command_says_what_is_wrong(acme: Any) -> None:
    with pytest.raises(CommandError, match="No organisation"):
        command("--tenant", "nobody", "--name", "x", "--scopes", "people:read")
    with pytest.raises(CommandError, match="no scope"):
        command("--tenant", "acme", "--name", "x", "--scopes", "people")
