"""Browsers of people who are signed in."""

import re
from collections.abc import Callable
from typing import Any

from django.core import mail

from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from shared.organisations.models import Organisation

PASSWORD = "a sentence nobody guesses"
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
            password=PASSWORD,
        )
    browser = client_for(organisation)
    browser.force_login(person, backend=BACKEND)
    return browser


def path_in_mail(organisation: Any) -> str:
    """The path of the link in the last message."""
    found = re.search(rf"{re.escape(organisation.url)}(/\S+)", mail.outbox[-1].body)
    assert found
    return found[1]
