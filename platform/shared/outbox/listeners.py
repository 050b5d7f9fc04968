"""Who listens to an organisation's events, checked against its session again and again."""

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.request import split_domain_port

from shared.accounts.actors import actor_of_user
from shared.accounts.models import User
from shared.kernel.actor import Actor
from shared.kernel.hooks import permission_for_topic
from shared.kernel.tenancy import organisation_context, shared_context
from shared.organisations.models import Organisation
from shared.organisations.selectors import find_site


@dataclass(frozen=True)
class Listener:
    """A signed-in person in one organisation."""

    schema: str
    actor: Actor

    def may_hear(self, topic: str) -> bool:
        """Whether the person holds the permission the topic needs."""
        permission = permission_for_topic(topic)
        return permission is not None and self.actor.may(permission)


def find_listener(host: str, cookies: str) -> Listener | None:
    """The person whose session cookie belongs to the organisation at `host`; None else.

    Runs in a thread of its own, whose database connection it leaves in the public schema.
    """
    close_old_connections()
    try:
        with shared_context():
            domain, _port = split_domain_port(host)
            site = find_site(domain) if domain else None
            if site is None or site.redirects_until is not None:
                return None
            if site.organisation.state != Organisation.State.ACTIVE:
                return None
            with organisation_context(site.organisation):
                user = _user_of_session(_session_key(cookies))
                if user is None:
                    return None
                return Listener(site.organisation.schema_name, actor_of_user(user))
    finally:
        close_old_connections()


def _session_key(cookies: str) -> str | None:
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    return morsel.value if morsel else None


def _user_of_session(session_key: str | None) -> User | None:
    """As Django's middleware would: the session's hash must fit the person's password."""
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    return user if isinstance(user, User) and user.is_active else None
