"""Requests to addresses that a tenant typed: webhooks, outside systems, file drops.

    with outgoing_client() as client:
        answer = client.post(url, content=body)

A name is resolved once, every address it has must be public, and the connection goes to exactly
those addresses: a name that later points elsewhere (DNS rebinding) is not asked again. Redirects
are not followed, no proxy of the environment is used, time and size are limited. An operator may
allow private networks of their own (`OUTGOING_NETWORKS`) and trust a certificate authority of
their own (`OUTGOING_CA_FILE`).
Source: `api.md`, Webhooks out; OWASP, Server Side Request Forgery Prevention.
"""

from shared.kernel.outgoing.addresses import (
    AddressRefused,
    check_url,
    is_reachable,
    open_socket,
    resolve_public,
)
from shared.kernel.outgoing.transport import GuardedTransport, outgoing_client, read_limited

__all__ = [
    "AddressRefused",
    "GuardedTransport",
    "check_url",
    "is_reachable",
    "open_socket",
    "outgoing_client",
    "read_limited",
    "resolve_public",
]
