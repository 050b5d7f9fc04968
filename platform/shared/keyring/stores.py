"""Where encrypted values lie, one store after the other, for rotation to walk through.

Every model with encrypted fields is one, the organisation's files are one. A store works inside
the organisation's schema. It takes rows that nobody has locked and leaves the others to a later
pass, so that a writer never waits for rotation in a circle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, models
from psycopg import sql

from shared.kernel.tenancy import PLATFORM_ID, current_organisation_id
from shared.keyring import envelope, services
from shared.keyring.cache import OpenKey
from shared.keyring.door import open_door
from shared.keyring.errors import CannotDecrypt
from shared.keyring.fields import EncryptedField
from shared.keyring.models import Purpose
from shared.keyring.sealing import unseal_value, value_context
from shared.keyring.storage import file_version, rewrap_file


@dataclass(frozen=True)
class Batch:
    """What one step did. `last` is the cursor after it, None where the store is through."""

    last: str | None
    resealed: int
    unreadable: int


class Store(Protocol):
    """A place with encrypted values of the current organisation."""

    name: str

    def reseal_batch(self, *, after: str, limit: int, version: int) -> Batch:
        """Bring at most `limit` values behind the cursor ("" at the start) to the version."""

    def count_older(self, version: int) -> int:
        """How many values are not at the version yet."""


class ModelStore:
    """The encrypted columns of one model."""

    def __init__(self, model: type[models.Model]) -> None:
        self.name = model._meta.label
        self._fields = encrypted_fields(model)
        key = model._meta.pk
        self._names = {
            "table": sql.Identifier(model._meta.db_table),
            "id": sql.Identifier(str(key.column)),
        }
        self._columns = [sql.Identifier(str(field.column)) for field in self._fields]

    def reseal_batch(self, *, after: str, limit: int, version: int) -> Batch:
        """Lock, decrypt, encrypt and write one batch."""
        key = services.key_by_version(current_organisation_id(), Purpose.FIELDS, version)
        rows = self._lock_rows(after, limit, version)
        changed, unreadable = [], 0
        for row_id, *values in rows:
            try:
                changed.append((row_id, *self._reseal(row_id, values, key)))
            except CannotDecrypt:
                unreadable += 1
        self._write(changed)
        last = str(rows[-1][0]) if len(rows) == limit else None
        return Batch(last=last, resealed=len(changed), unreadable=unreadable)

    def count_older(self, version: int) -> int:
        """Counts rows, locked ones too."""
        query = sql.SQL("SELECT count(*) FROM {table} WHERE {older}").format(
            **self._names, older=self._older()
        )
        with connection.cursor() as cursor:
            cursor.execute(_text(query), self._headers(version))
            return int(cursor.fetchone()[0])

    def _lock_rows(self, after: str, limit: int, version: int) -> list[tuple[Any, ...]]:
        query = sql.SQL(
            "SELECT {id}, {columns} FROM {table} WHERE ({older}) AND (%s = '' OR {id} > %s::uuid)"
            " ORDER BY {id} LIMIT %s FOR NO KEY UPDATE SKIP LOCKED"
        ).format(**self._names, columns=sql.SQL(", ").join(self._columns), older=self._older())
        parameters = [*self._headers(version), after, after or None, limit]
        with connection.cursor() as cursor:
            cursor.execute(_text(query), parameters)
            return list(cursor.fetchall())

    def _reseal(self, row_id: Any, values: list[Any], key: OpenKey) -> list[bytes | None]:
        organisation_id = current_organisation_id()
        resealed: list[bytes | None] = []
        for field, value in zip(self._fields, values, strict=True):
            if value is None or bytes(value).startswith(envelope.header(key.version)):
                resealed.append(value)
                continue
            plain = unseal_value(bytes(value), organisation_id, field.label, row_id)
            context = value_context(organisation_id, field.label, row_id)
            resealed.append(
                envelope.seal(key.cipher, version=key.version, plaintext=plain, context=context)
            )
        return resealed

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        if not rows:
            return
        query = sql.SQL(
            "UPDATE {table} AS t SET {changes} FROM unnest(%s::uuid[], {arrays})"
            " AS v(id, {columns}) WHERE t.{id} = v.id"
        ).format(
            **self._names,
            changes=sql.SQL(", ").join(
                sql.SQL("{c} = v.{c}").format(c=column) for column in self._columns
            ),
            arrays=sql.SQL(", ").join([sql.SQL("%s::bytea[]")] * len(self._columns)),
            columns=sql.SQL(", ").join(self._columns),
        )
        with open_door(), connection.cursor() as cursor:
            cursor.execute(_text(query), [list(column) for column in zip(*rows, strict=True)])

    def _older(self) -> sql.Composed:
        """Matches a row with any value at another version; NULL never does."""
        return sql.SQL(" OR ").join(
            sql.SQL("substring({} for {}) <> %s").format(column, envelope.VERSION_END)
            for column in self._columns
        )

    def _headers(self, version: int) -> list[bytes]:
        return [envelope.header(version)] * len(self._columns)


class FileStore:
    """The organisation's encrypted files; only their headers change."""

    name = "files"

    def __init__(self) -> None:
        self._walk: Iterator[str] | None = None

    def reseal_batch(self, *, after: str, limit: int, version: int) -> Batch:
        """Re-wrap the keys of the next files in the order of their names."""
        if self._walk is None or not after:
            self._walk = walk_files(str(current_organisation_id()), after=after)
        last, seen, resealed, unreadable = None, 0, 0, 0
        for name in self._walk:
            seen, last = seen + 1, name
            try:
                resealed += rewrap_file(name, version=version)
            except FileNotFoundError:
                pass  # deleted since its folder was read
            except CannotDecrypt:
                unreadable += 1
            if seen == limit:
                return Batch(last=last, resealed=resealed, unreadable=unreadable)
        self._walk = None
        return Batch(last=None, resealed=resealed, unreadable=unreadable)

    def count_older(self, version: int) -> int:
        """Reads the header of every file."""
        older = 0
        for name in walk_files(str(current_organisation_id()), after=""):
            try:
                older += file_version(name) != version
            except FileNotFoundError:
                pass
            except CannotDecrypt:
                older += 1
        return older


def stores_of(organisation_id: Any, purpose: str) -> Sequence[Store]:
    """What rotation has to walk through for an organisation's keys of that purpose."""
    if purpose == Purpose.FILES:
        return [FileStore()]
    home = settings.SHARED_APPS if organisation_id == PLATFORM_ID else settings.TENANT_APPS
    found = [
        ModelStore(model)
        for model in apps.get_models()
        if model._meta.app_config.name in home and encrypted_fields(model)
    ]
    return sorted(found, key=lambda store: store.name)


def encrypted_fields(model: type[models.Model]) -> list[EncryptedField]:
    """The encrypted columns of the model's own table."""
    if model._meta.proxy or not model._meta.managed:
        return []
    return [f for f in model._meta.local_concrete_fields if isinstance(f, EncryptedField)]


def walk_files(folder: str, *, after: str) -> Iterator[str]:
    """Names below the folder in a fixed order, those up to `after` left out."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    entries = [(name, False) for name in files] + [(name, True) for name in folders]
    inside = after.startswith(f"{folder}/")
    reached = after.removeprefix(f"{folder}/").split("/")[0] if inside else ""
    for name, is_folder in sorted(entries):
        path = f"{folder}/{name}"
        if is_folder and name >= reached:
            yield from walk_files(path, after=after if name == reached else "")
        elif not is_folder and name > reached:
            yield path


def _text(query: sql.Composable) -> str:
    return query.as_string(connection.connection)
