"""The format of one encrypted value: pure functions, no Django, no clock.

    byte 0      format, 0xE1
    bytes 1-4   version of the data key, big endian
    bytes 5-16  nonce, random
    then        ciphertext and its 16-byte tag

AES-256-GCM as in NIST SP 800-38D with a 96-bit nonce. Random nonces allow 2^32 values a key
(8.3 there); keys are replaced every 90 days. The context is authenticated, not stored: a value
opened under another context fails like one that was changed.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = 0xE1
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
VERSION_END = 5
NONCE_END = VERSION_END + NONCE_BYTES
SEALED_BYTES_MIN = NONCE_END + TAG_BYTES
VERSION_MAX = 2**32 - 1


class BadEnvelope(ValueError):
    """Not an envelope of ours, or not the one sealed with this key under this context."""


def make_key() -> bytes:
    """A new random 256-bit key."""
    return os.urandom(KEY_BYTES)


def header(version: int) -> bytes:
    """The first five bytes of everything sealed with that key version."""
    if not 0 < version <= VERSION_MAX:
        raise ValueError(f"A key version is 1 to {VERSION_MAX}, not {version}.")
    return bytes((FORMAT,)) + version.to_bytes(4, "big")


def seal(cipher: AESGCM, *, version: int, plaintext: bytes, context: bytes) -> bytes:
    """Encrypt under a fresh nonce. `cipher` holds the 256-bit key of that version."""
    nonce = os.urandom(NONCE_BYTES)
    return header(version) + nonce + cipher.encrypt(nonce, plaintext, context)


def read_version(sealed: bytes) -> int:
    """The key version that the value was sealed with. Raises BadEnvelope."""
    if len(sealed) < SEALED_BYTES_MIN or sealed[0] != FORMAT:
        raise BadEnvelope("This is not an encrypted value of a known format.")
    version = int.from_bytes(sealed[1:VERSION_END], "big")
    if not version:
        raise BadEnvelope("Key versions begin with 1.")
    return version


def unseal(cipher: AESGCM, *, sealed: bytes, context: bytes) -> bytes:
    """The plaintext. Raises BadEnvelope where key, context or any byte differs."""
    read_version(sealed)
    try:
        return cipher.decrypt(sealed[VERSION_END:NONCE_END], sealed[NONCE_END:], context)
    except InvalidTag as error:
        raise BadEnvelope("The value was changed or does not belong here.") from error
