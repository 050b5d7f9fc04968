"""From a session, a bearer token or an API key to the actor that services are called with."""

from shared.accounts.models import AccessToken, ApiClient, ApiKey, User
from shared.accounts.permissions import PLATFORM, permissions_of_role, permissions_of_scopes
from shared.accounts.tokens import ACCESS_TOKEN_PREFIX, KEY_PREFIX, hash_secret
from shared.kernel.actor import ANONYMOUS, Actor
from shared.kernel.tenancy import current_organisation

TOKEN_LENGTH_MAX = 200


def actor_of_user(user: User) -> Actor:
    """A person with the permissions of their role; on the bare domain, platform staff."""
    staff = current_organisation() is None
    if staff and not user.is_staff:
        return ANONYMOUS
    return Actor(
        kind="staff" if staff else "user",
        id=str(user.pk),
        label=str(user),
        role=None if staff else user.role,
        permissions=PLATFORM if staff else permissions_of_role(user.role),
        user_id=user.pk,
    )


def actor_of_bearer(token: str, *, ip: str | None) -> Actor | None:
    """The client behind a bearer token or API key; None where it is not valid from `ip`.

    One indexed query, and an update at most once a minute. Tokens are looked up in the
    present schema only, so another tenant's token is unknown here.
    """
    if len(token) > TOKEN_LENGTH_MAX:
        return None
    credential: ApiClient | ApiKey
    if token.startswith(ACCESS_TOKEN_PREFIX):
        found = AccessToken.objects.find(token)
        if found is None or not found.is_live:
            return None
        credential, scopes = found.client, found.scopes
    elif token.startswith(KEY_PREFIX):
        key = ApiKey.objects.filter(key_hash=hash_secret(token)).first()
        if key is None:
            return None
        credential, scopes = key, key.scopes
    else:
        return None
    if not credential.accepts(ip):
        return None
    credential.note_use()
    return _actor_of_credential(credential, scopes)


def _actor_of_credential(credential: ApiClient | ApiKey, scopes: list[str]) -> Actor:
    platform = current_organisation() is None
    return Actor(
        kind="client",
        id=str(credential.pk),
        label=credential.name,
        permissions=permissions_of_scopes(scopes, platform=platform),
    )
