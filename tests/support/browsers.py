"""Browsers of people who are signed in."""

from collections.abc import Callable
from typing import Any

from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from shared.organisations.models import Organisation

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def signed_in(
    client_for: Callable[[Organisation], Any], organisation: Organisation, role: str = "owner"
) -> Any:
    """A browser at the organisation's host, signed in as a new person of that role."""
    with organisation_context(organisation):
        person = add_person(
            actor=SYSTEM,
            role=role,
            email=f"{role}@example.com",
            name=f"The {role}",
            password="a sentence nobody guesses",
        )
    browser = client_for(organisation)
    browser.force_login(person, backend=BACKEND)
    return browser
