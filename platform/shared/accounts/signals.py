"""What allauth does to accounts, written into the audit log."""

from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models.signals import post_delete
from django.http import HttpRequest

from shared.accounts.actors import actor_of_user
from shared.accounts.models import MfaSecret, User
from shared.accounts.networks import client_address
from shared.audit.services import record

SECRET_KEYS = ("secret", "seed")


def connect() -> None:
    """Listen; called once when the app is ready."""
    recorded = {
        account_signals.user_logged_in: "person.signed_in",
        account_signals.password_changed: "person.password_changed",
        account_signals.password_set: "person.password_changed",
        account_signals.password_reset: "person.password_reset",
        account_signals.email_changed: "person.email_changed",
        mfa_signals.authenticator_added: "person.second_factor_added",
        mfa_signals.authenticator_removed: "person.second_factor_removed",
        mfa_signals.authenticator_reset: "person.recovery_codes_renewed",
    }
    for signal, action in recorded.items():
        signal.connect(_recorder(action), weak=False, dispatch_uid=f"accounts.{action}")
    post_delete.connect(_forget_secret, sender=Authenticator, dispatch_uid="accounts.mfa_secret")


def _recorder(action: str) -> Any:
    def write(request: HttpRequest, user: User, **about: Any) -> None:
        actor = actor_of_user(user).acting_in(
            ip=client_address(request), request_id=getattr(request, "request_id", None)
        )
        authenticator = about.get("authenticator")
        after = {"type": authenticator.type} if authenticator else {}
        with transaction.atomic():
            record(actor=actor, action=action, target=user, after=after)

    return write


def _forget_secret(instance: Authenticator, **_about: Any) -> None:
    MfaSecret.objects.forget(instance.data[key] for key in SECRET_KEYS if key in instance.data)
