import os
from uuid import uuid4

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage, default_storage

from shared.kernel.tenancy import organisation_context
from shared.keyring import storage as storage_module
from shared.keyring.errors import CannotDecrypt
from shared.keyring.file_format import CHUNK_BYTES, HEADER_BYTES
from shared.keyring.models import Purpose
from shared.keyring.services import shred_keys
from shared.keyring.services.rotation import start_rotation
from shared.keyring.storage import EncryptedStorage, file_version, rewrap_file

PLAIN = os.urandom(2 * CHUNK_BYTES + 500)


class ObjectStore(FileSystemStorage):
    """Like S3: a second save under a name replaces the first, nothing is changed in place."""

    file_overwrite = True

    def __init__(self, location):
        super().__init__(location=location, allow_overwrite=True)

    def _open(self, name, mode="rb"):
        assert mode == "rb"
        return super()._open(name, mode)


@pytest.fixture(params=["disk", "memory", "objects"])
def files(request, tmp_path, monkeypatch):
    inner = {
        "disk": lambda: FileSystemStorage(location=tmp_path),
        "memory": InMemoryStorage,
        "objects": lambda: ObjectStore(tmp_path),
    }[request.param]()
    monkeypatch.setattr(default_storage, "_wrapped", inner)
    return EncryptedStorage()


def raw(name):
    with default_storage.open(name, "rb") as file:
        return file.read()


def overwrite(name, content):
    default_storage.delete(name)
    assert default_storage.save(name, ContentFile(content)) == name


def test_a_file_comes_back_and_lies_encrypted_in_the_organisations_folder(files, in_acme):
    name = files.save("invoices/INV-1.pdf", ContentFile(PLAIN))

    assert name == f"{in_acme.id}/invoices/INV-1.pdf"
    with files.open(name) as file:
        assert file.read() == PLAIN
        assert file.size == len(PLAIN)
        assert b"".join(file.chunks(1000)) == PLAIN
        file.seek(CHUNK_BYTES + 3)
        assert file.read(5) == PLAIN[CHUNK_BYTES + 3 : CHUNK_BYTES + 8]
    assert files.size(name) == len(PLAIN)
    assert PLAIN[:32] not in raw(name)
    assert files.exists("invoices/INV-1.pdf")
    assert files.listdir("invoices") == ([], ["INV-1.pdf"])
    assert files.get_modified_time(name) >= files.get_created_time(name)
    files.delete(name)
    assert not files.exists(name)


def test_an_empty_file_is_a_file(files, in_acme):
    name = files.save("empty", ContentFile(b""))

    assert files.open(name).read() == b""
    assert files.size(name) == 0


def test_a_taken_name_gives_another_one(files, in_acme):
    names = {files.save("a.pdf", ContentFile(bytes([n]))) for n in range(2)}

    assert len(names) == 2
    assert {files.open(name).read() for name in names} == {b"\x00", b"\x01"}


def test_a_name_lost_to_another_process_is_replaced(files, in_acme, monkeypatch):
    files.save("a.pdf", ContentFile(b"first"))
    monkeypatch.setattr(default_storage._wrapped, "file_overwrite", False, raising=False)
    monkeypatch.setattr(default_storage._wrapped, "_allow_overwrite", False, raising=False)

    name = files._save(f"{in_acme.id}/a.pdf", ContentFile(b"second"))

    assert name != f"{in_acme.id}/a.pdf"
    assert files.open(name).read() == b"second"
    assert files.open("a.pdf").read() == b"first"
    assert len(files.listdir("")[1]) == 2


def test_another_organisation_reaches_nothing(files, acme, globex):
    with organisation_context(acme):
        name = files.save("a.pdf", ContentFile(b"secret"))
    with organisation_context(globex):
        for attempt in (name, f"../{acme.id}/a.pdf", f"x/../../{acme.id}/a.pdf"):
            for use in (files.open, files.delete, files.exists, files.size):
                with pytest.raises(SuspiciousFileOperation):
                    use(attempt)
        with pytest.raises(SuspiciousFileOperation):
            files.save(name, ContentFile(b"x"))
    with organisation_context(acme):
        assert files.open(name).read() == b"secret"


def test_a_file_carried_into_another_folder_cannot_be_read(files, acme, globex):
    with organisation_context(acme):
        name = files.save("a.pdf", ContentFile(b"secret"))
        renamed = f"{acme.id}/b.pdf"
        overwrite(renamed, raw(name))
        with pytest.raises(CannotDecrypt):
            files.open(renamed)
    carried = f"{globex.id}/a.pdf"
    overwrite(carried, raw(name))
    with organisation_context(globex), pytest.raises(CannotDecrypt):
        files.open(carried)


@pytest.mark.parametrize("position", [0, 3, 4, 8, 30, HEADER_BYTES - 1, HEADER_BYTES, -1])
def test_a_changed_byte_is_found(files, in_acme, position):
    name = files.save("a.pdf", ContentFile(PLAIN))
    content = bytearray(raw(name))
    content[position] ^= 1
    overwrite(name, bytes(content))

    with pytest.raises(CannotDecrypt):
        files.open(name).read()


@pytest.mark.parametrize("length", [0, 10, HEADER_BYTES, HEADER_BYTES + CHUNK_BYTES + 16])
def test_a_cut_file_is_found(files, in_acme, length):
    name = files.save("a.pdf", ContentFile(PLAIN))
    overwrite(name, raw(name)[:length])

    with pytest.raises(CannotDecrypt):
        files.open(name)


def test_rotation_replaces_the_header_only(files, in_acme):
    name = files.save("a.pdf", ContentFile(PLAIN))
    before = raw(name)
    start_rotation(organisation_id=in_acme.id, purpose=Purpose.FILES)
    fresh = files.save("b.pdf", ContentFile(b"new"))

    assert (file_version(name), file_version(fresh)) == (1, 2)
    assert rewrap_file(name, version=2) is True
    assert rewrap_file(name, version=2) is False

    after = raw(name)
    assert after[:HEADER_BYTES] != before[:HEADER_BYTES]
    assert after[HEADER_BYTES:] == before[HEADER_BYTES:]
    assert file_version(name) == 2
    assert files.open(name).read() == PLAIN


def test_shredding_makes_files_unreadable(files, in_acme):
    name = files.save("a.pdf", ContentFile(b"secret"))
    shred_keys(in_acme.id)

    with pytest.raises(CannotDecrypt):
        files.open(name)
    with pytest.raises(CannotDecrypt):
        files.save("b.pdf", ContentFile(b"x"))


def test_there_is_no_url_and_no_writing_in_place(files, in_acme):
    name = files.save("a.pdf", ContentFile(b"secret"))

    with pytest.raises(NotImplementedError):
        files.url(name)
    with pytest.raises(ValueError):
        files.open(name, "wb")


def test_a_missing_file_is_missing(files, in_acme):
    with pytest.raises(FileNotFoundError):
        files.open(f"{in_acme.id}/{uuid4()}.pdf")


def test_a_big_file_is_not_held_in_memory_whole(files, in_acme, monkeypatch):
    rolled = []
    original = storage_module.SpooledTemporaryFile

    class Spool(original):
        def rollover(self):
            rolled.append(True)
            super().rollover()

    monkeypatch.setattr(storage_module, "SpooledTemporaryFile", Spool)
    big = os.urandom(1024) * 2048
    name = files.save("big.bin", ContentFile(big))

    assert rolled
    assert b"".join(files.open(name).chunks()) == big
