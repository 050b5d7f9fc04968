"""Data keys opened in this process, for at most KEY_CACHE_SECONDS.

A key made in a transaction that is still open is never cached: after a rollback the process
would go on encrypting with a key that exists nowhere.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection, transaction

ENTRIES_MAX = 4096
CURRENT = -1  # no stored value can name it

CacheKey = tuple[UUID, str, int]


@dataclass(frozen=True, slots=True)
class OpenKey:
    """An unwrapped key, ready for use. Never shown, never pickled."""

    version: int
    secret: bytes = field(repr=False)
    cipher: AESGCM = field(repr=False)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("A data key does not leave the process that opened it.")


class _Unsettled(threading.local):
    """Organisations whose keys this thread's open transaction has changed."""

    def __init__(self) -> None:
        self.markers: dict[UUID, Callable[[], None]] = {}


_entries: dict[CacheKey, tuple[float, OpenKey]] = {}
_lock = threading.Lock()
_unsettled = _Unsettled()


def find_key(organisation_id: UUID, purpose: str, version: int) -> OpenKey | None:
    """The cached key of that version (CURRENT for the one that encrypts), if still fresh."""
    if _unsettled.markers and _is_unsettled(organisation_id):
        return None
    entry = _entries.get((organisation_id, purpose, version))
    if entry is None or entry[0] < monotonic():
        return None
    return entry[1]


def keep_key(organisation_id: UUID, purpose: str, version: int, key: OpenKey) -> None:
    """Remember a key that was read from the database; the oldest entry makes room."""
    if _unsettled.markers and _is_unsettled(organisation_id):
        return
    with _lock:
        while len(_entries) >= ENTRIES_MAX:
            del _entries[next(iter(_entries))]
        expires = monotonic() + settings.KEY_CACHE_SECONDS
        _entries[organisation_id, purpose, version] = (expires, key)


def forget_keys(organisation_id: UUID | None = None) -> None:
    """Drop the organisation's keys (or all) from this process."""
    with _lock:
        for known in [k for k in _entries if organisation_id in (None, k[0])]:
            del _entries[known]


def distrust_until_commit(organisation_id: UUID) -> None:
    """Go past the cache while the present transaction, which changes the keys, is open."""
    forget_keys(organisation_id)
    if not connection.in_atomic_block:
        return

    def marker() -> None:
        """Its presence among the transaction's hooks tells that it is still open."""

    _unsettled.markers[organisation_id] = marker
    transaction.on_commit(marker)


def _is_unsettled(organisation_id: UUID) -> bool:
    """Whether the marker still waits for commit; commit and rollback both take it away."""
    marker = _unsettled.markers.get(organisation_id)
    if marker is None:
        return False
    if any(hook[1] is marker for hook in connection.run_on_commit):
        return True
    del _unsettled.markers[organisation_id]
    forget_keys(organisation_id)
    return False
