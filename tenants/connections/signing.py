"""Signatures of what we send: `t=1763700000,v1=…`, HMAC-SHA256 of `t.body`.

During a rotation each delivery carries one v1 for the new secret and one for the former.
Source: `api.md`, Webhooks out.
"""

import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256

HEADER = "X-InvoicePatch-Signature"
SECRET_PREFIX = "whsec_"  # noqa: S105 - not a secret, the start of every one


def make_secret() -> str:
    """A fresh secret of 256 bits."""
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def signature(body: bytes, *, secrets_in_force: Sequence[str], timestamp: int) -> str:
    """The header's value for a body sent at `timestamp` (seconds since 1970)."""
    signed = b"%d.%b" % (timestamp, body)
    digests = (hmac.new(one.encode(), signed, sha256).hexdigest() for one in secrets_in_force)
    return ",".join([f"t={timestamp}", *(f"v1={digest}" for digest in digests)])
