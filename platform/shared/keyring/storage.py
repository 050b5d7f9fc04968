"""Files at rest: encrypted under a key of their own, which the organisation's key wraps.

    pdf = models.FileField(storage=EncryptedStorage(), upload_to="invoices")

Files lie in the default storage below a folder named by the organisation's id; that folder is
part of the file's name, and both are part of the encryption. There is no URL: a view that has
checked who asks streams `open(name)`. Source: `architecture.md`, Isolation, layer 3.
"""

import io
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import Storage, default_storage
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext as _

from shared.kernel.tenancy import current_organisation_id
from shared.keyring import envelope, file_format
from shared.keyring.errors import CannotDecrypt
from shared.keyring.models import Purpose
from shared.keyring.services import current_key, key_by_version

SPOOL_BYTES = 1024 * 1024
NAME_ATTEMPTS = 5


class DecryptedFile(File[bytes]):
    """A plaintext stream with Django's file methods; a damaged file raises CannotDecrypt."""

    def __init__(self, reader: file_format.DecryptingReader, name: str) -> None:
        super().__init__(cast(IO[Any], io.BufferedReader(reader)), name)
        self.mode = "rb"

    def read(self, *args: Any) -> bytes:
        """As a file's."""
        with _readable():
            return cast(bytes, self.file.read(*args))  # type: ignore[union-attr]

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """As Django's."""
        self.seek(0)
        while piece := self.read(chunk_size or self.DEFAULT_CHUNK_SIZE):
            yield piece

    @cached_property
    def size(self) -> int:
        """Bytes of plaintext."""
        position = self.tell()
        end = self.seek(0, io.SEEK_END)
        self.seek(position)
        return int(end)


@deconstructible(path="shared.keyring.storage.EncryptedStorage")
class EncryptedStorage(Storage):
    """The default storage, seen by one organisation, with encrypted contents.

    A name outside the current organisation's folder raises SuspiciousFileOperation; names
    given without the folder get it.
    """

    def generate_filename(self, filename: Any) -> str:
        """Django's, inside the organisation's folder."""
        return own_name(super().generate_filename(filename))

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """A free name in the organisation's folder."""
        return super().get_available_name(own_name(name), max_length)

    def exists(self, name: str) -> bool:
        """Whether the organisation has that file."""
        return default_storage.exists(own_name(name))

    def delete(self, name: str) -> None:
        """Remove the file."""
        default_storage.delete(own_name(name))

    def size(self, name: str) -> int:
        """Bytes of plaintext."""
        with _readable():
            return file_format.plain_size(default_storage.size(own_name(name)))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Folders and files of the organisation."""
        return default_storage.listdir(own_name(path))

    def get_created_time(self, name: str) -> datetime:
        """As the default storage knows it."""
        return default_storage.get_created_time(own_name(name))

    def get_modified_time(self, name: str) -> datetime:
        """As the default storage knows it."""
        return default_storage.get_modified_time(own_name(name))

    def _open(self, name: str, mode: str = "rb") -> DecryptedFile:
        if mode != "rb":
            raise ValueError("An encrypted file is read whole ('rb') or saved anew.")
        name = own_name(name)
        source = default_storage.open(name, "rb")
        with _readable():
            file_key = unwrap_file_key(name, file_format.read_header(source))
            size = default_storage.size(name)
            context = _context(current_organisation_id(), "chunk", name)
            return DecryptedFile(
                file_format.DecryptingReader(source, size, file_key, context), name
            )

    def _save(self, name: str, content: File[Any]) -> str:
        """Encrypt under the final name; the default storage may insist on another one."""
        for _attempt in range(NAME_ATTEMPTS):
            with SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
                _encrypt_into(spool, name, content)
                saved = default_storage.save(name, File(spool, name))
            if saved == name:
                return name
            default_storage.delete(saved)
            name = self.get_available_name(name)
        raise SuspiciousFileOperation(f"No free name was found for {name!r}.")


def own_name(name: str) -> str:
    """The name inside the current organisation's folder. Raises SuspiciousFileOperation."""
    folder = str(current_organisation_id())
    parts = str(name).replace("\\", "/").split("/")
    if ".." in parts:
        raise SuspiciousFileOperation("A file's name stays inside its folder.")
    if parts[0] == folder:
        return "/".join(parts)
    if _is_uuid(parts[0]):
        raise SuspiciousFileOperation("The file belongs to another organisation.")
    return "/".join((folder, *(part for part in parts if part)))


def unwrap_file_key(name: str, wrapped: bytes) -> bytes:
    """The file's own key. Raises CannotDecrypt, or BadEnvelope for foreign bytes."""
    organisation_id = current_organisation_id()
    version = envelope.read_version(wrapped)
    key = key_by_version(organisation_id, Purpose.FILES, version)
    context = _context(organisation_id, "key", name)
    return envelope.unseal(key.cipher, sealed=wrapped, context=context)


def rewrap_file(name: str, *, version: int) -> bool:
    """Wrap the file's key by that key version; whether it was not already.

    The contents stay as they are. Raises CannotDecrypt.
    """
    name = own_name(name)
    with _readable():
        with default_storage.open(name, "rb") as source:
            wrapped = file_format.read_header(source)
        if envelope.read_version(wrapped) == version:
            return False
        file_key = unwrap_file_key(name, wrapped)
    _replace_header(name, _header_for(name, file_key, version))
    return True


def file_version(name: str) -> int:
    """The key version that wraps the file's key. Raises CannotDecrypt for foreign files."""
    with _readable(), default_storage.open(own_name(name), "rb") as source:
        return envelope.read_version(file_format.read_header(source))


def _encrypt_into(spool: IO[bytes], name: str, content: File[Any]) -> None:
    organisation_id = current_organisation_id()
    file_key = envelope.make_key()
    version = current_key(organisation_id, Purpose.FILES).version
    spool.write(_header_for(name, file_key, version))
    content.seek(0)
    source = cast(IO[bytes], content)
    context = _context(organisation_id, "chunk", name)
    for chunk in file_format.encrypt_chunks(source, file_key, context):
        spool.write(chunk)
    spool.seek(0)


def _header_for(name: str, file_key: bytes, version: int) -> bytes:
    organisation_id = current_organisation_id()
    key = key_by_version(organisation_id, Purpose.FILES, version)
    context = _context(organisation_id, "key", name)
    return file_format.make_header(
        envelope.seal(key.cipher, version=version, plaintext=file_key, context=context)
    )


def _replace_header(name: str, header: bytes) -> None:
    """In place where the storage can; an object store replaces the whole object at once."""
    if not getattr(default_storage, "file_overwrite", False):
        with default_storage.open(name, "r+b") as target:
            target.seek(0)
            target.write(header)
        return
    with SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
        spool.write(header)
        with default_storage.open(name, "rb") as source:
            source.seek(len(header))
            while piece := source.read(file_format.CHUNK_BYTES):
                spool.write(piece)
        spool.seek(0)
        if default_storage.save(name, File(spool, name)) != name:
            raise ImproperlyConfigured("The storage says it overwrites files and does not.")


def _context(organisation_id: UUID, what: str, name: str) -> bytes:
    return organisation_id.bytes + f"{what}:{name}".encode()


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


class _readable:
    """Tells a reader what a damaged or foreign file is to it: CannotDecrypt."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, envelope.BadEnvelope):
            raise CannotDecrypt(_("The stored file cannot be read.")) from error
