"""Secrets that are shown once and stored as a hash.

They carry 256 random bits, so a plain SHA-256 cannot be guessed back and one indexed query
finds the row. Source: `api.md`, Auth.
"""

from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from uuid import UUID

from django.utils.crypto import salted_hmac

KEY_PREFIX = "ip_"
ACCESS_TOKEN_PREFIX = "ipt_"  # noqa: S105 - a public marker, not a secret
CLIENT_ID_PREFIX = "ipc_"
SECRET_BYTES = 32
SHOWN_LETTERS = 10


def new_secret(prefix: str = "") -> str:
    """A fresh secret of 256 bits after a recognisable prefix."""
    return prefix + token_urlsafe(SECRET_BYTES)


def new_client_id() -> str:
    """A public identifier of an API client."""
    return CLIENT_ID_PREFIX + token_urlsafe(12)


def hash_secret(secret: str) -> str:
    """What is stored in place of the secret, in hexadecimal."""
    return sha256(secret.encode()).hexdigest()


def matches(secret: str, stored_hash: str) -> bool:
    """Whether the secret is the one behind the hash, in constant time."""
    return compare_digest(hash_secret(secret), stored_hash)


def invitation_token(invitation_id: UUID, sent_count: int) -> str:
    """The token in an invitation's link; sending again makes another.

    Derived from SECRET_KEY, so that the mail task can make it anew and no queue carries it.
    """
    value = f"{invitation_id}:{sent_count}"
    return salted_hmac("accounts.invitation", value, algorithm="sha256").hexdigest()
