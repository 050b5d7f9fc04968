"""The manager of models with encrypted fields."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.expressions import Value

from shared.keyring.blind_index import BlindIndexField
from shared.keyring.fields import EncryptedField

M = TypeVar("M", bound=models.Model, covariant=True)


class EncryptedQuerySet(models.QuerySet[M]):
    """Seals values for each row where Django itself would not know the row."""

    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        """As Django's; blind indexes of the given fields are updated with them."""
        rows, names = list(objs), list(fields)
        encrypted = [f for f in self._fields_of(EncryptedField) if f.name in names]
        indexes = [f for f in self._fields_of(BlindIndexField) if f.source in names]
        for row in rows:
            for index in indexes:
                index.pre_save(row, add=False)
        names += [index.name for index in indexes if index.name not in names]
        with _sealed(rows, encrypted):
            return super().bulk_update(rows, names, batch_size)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        """As Django's, save that a conflict may not overwrite another row's encrypted value."""
        updated = set(kwargs.get("update_fields") or ())
        if updated & {field.name for field in self._fields_of(EncryptedField)}:
            raise FieldError("An encrypted value belongs to its row and cannot be upserted.")
        return super().bulk_create(objs, *args, **kwargs)

    def _fields_of(self, kind: type[Any]) -> list[Any]:
        return [field for field in self.model._meta.concrete_fields if isinstance(field, kind)]


class EncryptedManager(models.Manager.from_queryset(EncryptedQuerySet)[M]):  # type: ignore[misc]
    """`objects = EncryptedManager()` on a model with encrypted fields."""


@contextmanager
def _sealed(rows: Sequence[models.Model], fields: Sequence[EncryptedField]) -> Iterator[None]:
    """Let the instances show sealed bytes to bulk_update, then what they held before."""
    held: list[tuple[models.Model, str, Any]] = []
    try:
        for row in rows:
            for field in fields:
                sealed = field.pre_save(row, add=False)
                held.append((row, field.attname, row.__dict__[field.attname]))
                row.__dict__[field.attname] = Value(sealed, output_field=field)
        yield
    finally:
        for row, name, value in held:
            row.__dict__[name] = value
