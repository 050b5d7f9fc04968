"""The arithmetic of the chain: what is digested, in which form. No database, no clock."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise

GENESIS = bytes(32)
REDACTED = "[redacted]"
SECRET_WORDS = (
    "password",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "cookie",
    "api_key",
    "private_key",
    "master_key",
    "credential",
    "recovery_code",
    "otp",
)
_SEAL_SALT = "shared.audit.seal"


def _plain(value: Any) -> Any:
    """What JSON has no form for."""
    if isinstance(value, Promise | Enum):
        return str(value)
    if hasattr(value, "pk"):
        return str(value.pk)
    raise NotImplementedError(f"{type(value).__name__} cannot be recorded.")


_ENCODER = msgspec.json.Encoder(
    enc_hook=_plain, decimal_format="number", uuid_format="canonical", order="deterministic"
)


def canonical_json(value: Any) -> str:
    """Deterministic JSON: keys sorted, decimals exact. TypeError for what cannot be recorded."""
    return _ENCODER.encode(value).decode()


def is_secret(name: str) -> bool:
    """Whether a key names something that must not be recorded."""
    lowered = name.lower()
    return any(word in lowered for word in SECRET_WORDS)


def redact(values: Any, encrypted: frozenset[str] = frozenset()) -> Any:
    """A copy without secrets: by the key's name, or because the field is encrypted."""
    if isinstance(values, Mapping):
        return {
            str(key): REDACTED
            if value not in (None, "") and (str(key) in encrypted or is_secret(str(key)))
            else redact(value, encrypted)
            for key, value in values.items()
        }
    if isinstance(values, list | tuple | set | frozenset):
        return [redact(value, encrypted) for value in values]
    if isinstance(values, Decimal) and not values.is_finite():
        return str(values)
    return values


def digest_payload(*, actor_label: str, object_label: str, ip: str, payload: str) -> bytes:
    """SHA-256 over what lawful erasure may blank."""
    text = canonical_json([actor_label, object_label, ip, payload])
    return sha256(text.encode()).digest()


def digest_entry(
    *,
    sequence: int,
    at: datetime,
    action: str,
    actor_kind: str,
    actor_id: str,
    object_type: str,
    object_id: str,
    request_id: str,
    payload_digest: bytes,
    previous_digest: bytes,
) -> bytes:
    """SHA-256 over the entry without its payload, and over the digest of the entry before."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [sequence, moment, action, actor_kind, actor_id, object_type, object_id, request_id]
    return sha256(canonical_json(fields).encode() + payload_digest + previous_digest).digest()


def seal(organisation_id: UUID, sequence: int, digest: bytes) -> bytes:
    """The keyed digest of a chain's head, under the service's present secret."""
    return _seal_with(settings.SECRET_KEY, organisation_id, sequence, digest)


def seal_holds(organisation_id: UUID, sequence: int, digest: bytes, given: bytes) -> bool:
    """Whether the head was sealed by us, under the present secret or one before it."""
    return any(
        hmac.compare_digest(_seal_with(secret, organisation_id, sequence, digest), given)
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def _seal_with(secret: str | bytes, organisation_id: UUID, sequence: int, digest: bytes) -> bytes:
    message = f"{organisation_id}:{sequence}:".encode() + digest
    return salted_hmac(_SEAL_SALT, message, secret=secret, algorithm="sha256").digest()
