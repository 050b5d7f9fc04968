"""Known answers: NIST CAVP "GCM Test Vectors", files gcmEncryptExtIV256.rsp and
gcmDecrypt256.rsp (CAVS 14.0, 2012-08-31), sections [Keylen = 256] [IVlen = 96] [Taglen = 128]."""

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.keyring import envelope

# (PTlen, AADlen), key, nonce, plaintext, associated data, ciphertext, tag; Count = 0 each.
NIST_ENCRYPT = [
    (
        (0, 0),
        "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
        "516c33929df5a3284ff463d7",
        "",
        "",
        "",
        "bdc1ac884d332457a1d2664f168c76f0",
    ),
    (
        (0, 128),
        "78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223",
        "d79cf22d504cc793c3fb6c8a",
        "",
        "b96baa8c1c75a671bfb2d08d06be5f36",
        "",
        "3e5d486aa2e30b22e040b85723a06e76",
    ),
    (
        (128, 0),
        "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
        "0d18e06c7c725ac9e362e1ce",
        "2db5168e932556f8089a0622981d017d",
        "",
        "fa4362189661d163fcd6a56d8bf0405a",
        "d636ac1bbedd5cc3ee727dc2ab4a9489",
    ),
    (
        (128, 160),
        "83688deb4af8007f9b713b47cfa6c73e35ea7a3aa4ecdb414dded03bf7a0fd3a",
        "0b459724904e010a46901cf3",
        "33d893a2114ce06fc15d55e454cf90c3",
        "794a14ccd178c8ebfd1379dc704c5e208f9d8424",
        "cc66bee423e3fcd4c0865715e9586696",
        "0fb291bd3dba94a1dfd8b286cfb97ac5",
    ),
    (
        (104, 384),
        "5f671466378f470ba5f5160e2209f3d95a48b7e560625d5a08654414de23aee2",
        "6b3c08a663d04132243dd96c",
        "c428592d9f8a7f107ec4d0df05",
        "12965559c31d538f937bda6eee9c93b0387318dc5d9496fb1c3a0b9b978dbfeb"
        "ff2a5823974ee9d679834dbe59f7ec51",
        "1d8d7fe4357080c817303ce19c",
        "e88d6b566fdc7b4fd62106bd2eb806ec",
    ),
    (
        (256, 128),
        "37ccdba1d929d6436c16bba5b5ff34deec88ed7df3d15d0f4ddf80c0c731ee1f",
        "5c1b21c8998ed6299006d3f9",
        "ad4260e3cdc76bcc10c7b2c06b80b3be948258e5ef20c508a81f51e96a518388",
        "22ed235946235a85a45bc5fad7140bfa",
        "3b335f8b08d33ccdcad228a74700f1007542a4d1e7fc1ebe3f447fe71af29816",
        "1fbf49cc46f458bf6e88f6370975e6d4",
    ),
    (
        (408, 720),
        "148579a3cbca86d5520d66c0ec71ca5f7e41ba78e56dc6eebd566fed547fe691",
        "b08a5ea1927499c6ecbfd4e0",
        "9d0b15fdf1bd595f91f8b3abc0f7dec927dfd4799935a1795d9ce00c9b879434420fe42c275a7cd7b39d638f"
        "b81ca52b49dc41",
        "e4f963f015ffbb99ee3349bbaf7e8e8e6c2a71c230a48f9d59860a29091d2747e01a5ca572347e247d25f56b"
        "a7ae8e05cde2be3c97931292c02370208ecd097ef692687fecf2f419d3200162a6480a57dad408a0dfeb492e"
        "2c5d",
        "2097e372950a5e9383c675e89eea1c314f999159f5611344b298cda45e62843716f215f82ee663919c64002a"
        "5c198d7878fd3f",
        "adbecdb0d5c2224d804d2886ff9a5760",
    ),
]
# key, nonce, ciphertext, associated data, tag that must be refused.
NIST_DECRYPT_FAIL = [
    (  # PTlen 0, AADlen 128, Count 4
        "2c392a5eb1a9c705371beda3a901c7c61dca4d93b4291de1dd0dd15ec11ffc45",
        "0723fb84a08f4ea09841f32a",
        "",
        "140be561b6171eab942c486a94d33d43",
        "aa0e1c9b57975bfc91aa137231977d2c",
    ),
    (  # PTlen 128, AADlen 160, Count 4
        "041ef9cd359ac65b7937dcee46778d19dc32a312c81edc15dbc8918df75081f0",
        "4bf5a7c50201a6586b1dcdb5",
        "2c24ef09b6a01b5f200c59284316fa56",
        "10980f54fdbd18e49a48cf74ecbbb7e9d22083a3",
        "36c2da827d58cdc8cd3faf0a335b1846",
    ),
    (  # PTlen 408, AADlen 720, Count 0
        "e36aca93414b13f5313e76a7244588ee116551d1f34c32859166f2eb0ac1a9b7",
        "e9e701b1ccef6bddd03391d8",
        "5b059ac6733b6de0e8cf5b88b7301c02c993426f71bb12abf692e9deeacfac1ff1644c87d4df130028f515f0"
        "feda636309a24d",
        "6a08fe6e55a08f283cec4c4b37676e770f402af6102f548ad473ec6236da764f7076ffd41bbd9611b439362d"
        "899682b7b0f839fc5a68d9df54afd1e2b3c4e7d072454ee27111d52193d28b9c4f925d2a8b451675af39191a"
        "2cba",
        "43c7c9c93cc265fc8e192000e0417b5b",
    ),
]
CIPHER = AESGCM(bytes(range(32)))


@pytest.mark.parametrize(
    ("lengths", "key", "nonce", "plain", "associated", "expected", "tag"), NIST_ENCRYPT
)
def test_seals_and_opens_as_the_nist_vectors_say(
    monkeypatch, lengths, key, nonce, plain, associated, expected, tag
):
    assert (len(plain) * 4, len(associated) * 4) == lengths
    monkeypatch.setattr(os, "urandom", lambda size: bytes.fromhex(nonce))
    cipher, context = AESGCM(bytes.fromhex(key)), bytes.fromhex(associated)

    sealed = envelope.seal(cipher, version=1, plaintext=bytes.fromhex(plain), context=context)

    assert sealed.hex() == "e100000001" + nonce + expected + tag
    assert envelope.unseal(cipher, sealed=sealed, context=context).hex() == plain


@pytest.mark.parametrize(("key", "nonce", "ciphertext", "associated", "tag"), NIST_DECRYPT_FAIL)
def test_refuses_what_the_nist_vectors_call_a_failure(key, nonce, ciphertext, associated, tag):
    sealed = bytes.fromhex("e100000001" + nonce + ciphertext + tag)

    with pytest.raises(envelope.BadEnvelope):
        envelope.unseal(
            AESGCM(bytes.fromhex(key)), sealed=sealed, context=bytes.fromhex(associated)
        )


def test_every_single_changed_byte_is_found():
    sealed = envelope.seal(CIPHER, version=7, plaintext=b"4111 1111", context=b"row")

    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        if 1 <= position < 5:  # names another key, which the caller then does not have
            assert envelope.read_version(bytes(changed)) != 7
            continue
        with pytest.raises(envelope.BadEnvelope):
            envelope.unseal(CIPHER, sealed=bytes(changed), context=b"row")


def test_another_context_does_not_open_it():
    sealed = envelope.seal(CIPHER, version=1, plaintext=b"secret", context=b"row 1")

    with pytest.raises(envelope.BadEnvelope):
        envelope.unseal(CIPHER, sealed=sealed, context=b"row 2")


def test_two_seals_of_one_value_differ():
    first, second = (
        envelope.seal(CIPHER, version=1, plaintext=b"secret", context=b"") for _ in range(2)
    )

    assert first != second


@pytest.mark.parametrize("length", [0, 5, 16, 32])
def test_too_short_is_no_envelope(length):
    with pytest.raises(envelope.BadEnvelope):
        envelope.read_version(b"\xe1" * length)


def test_no_value_is_of_version_zero():
    with pytest.raises(envelope.BadEnvelope):
        envelope.read_version(b"\xe1" + bytes(60))


@pytest.mark.parametrize("version", [0, -1, 2**32])
def test_versions_have_four_bytes(version):
    with pytest.raises(ValueError):
        envelope.header(version)


def test_the_version_can_be_read_without_the_key():
    sealed = envelope.seal(CIPHER, version=2**32 - 1, plaintext=b"", context=b"")

    assert envelope.read_version(sealed) == 2**32 - 1
    assert sealed.startswith(envelope.header(2**32 - 1))
