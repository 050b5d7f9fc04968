"""The key that wraps the data keys: from the environment, a file, or a KMS.

A provider is named by `settings.MASTER_KEY_PROVIDER` (dotted path, called without arguments).
"""

from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string

from shared.keyring import envelope
from shared.keyring.errors import CannotDecrypt, NoMasterKey


@dataclass(frozen=True)
class WrappedKey:
    """A data key as it is stored, with the id of the master key that can unwrap it."""

    blob: bytes
    master_key_id: str


class MasterKeyProvider(Protocol):
    """What a key management service must offer.

    `context` names whose key it is; a blob unwrapped under another context must fail with
    CannotDecrypt. A service that keeps its keys to itself never shows them here.
    """

    @property
    def newest_id(self) -> str:
        """The id of the master key that wraps from now on (at most 64 characters)."""

    def wrap(self, data_key: bytes, context: bytes) -> WrappedKey:
        """Wrap a 256-bit key by the newest master key."""

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        """The data key. Raises NoMasterKey or CannotDecrypt."""


class ConfiguredKeys:
    """Master keys given in INVOICEPATCH_MASTER_KEYS, or in the file INVOICEPATCH_MASTER_KEYS_FILE.

    The form is "1:base64,2:base64", each key 256 bits. The highest number wraps, all unwrap, so
    a new one is added first, `rewrap_master_key` run, and the old one then removed.
    """

    def __init__(self) -> None:
        self._ciphers = {
            number: AESGCM(key)
            for number, key in parse_master_keys(settings.INVOICEPATCH_MASTER_KEYS).items()
        }
        self._newest = max(self._ciphers)

    @property
    def newest_id(self) -> str:
        """The highest number."""
        return str(self._newest)

    def wrap(self, data_key: bytes, context: bytes) -> WrappedKey:
        """Seal the data key by the newest master key."""
        cipher = self._ciphers[self._newest]
        blob = envelope.seal(cipher, version=self._newest, plaintext=data_key, context=context)
        return WrappedKey(blob=blob, master_key_id=self.newest_id)

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        """Open it by the master key it names."""
        cipher = self._ciphers.get(int(wrapped.master_key_id))
        if cipher is None:
            raise NoMasterKey(f"The master key {wrapped.master_key_id} is not configured.")
        try:
            return envelope.unseal(cipher, sealed=wrapped.blob, context=context)
        except envelope.BadEnvelope as error:
            raise CannotDecrypt from error


def parse_master_keys(text: str) -> dict[int, bytes]:
    """Read "1:base64,2:base64". Raises ImproperlyConfigured without ever showing a key."""
    keys: dict[int, bytes] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        number, _, encoded = part.partition(":")
        if not number.isdigit() or not 0 < int(number) <= envelope.VERSION_MAX:
            raise ImproperlyConfigured("A master key is given as number:base64, number from 1.")
        try:
            key = b64decode(encoded, validate=True)
        except Base64Error as error:
            raise ImproperlyConfigured(f"Master key {number} is not base64.") from error
        if len(key) != envelope.KEY_BYTES:
            raise ImproperlyConfigured(f"Master key {number} must have 256 bits.")
        if int(number) in keys:
            raise ImproperlyConfigured(f"Master key {number} is given twice.")
        keys[int(number)] = key
    if not keys:
        raise ImproperlyConfigured("INVOICEPATCH_MASTER_KEYS holds no key.")
    return keys


@cache
def master_keys() -> MasterKeyProvider:
    """The configured provider, made once a process."""
    return cast(MasterKeyProvider, import_string(settings.MASTER_KEY_PROVIDER)())


@receiver(setting_changed)
def _forget_provider(*, setting: str, **_kwargs: Any) -> None:
    if setting in {"MASTER_KEY_PROVIDER", "INVOICEPATCH_MASTER_KEYS"}:
        master_keys.cache_clear()
