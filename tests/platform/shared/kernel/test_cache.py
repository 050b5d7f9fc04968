"""What still works where Redis does not answer."""

import pytest
import redis
from django.core.cache import cache
from django.test import override_settings

from shared.accounts.models import User
from shared.kernel.tenancy import organisation_context

pytestmark = pytest.mark.django_db
NOWHERE = {
    "default": {
        "BACKEND": "shared.kernel.cache.ForgivingCache",
        "LOCATION": "unix:///nowhere/redis.sock",
        "KEY_FUNCTION": "shared.kernel.cache.make_tenant_key",
    }
}


@pytest.fixture
def browser(acme, client_for):
    browser = client_for(acme)
    browser.raise_request_exception = False
    return browser


@pytest.fixture
def person(acme):
    with organisation_context(acme):
        return User.objects.create_user("pat@acme.example", "A-long-pass-1", role="viewer")


def test_values_are_made_and_decisions_are_not_guessed():
    with override_settings(CACHES=NOWHERE):
        cache.set("key", 1, 60)
        assert cache.get("key", "made") == "made"
        with pytest.raises(redis.ConnectionError):
            cache.add("nonce", 1, 60)
        with pytest.raises(redis.ConnectionError):
            cache.delete("session")


def test_who_is_signed_in_goes_on_working(browser, person):
    browser.force_login(person)
    with override_settings(CACHES=NOWHERE):
        assert browser.get("/settings/profile").status_code == 200


def test_nobody_signs_in_uncounted(browser, person):
    form = {"login": person.email, "password": "A-long-pass-1"}
    with override_settings(CACHES=NOWHERE):
        assert browser.get("/accounts/login/").status_code == 200
        answer = browser.post("/accounts/login/", form)
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert "sessionid" not in answer.cookies
