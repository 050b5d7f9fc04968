import io
import os

import pytest

from shared.keyring.envelope import BadEnvelope
from shared.keyring.file_format import (
    CHUNK_BYTES,
    HEADER_BYTES,
    SEALED_CHUNK_BYTES,
    WRAPPED_KEY_BYTES,
    DecryptingReader,
    encrypt_chunks,
    make_header,
    plain_size,
    read_header,
)

KEY = bytes(range(32))
WRAPPED = b"w" * WRAPPED_KEY_BYTES


def encrypt(plain: bytes, context: bytes = b"file") -> bytes:
    return make_header(WRAPPED) + b"".join(encrypt_chunks(io.BytesIO(plain), KEY, context))


def decrypt(encrypted: bytes, context: bytes = b"file") -> bytes:
    reader = DecryptingReader(io.BytesIO(encrypted), len(encrypted), KEY, context)
    return io.BufferedReader(reader).read()


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_000]
)
def test_comes_back_as_it_went_in(size):
    plain = os.urandom(size)
    encrypted = encrypt(plain)

    assert decrypt(encrypted) == plain
    assert plain_size(len(encrypted)) == size
    if size >= CHUNK_BYTES - 1:  # a shorter one may stand in the random bytes by chance
        assert plain[:40] not in encrypted


def test_reads_from_the_middle():
    plain = os.urandom(3 * CHUNK_BYTES)
    encrypted = encrypt(plain)
    raw = DecryptingReader(io.BytesIO(encrypted), len(encrypted), KEY, b"file")
    reader = io.BufferedReader(raw)

    reader.seek(CHUNK_BYTES - 10)

    assert reader.read(20) == plain[CHUNK_BYTES - 10 : CHUNK_BYTES + 10]
    assert reader.seek(-5, io.SEEK_END) == len(plain) - 5
    assert reader.read(100) == plain[-5:]
    assert reader.read(1) == b""


@pytest.mark.parametrize(
    "cut",
    [1, 16, CHUNK_BYTES, SEALED_CHUNK_BYTES, 2 * SEALED_CHUNK_BYTES],
    ids=["a byte", "a tag", "a chunk's text", "a whole chunk", "two whole chunks"],
)
def test_a_cut_file_is_refused_before_its_first_byte(cut):
    encrypted = encrypt(os.urandom(3 * CHUNK_BYTES))[:-cut]

    with pytest.raises(BadEnvelope):
        DecryptingReader(io.BytesIO(encrypted), len(encrypted), KEY, b"file")


def test_a_file_of_only_a_header_is_refused():
    with pytest.raises(BadEnvelope):
        plain_size(HEADER_BYTES)


def test_a_file_with_something_added_is_refused():
    encrypted = encrypt(b"total 100.00") + b"0" * SEALED_CHUNK_BYTES

    with pytest.raises(BadEnvelope):
        decrypt(encrypted)


def test_chunks_cannot_change_places():
    encrypted = encrypt(os.urandom(3 * CHUNK_BYTES))
    head, body = encrypted[:HEADER_BYTES], encrypted[HEADER_BYTES:]
    first, second = body[:SEALED_CHUNK_BYTES], body[SEALED_CHUNK_BYTES : 2 * SEALED_CHUNK_BYTES]

    with pytest.raises(BadEnvelope):
        decrypt(head + second + first + body[2 * SEALED_CHUNK_BYTES :])


def test_a_changed_byte_is_found():
    encrypted = bytearray(encrypt(os.urandom(CHUNK_BYTES + 100)))
    encrypted[HEADER_BYTES + 50] ^= 1

    with pytest.raises(BadEnvelope):
        decrypt(bytes(encrypted))


def test_another_name_does_not_open_it():
    with pytest.raises(BadEnvelope):
        decrypt(encrypt(b"a", context=b"acme|a.pdf"), context=b"globex|a.pdf")


def test_short_reads_of_the_source_make_whole_chunks():
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 1000))

    plain = os.urandom(CHUNK_BYTES + 7)
    chunks = list(encrypt_chunks(Slow(plain), KEY, b"file"))

    assert [len(chunk) for chunk in chunks] == [SEALED_CHUNK_BYTES, 7 + 16]


@pytest.mark.parametrize("head", [b"", b"IPF1", b"%PDF" + b"0" * 100, b"IPF2" + b"0" * 100])
def test_other_files_are_not_taken_for_ours(head):
    with pytest.raises(BadEnvelope):
        read_header(io.BytesIO(head))


def test_the_header_gives_the_wrapped_key_back():
    assert read_header(io.BytesIO(encrypt(b""))) == WRAPPED
    with pytest.raises(ValueError):
        make_header(b"short")
