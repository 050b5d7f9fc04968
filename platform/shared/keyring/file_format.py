"""The format of one encrypted file: pure streams, no Django.

    4 bytes    "IPF1"
    65 bytes   the file's own key in an `envelope`, sealed by the organisation's key for files
    chunks     64 KiB of plaintext each (the last one shorter), ciphertext and 16-byte tag

A file's key encrypts nothing else, so the nonce of a chunk is its number (11 bytes) and whether
it is the last (1 byte): chunks cannot change places, and a file cut at a chunk's end is found
out, for its new last chunk was not sealed as one. Rotation replaces the first 69 bytes only.
"""

import io
from collections.abc import Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.keyring.envelope import KEY_BYTES, SEALED_BYTES_MIN, TAG_BYTES, BadEnvelope

MAGIC = b"IPF1"
WRAPPED_KEY_BYTES = SEALED_BYTES_MIN + KEY_BYTES
HEADER_BYTES = len(MAGIC) + WRAPPED_KEY_BYTES
CHUNK_BYTES = 64 * 1024
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES


def make_header(wrapped_key: bytes) -> bytes:
    """The 69 bytes before the chunks. Raises ValueError for a key of another length."""
    if len(wrapped_key) != WRAPPED_KEY_BYTES:
        raise ValueError(f"A wrapped file key has {WRAPPED_KEY_BYTES} bytes.")
    return MAGIC + wrapped_key


def read_header(source: IO[bytes]) -> bytes:
    """The wrapped key at the start of a file. Raises BadEnvelope."""
    source.seek(0)
    head = source.read(HEADER_BYTES)
    if len(head) < HEADER_BYTES or not head.startswith(MAGIC):
        raise BadEnvelope("This is not an encrypted file of a known format.")
    return head[len(MAGIC) :]


def encrypt_chunks(source: IO[bytes], file_key: bytes, context: bytes) -> Iterator[bytes]:
    """What follows the header. An empty file has one empty chunk."""
    cipher = AESGCM(file_key)
    chunk, number = _read_chunk(source), 0
    while True:
        following = _read_chunk(source)
        yield cipher.encrypt(_nonce(number, is_last=not following), chunk, context)
        if not following:
            return
        chunk, number = following, number + 1


def plain_size(encrypted_size: int) -> int:
    """Bytes of plaintext in a file of that size. Raises BadEnvelope where none has it."""
    body = encrypted_size - HEADER_BYTES
    chunks = -(-body // SEALED_CHUNK_BYTES)
    if body < TAG_BYTES or body - (chunks - 1) * SEALED_CHUNK_BYTES < TAG_BYTES:
        raise BadEnvelope("The encrypted file was cut.")
    return body - chunks * TAG_BYTES


class DecryptingReader(io.RawIOBase):
    """The plaintext of an encrypted file, decrypted chunk by chunk as it is read.

    Reading raises BadEnvelope where a chunk was changed, moved or cut off.
    """

    def __init__(self, source: IO[bytes], size: int, file_key: bytes, context: bytes) -> None:
        self._source, self._cipher, self._context = source, AESGCM(file_key), context
        self._size = plain_size(size)
        self._last = max(0, -(-self._size // CHUNK_BYTES) - 1)
        self._position = 0
        self._number, self._chunk = -1, b""
        self._load(self._last)  # a file that was cut is refused before its first byte is given

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The position in the plaintext."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move in the plaintext."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: object) -> int:
        """Fill the buffer from the present chunk."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if self._position >= self._size or not view:
            return 0
        number, start = divmod(self._position, CHUNK_BYTES)
        self._load(number)
        piece = self._chunk[start : start + len(view)]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        """Close the encrypted file too."""
        self._source.close()
        super().close()

    def _load(self, number: int) -> None:
        if number == self._number:
            return
        self._source.seek(HEADER_BYTES + number * SEALED_CHUNK_BYTES)
        sealed = self._source.read(SEALED_CHUNK_BYTES)
        nonce = _nonce(number, is_last=number == self._last)
        try:
            self._chunk = self._cipher.decrypt(nonce, sealed, self._context)
        except InvalidTag as error:
            raise BadEnvelope("The encrypted file was changed or cut.") from error
        self._number = number


def _read_chunk(source: IO[bytes]) -> bytes:
    """A whole chunk, however little a single read gives."""
    parts, missing = [], CHUNK_BYTES
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")
