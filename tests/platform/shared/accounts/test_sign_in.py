"""Signing in by e-mail and password at the organisation's host."""

import re
from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from django.core import mail

from shared.accounts.models import User
from shared.kernel.tenancy import organisation_context

PASSWORD = "a sentence nobody guesses"
SignIn = Callable[..., Any]


def is_signed_in(browser: Any) -> bool:
    return browser.get("/settings/security").status_code == 200


def test_owner_signs_in_and_out(acme: Any, owner: User, client_for: Any, sign_in: SignIn) -> None:
    browser = client_for(acme)
    assert not is_signed_in(browser)
    answer = sign_in(browser, "OWNER@example.com")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_signed_in(browser)
    browser.post("/accounts/logout/")
    assert not is_signed_in(browser)


def test_pages_send_strangers_to_sign_in(acme: Any, client_for: Any) -> None:
    answer = client_for(acme).get("/settings/people")
    assert answer["Location"] == "/accounts/login/?next=/settings/people"


def test_sign_in_leads_on_inside_the_site_only(
    acme: Any, owner: User, client_for: Any, sign_in: SignIn
) -> None:
    browser = client_for(acme)
    assert sign_in(browser, owner.email, next="/settings/people")["Location"] == "/settings/people"
    for trap in ("https://evil.example/", "http://globex.localhost/", "//evil.example"):
        answer = sign_in(client_for(acme), owner.email, next=trap)
        assert answer["Location"] == "/"


def test_globex_knows_neither_acmes_people_nor_their_sessions(
    acme: Any, globex: Any, owner: User, client_for: Any, sign_in: SignIn
) -> None:
    at_acme, at_globex = client_for(acme), client_for(globex)
    sign_in(at_globex, owner.email)
    assert not is_signed_in(at_globex)
    sign_in(at_acme, owner.email)
    at_globex.cookies = at_acme.cookies
    assert is_signed_in(at_acme)
    assert not is_signed_in(at_globex)


def test_session_cookie_stays_on_its_host(
    acme: Any, owner: User, client_for: Any, sign_in: SignIn
) -> None:
    cookie = sign_in(client_for(acme), owner.email).cookies["sessionid"]
    assert cookie["domain"] == ""
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_wrong_password_and_unknown_address_answer_the_same(
    acme: Any, owner: User, client_for: Any, sign_in: SignIn
) -> None:
    wrong = sign_in(client_for(acme), owner.email, "not the password").content.decode()
    unknown = sign_in(client_for(acme), "nobody@example.com", "not it").content.decode()
    assert without_secrets(wrong, owner.email) == without_secrets(unknown, "nobody@example.com")


def test_five_wrong_passwords_lock_the_address(
    acme: Any, owner: User, client_for: Any, sign_in: SignIn
) -> None:
    browser = client_for(acme)
    for _attempt in range(5):
        sign_in(browser, owner.email, "not the password")
    answer = sign_in(browser, owner.email)
    assert "Too many failed login attempts" in answer.content.decode()
    assert not is_signed_in(browser)


def test_lockout_stays_with_its_organisation(
    acme: Any, globex: Any, owner: User, person: Any, client_for: Any, sign_in: SignIn
) -> None:
    person(globex)
    for _attempt in range(5):
        sign_in(client_for(acme), owner.email, "not the password")
    browser = client_for(globex)
    sign_in(browser, owner.email)
    assert is_signed_in(browser)


def test_failures_from_one_address_are_limited(
    acme: Any, client_for: Any, sign_in: SignIn, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/m/ip"}
    browser = client_for(acme)
    answers = [sign_in(browser, f"p{n}@example.com", "x").content.decode() for n in range(4)]
    limited = ["Too many failed login attempts" in answer for answer in answers]
    assert limited == [False, False, False, True]


def test_deactivated_person_is_out_at_once(
    acme: Any, owner: User, client_for: Any, sign_in: SignIn
) -> None:
    browser = client_for(acme)
    sign_in(browser, owner.email)
    with organisation_context(acme):
        User.objects.filter(pk=owner.pk).update(is_active=False)
    assert not is_signed_in(browser)
    assert sign_in(browser, owner.email)["Location"] == "/accounts/inactive/"


def test_nobody_signs_up_inside_an_organisation(acme: Any, client_for: Any) -> None:
    form = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    answer = client_for(acme).post("/accounts/signup/", form)
    assert "You need an invitation" in answer.content.decode()
    with organisation_context(acme):
        assert not User.objects.filter(email="new@example.com").exists()


def test_unverified_address_must_be_confirmed_first(
    acme: Any, person: Any, client_for: Any, sign_in: SignIn
) -> None:
    person(acme, "viewer", email_verified=False)
    browser = client_for(acme)
    assert sign_in(browser, "viewer@example.com")["Location"] == "/accounts/confirm-email/"
    assert not is_signed_in(browser)
    path = link_in(mail.outbox[-1].body, acme)
    assert "viewer@example.com" in browser.get(path).content.decode()
    browser.post(path)
    with organisation_context(acme):
        assert EmailAddress.objects.get(email="viewer@example.com").verified
    sign_in(browser, "viewer@example.com")
    assert is_signed_in(browser)


def test_password_is_reset_by_mail(
    acme: Any, owner: User, client_for: Any, sign_in: SignIn
) -> None:
    signed_in = client_for(acme)
    sign_in(signed_in, owner.email)
    browser = client_for(acme)
    browser.post("/accounts/password/reset/", {"email": owner.email})
    assert "Acme" in mail.outbox[-1].subject
    path = link_in(mail.outbox[-1].body, acme)
    form_path = browser.get(path)["Location"]
    new = "another sentence nobody guesses"
    browser.post(form_path, {"password1": new, "password2": new})
    assert not is_signed_in(signed_in), "every session ends"
    sign_in(browser, owner.email)
    assert not is_signed_in(browser)
    sign_in(browser, owner.email, new)
    assert is_signed_in(browser)
    again = client_for(acme).get(path, follow=True).content.decode()
    assert "This link no longer works" in again


def test_reset_does_not_tell_who_has_an_account(acme: Any, owner: User, client_for: Any) -> None:
    pages = []
    for email in (owner.email, "nobody@example.com"):
        browser = client_for(acme)
        answer = browser.post("/accounts/password/reset/", {"email": email}, follow=True)
        pages.append((answer.redirect_chain, without_secrets(answer.content.decode(), email)))
    assert pages[0] == pages[1]
    assert [message.to for message in mail.outbox] == [[owner.email], ["nobody@example.com"]]
    assert "There is no account" in mail.outbox[1].body


def test_reset_link_leads_to_the_organisation_whatever_the_host_header_says(
    acme: Any, owner: User, client_for: Any
) -> None:
    client_for(acme).post(
        "/accounts/password/reset/",
        {"email": owner.email},
        HTTP_HOST="acme.localhost:6666",
        HTTP_X_FORWARDED_HOST="evil.example",
    )
    assert f"\n{acme.url}/accounts/password/reset/key/" in mail.outbox[-1].body


def test_reset_is_limited_by_address(acme: Any, owner: User, client_for: Any) -> None:
    for _attempt in range(5):
        client_for(acme).post("/accounts/password/reset/", {"email": owner.email})
    assert len(mail.outbox) == 3


def test_weak_passwords_are_refused(
    acme: Any, owner: User, client_for: Any, sign_in: SignIn
) -> None:
    browser = client_for(acme)
    sign_in(browser, owner.email)
    for weak in ("short", "password123", "owner@example.com"):
        form = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
        browser.post("/accounts/password/change/", form)
        with organisation_context(acme):
            assert User.objects.get(pk=owner.pk).check_password(PASSWORD)


def test_changed_password_ends_other_sessions_and_is_told(
    acme: Any, owner: User, client_for: Any, sign_in: SignIn
) -> None:
    here, elsewhere = client_for(acme), client_for(acme)
    sign_in(here, owner.email)
    sign_in(elsewhere, owner.email)
    new = "another sentence nobody guesses"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    here.post("/accounts/password/change/", form)
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert mail.outbox[-1].subject == "Your password was changed"


def test_page_follows_person_cookie_browser_then_organisation(
    acme: Any, person: Any, client_for: Any, sign_in: SignIn
) -> None:
    def language(browser: Any, **headers: str) -> str:
        return str(browser.get("/accounts/login/", **headers)["Content-Language"])

    browser = client_for(acme)
    assert language(browser) == "en"
    assert language(browser, HTTP_ACCEPT_LANGUAGE="de, fr-FR;q=0.8") == "fr-ca"
    browser.post("/language", {"language": "en", "next": "/accounts/login/"})
    assert language(browser, HTTP_ACCEPT_LANGUAGE="fr") == "en"
    person(acme, "viewer", language="fr-ca")
    sign_in(browser, "viewer@example.com")
    answer = browser.get("/settings/security", HTTP_ACCEPT_LANGUAGE="en")
    assert answer["Content-Language"] == "fr-ca"


def test_choice_of_language_stays_with_the_person(
    acme: Any, owner: User, client_for: Any, sign_in: SignIn
) -> None:
    browser = client_for(acme)
    sign_in(browser, owner.email)
    for elsewhere in ("//evil.example", "security", "1e5", "evil:page"):
        answer = browser.post("/language", {"language": "fr-ca", "next": elsewhere})
        assert answer["Location"] == "/", elsewhere
    with organisation_context(acme):
        assert User.objects.get(pk=owner.pk).language == "fr-ca"
    browser.post("/language", {"language": "tlh", "next": "/"})
    with organisation_context(acme):
        assert User.objects.get(pk=owner.pk).language == "fr-ca"


def link_in(body: str, organisation: Any) -> str:
    """The path of the first link to the organisation."""
    found = re.search(rf"^{re.escape(organisation.url)}(/\S+)$", body, re.MULTILINE)
    assert found, body
    return found[1]


def without_secrets(page: str, email: str) -> str:
    """The page without what differs by token and by what was typed."""
    page = page.replace(email, "ADDRESS")
    page = re.sub(r'value="[A-Za-z0-9]{64}"', "", page)
    return re.sub(r'X-CSRFToken": "[A-Za-z0-9]+"|nonce="[^"]+"', "", page)
