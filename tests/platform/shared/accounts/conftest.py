"""People with passwords at acme and globex, and browsers that know them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from shared.accounts.actors import actor_of_user
from shared.accounts.models import User
from shared.accounts.roles import Role
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.tenancy import organisation_context
from shared.organisations.models import Organisation

PASSWORD = "a sentence nobody guesses"
PersonFactory = Callable[..., User]


@pytest.fixture(autouse=True)
def _fresh_rate_limits(request: pytest.FixtureRequest) -> Iterator[None]:
    """Counters of sign-in attempts live in the cache, which no transaction rolls back."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def person() -> PersonFactory:
    """Makes a person of an organisation, who can sign in with PASSWORD."""
    from shared.accounts.services.people import add_person

    def make(organisation: Organisation, role: str = Role.OWNER, **given: Any) -> User:
        values = {"email": f"{role}@example.com", "name": f"The {role}", **given}
        with organisation_context(organisation):
            return add_person(actor=SYSTEM, role=role, password=PASSWORD, **values)

    return make


@pytest.fixture
def owner(acme: Organisation, person: PersonFactory) -> User:
    """Acme's owner."""
    return person(acme)


@pytest.fixture
def owner_actor(acme: Organisation, owner: User) -> Actor:
    """Acme's owner as the services see them."""
    with organisation_context(acme):
        return actor_of_user(owner)


@pytest.fixture
def sign_in() -> Callable[..., Any]:
    """Sends the sign-in form."""

    def send(browser: Client, email: str, password: str = PASSWORD, **given: Any) -> Any:
        form = {"login": email, "password": password, **given}
        return browser.post("/accounts/login/", form)

    return send
