"""API clients and API keys. Source: `api.md`, Auth."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from shared.accounts import tokens
from shared.accounts.models import ApiClient, ApiKey, Credential
from shared.accounts.networks import normalise_network
from shared.accounts.permissions import SCOPE_FORM, permissions_of_scopes, unknown_scopes
from shared.audit.services import record
from shared.kernel import clock
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from shared.kernel.tenancy import current_organisation

NETWORKS_MAX = 50
LIFE_MAX = timedelta(days=3653)  # ten years


@dataclass(frozen=True)
class Grant:
    """What a credential may do, from where and until when.

    With `future_scopes`, well-formed scopes of areas that this version does not have are kept;
    they grant nothing until there is such an area.
    """

    name: str
    scopes: Iterable[str]
    allowed_networks: Iterable[str] = ()
    expires_at: datetime | None = None
    future_scopes: bool = False


@dataclass(frozen=True)
class NewClient:
    """A client with its secret, which is shown this once."""

    client: ApiClient
    secret: str


@dataclass(frozen=True)
class NewKey:
    """An API key with its text, which is shown this once."""

    key: ApiKey
    secret: str


def create_api_client(*, actor: Actor, grant: Grant) -> NewClient:
    """An OAuth 2.0 client for the client-credentials grant.

    Raises Invalid for unknown scopes, bad networks or an expiry in the past, Forbidden for
    scopes beyond what the actor may do.
    """
    authorize(actor, "api_clients.write")
    secret = tokens.new_secret()
    client = ApiClient(
        client_id=tokens.new_client_id(),
        secret_hash=tokens.hash_secret(secret),
        **_checked(actor, grant),
    )
    with transaction.atomic():
        client.save(force_insert=True)
        record(actor=actor, action="api_client.created", target=client, after=describe(client))
    return NewClient(client, secret)


def create_api_key(*, actor: Actor, grant: Grant) -> NewKey:
    """A long-lived key for programs that cannot do OAuth. Raises as create_api_client."""
    authorize(actor, "api_clients.write")
    secret = tokens.new_secret(tokens.KEY_PREFIX)
    key = ApiKey(
        key_hash=tokens.hash_secret(secret),
        prefix=secret[: tokens.SHOWN_LETTERS],
        **_checked(actor, grant),
    )
    with transaction.atomic():
        key.save(force_insert=True)
        record(actor=actor, action="api_key.created", target=key, after=describe(key))
    return NewKey(key, secret)


def revoke_api_client(*, actor: Actor, client_pk: UUID) -> None:
    """End a client and with it every token it holds."""
    authorize(actor, "api_clients.write")
    with transaction.atomic():
        client = ApiClient.objects.select_for_update().filter(pk=client_pk).first()
        _revoke(actor, client, "api_client.revoked")


def revoke_api_key(*, actor: Actor, key_id: UUID) -> None:
    """End a key at once."""
    authorize(actor, "api_clients.write")
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
        _revoke(actor, key, "api_key.revoked")


def describe(credential: Credential) -> dict[str, object]:
    """What the audit log keeps of a credential; never the secret or its hash."""
    return {
        "name": credential.name,
        "scopes": list(credential.scopes),
        "allowed_networks": list(credential.allowed_networks),
        "expires_at": credential.expires_at.isoformat() if credential.expires_at else None,
    }


def _checked(actor: Actor, grant: Grant) -> dict[str, object]:
    """The columns both kinds of credential share, checked."""
    platform = current_organisation() is None
    scopes = sorted(set(grant.scopes))
    networks, errors = _networks(grant.allowed_networks)
    if not grant.name.strip():
        errors.append(FieldError("name", "required", _("Name it, so that you know it later.")))
    if not scopes:
        errors.append(FieldError("scopes", "required", _("Choose at least one scope.")))
    for scope in unknown_scopes(scopes, platform=platform):
        if grant.future_scopes and SCOPE_FORM.fullmatch(scope):
            continue
        message = _("There is no scope “%(scope)s”.") % {"scope": scope}
        errors.append(FieldError("scopes", "unknown_scope", message))
    errors += _expiry_errors(grant.expires_at)
    if errors:
        raise Invalid(errors=errors)
    _refuse_more_than_own(actor, permissions_of_scopes(scopes, platform=platform))
    return {
        "name": grant.name.strip(),
        "scopes": scopes,
        "allowed_networks": networks,
        "expires_at": grant.expires_at,
        "created_by_id": actor.user_id,
    }


def _expiry_errors(expires_at: datetime | None) -> list[FieldError]:
    if expires_at is None:
        return []
    if expires_at <= clock.now():
        return [FieldError("expires_at", "past", _("Choose a time to come."))]
    if expires_at - clock.now() > LIFE_MAX:
        return [FieldError("expires_at", "too_late", _("Choose a time within ten years."))]
    return []


def _networks(texts: Iterable[str]) -> tuple[list[str], list[FieldError]]:
    networks: list[str] = []
    errors: list[FieldError] = []
    for text in texts:
        try:
            networks.append(normalise_network(text))
        except ValidationError as error:
            errors.append(FieldError("allowed_networks", "network", error.messages[0]))
    if len(networks) > NETWORKS_MAX:
        message = _("Name at most %(count)d networks.") % {"count": NETWORKS_MAX}
        errors.append(FieldError("allowed_networks", "too_many", message))
    return list(dict.fromkeys(networks)), errors


def _refuse_more_than_own(actor: Actor, permissions: frozenset[str]) -> None:
    beyond = sorted(name for name in permissions if not actor.may(name))
    if beyond:
        raise Forbidden(
            _("You cannot grant what you may not do yourself: %(permissions)s.")
            % {"permissions": ", ".join(beyond)}
        )


def _revoke(actor: Actor, credential: ApiClient | ApiKey | None, action: str) -> None:
    if credential is None:
        raise NotFound(_("There is no such API client or key."))
    if credential.revoked_at is not None:
        raise Conflict(_("It was already revoked."))
    credential.revoked_at = clock.now()
    credential.save(update_fields=["revoked_at"])
    record(actor=actor, action=action, target=credential, before=describe(credential))
