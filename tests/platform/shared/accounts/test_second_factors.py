"""TOTP, recovery codes, passkeys and the list of sessions."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as counters
from django.core.cache import cache
from django.db import connection

from shared.accounts.models import MfaSecret, User
from shared.audit.models import Entry
from shared.kernel.tenancy import organisation_context

PASSWORD = "a sentence nobody guesses"
SignIn = Callable[..., Any]


@pytest.fixture
def browser(acme: Any, owner: User, client_for: Any, sign_in: SignIn) -> Any:
    """The owner, signed in."""
    browser = client_for(acme)
    sign_in(browser, owner.email)
    return browser


def code_of(secret: str) -> str:
    """The code of this half minute: still good where the next one begins meanwhile."""
    _before, now, _after = counters()
    return format_hotp_value(hotp_value(secret, now))


def session_of(browser: Any) -> dict[str, Any]:
    """What is in the browser's session, which lives in its organisation."""
    with organisation_context(browser.organisation):
        return dict(browser.session.items())


def confirm_identity(browser: Any) -> Any:
    """The password once more, as before every change of second factors."""
    return browser.post("/accounts/reauthenticate/", {"password": PASSWORD})


def activate_totp(browser: Any) -> str:
    confirm_identity(browser)
    browser.get("/accounts/2fa/totp/activate/")
    secret: str = session_of(browser)["mfa.totp.secret"]
    answer = browser.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    assert answer.status_code == 302
    cache.clear()  # a code counts once; the next sign-in in the same half minute needs it again
    return secret


def is_signed_in(browser: Any) -> bool:
    return browser.get("/settings/security").status_code == 200


def test_totp_is_asked_for_after_the_password(
    acme: Any, owner: User, browser: Any, client_for: Any, sign_in: SignIn
) -> None:
    secret = activate_totp(browser)
    other = client_for(acme)
    assert sign_in(other, owner.email)["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(other)
    other.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert not is_signed_in(other)
    other.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert is_signed_in(other)


def test_a_totp_code_counts_once(
    acme: Any, owner: User, browser: Any, client_for: Any, sign_in: SignIn
) -> None:
    secret = activate_totp(browser)
    code = code_of(secret)
    first, second, later = client_for(acme), client_for(acme), client_for(acme)
    for other in (first, second):
        sign_in(other, owner.email)
        other.post("/accounts/2fa/authenticate/", {"code": code})
    assert (is_signed_in(first), is_signed_in(second)) == (True, False)
    # allauth itself forgets after half a minute, while the tolerance still takes the code.
    with organisation_context(acme):
        cache.delete(f"allauth.mfa.totp.used?user={owner.pk}&code={code}")
    sign_in(later, owner.email)
    later.post("/accounts/2fa/authenticate/", {"code": f"{code[:3]} {code[3:]}"})
    assert not is_signed_in(later)


def test_totp_codes_cannot_be_guessed_for_long(
    acme: Any, owner: User, browser: Any, client_for: Any, sign_in: SignIn
) -> None:
    secret = activate_totp(browser)
    other = client_for(acme)
    sign_in(other, owner.email)
    for _attempt in range(5):
        other.post("/accounts/2fa/authenticate/", {"code": "000000"})
    other.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert not is_signed_in(other)


def test_secrets_are_not_stored_in_clear(acme: Any, owner: User, browser: Any) -> None:
    secret = activate_totp(browser)
    with organisation_context(acme):
        kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
        codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
        stored = [row.text for row in MfaSecret.objects.all()]
        with connection.cursor() as cursor:
            cursor.execute("SELECT text FROM accounts_mfasecret")
            columns = b"".join(bytes(value) for (value,) in cursor.fetchall())
    assert secret in stored
    assert len(stored) == 2
    assert secret not in kept
    for plain in stored:
        assert plain.encode() not in columns
    assert len(codes) == 10


def test_recovery_code_lets_in_once(
    acme: Any, owner: User, browser: Any, client_for: Any, sign_in: SignIn
) -> None:
    activate_totp(browser)
    with organisation_context(acme):
        codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    page = browser.get("/accounts/2fa/recovery-codes/").content.decode()
    assert codes[0] in page
    results = []
    for _attempt in range(2):
        other = client_for(acme)
        sign_in(other, owner.email)
        other.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        results.append(is_signed_in(other))
    assert results == [True, False]


def test_removed_factor_leaves_no_secret(
    acme: Any, owner: User, browser: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with organisation_context(acme), django_capture_on_commit_callbacks(execute=True):
        activate_totp(browser)
    browser.post("/accounts/2fa/totp/deactivate/")
    with organisation_context(acme):
        assert not MfaSecret.objects.exists()
        assert not Authenticator.objects.exists()
        actions = list(Entry.objects.order_by("sequence").values_list("action", flat=True))
    assert "person.second_factor_added" in actions
    assert "person.second_factor_removed" in actions


def test_secret_of_acme_cannot_be_read_at_globex(
    acme: Any, globex: Any, owner: User, browser: Any
) -> None:
    activate_totp(browser)
    with organisation_context(acme):
        row = MfaSecret.objects.first()
        assert row is not None
        with connection.cursor() as cursor:
            cursor.execute("SELECT text FROM accounts_mfasecret WHERE id = %s", [row.pk])
            raw = cursor.fetchone()[0]
    with organisation_context(globex), connection.cursor() as cursor:
        cursor.execute("INSERT INTO accounts_mfasecret (id, text) VALUES (%s, %s)", [row.pk, raw])
        with pytest.raises(Exception, match="cannot be read"):
            str(MfaSecret.objects.get(pk=row.pk).text)


def test_passkeys_belong_to_the_organisations_host(
    acme: Any, globex: Any, owner: User, person: Any, browser: Any, client_for: Any, sign_in: SignIn
) -> None:
    person(globex)
    elsewhere = client_for(globex)
    sign_in(elsewhere, owner.email)
    for site, at in (("acme.localhost", browser), ("globex.localhost", elsewhere)):
        confirm_identity(at)
        page = at.get("/accounts/2fa/webauthn/add/").content.decode()
        data = json.loads(page.split('id="js_data" type="application/json">')[1].split("<")[0])
        assert data["creation_options"]["publicKey"]["rp"]["id"] == site


def test_passkey_sign_in_offers_a_challenge(acme: Any, client_for: Any) -> None:
    answer = client_for(acme).get("/accounts/2fa/webauthn/login/", HTTP_ACCEPT="application/json")
    options = answer.json()["request_options"]["publicKey"]
    assert options["rpId"] == "acme.localhost"
    assert options["userVerification"] == "required"


def test_changing_factors_needs_the_password_once_more(browser: Any) -> None:
    page = "/accounts/2fa/totp/activate/"
    assert browser.get(page)["Location"].startswith("/accounts/reauthenticate/?next=")
    browser.post("/accounts/reauthenticate/", {"password": "not the password"})
    assert browser.get(page).status_code == 302
    confirm_identity(browser)
    assert browser.get(page).status_code == 200


def test_sessions_are_listed_and_ended(
    acme: Any, owner: User, browser: Any, client_for: Any, sign_in: SignIn
) -> None:
    phone = client_for(acme)
    sign_in(phone, owner.email)
    phone.get("/settings/security", HTTP_USER_AGENT="A phone")
    page = browser.get("/settings/security")
    sessions = page.context["security"].sessions
    assert len(sessions) == 2
    other = next(one for one in sessions if one.session_key == phone.cookies["sessionid"].value)
    browser.post(f"/settings/security/sessions/{other.pk}/end")
    assert not is_signed_in(phone)
    assert is_signed_in(browser)


def test_all_other_sessions_are_ended_at_once(
    acme: Any, owner: User, browser: Any, client_for: Any, sign_in: SignIn
) -> None:
    others = [client_for(acme) for _other in range(2)]
    for other in others:
        sign_in(other, owner.email)
    browser.post("/settings/security/sessions/end-others")
    assert [is_signed_in(other) for other in others] == [False, False]
    assert is_signed_in(browser)


def test_nobody_ends_anothers_session(
    acme: Any, owner: User, browser: Any, person: Any, client_for: Any, sign_in: SignIn
) -> None:
    person(acme, "tenant_admin")
    other = client_for(acme)
    sign_in(other, "tenant_admin@example.com")
    session = browser.get("/settings/security").context["security"].sessions[0]
    answer = other.post(f"/settings/security/sessions/{session.pk}/end")
    assert answer.status_code == 404
    assert is_signed_in(browser)
