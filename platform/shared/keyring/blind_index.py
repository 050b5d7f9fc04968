"""Finding an encrypted value by equality, without storing it in the clear.

The column holds HMAC-SHA256 of the value under a key derived (HKDF, RFC 5869) from the
organisation's own index key and the label. Whoever reads the column sees which rows of one
organisation have equal values, nothing else; two organisations' columns cannot be compared.
"""

import hashlib
import hmac
import unicodedata
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core import checks
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models
from django.db.models.signals import pre_save

from shared.kernel.tenancy import current_organisation_id
from shared.keyring.fields import EncryptedField
from shared.keyring.models import Purpose
from shared.keyring.services import current_key

LOOKUPS = frozenset(("exact", "in", "isnull"))
INDEX_BYTES = 32


def normalise(value: str) -> str:
    """What counts as equal: NFKC, without case and white space ("123 RT 0001" = "123rt0001")."""
    return "".join(unicodedata.normalize("NFKC", value).casefold().split())


def blind_index(value: str, *, label: str, organisation_id: UUID | None = None) -> bytes:
    """32 bytes that are equal for equal values of one label and organisation (the current one)."""
    owner = organisation_id or current_organisation_id()
    key = current_key(owner, Purpose.INDEX)
    derived = HKDF(
        algorithm=SHA256(), length=INDEX_BYTES, salt=None, info=b"blind-index|" + label.encode()
    ).derive(key.secret)
    return hmac.digest(derived, normalise(value).encode(), hashlib.sha256)


class BlindIndexField(models.BinaryField[Any, Any]):
    """The index of the encrypted text field `source`; filter it by the plain text.

    It is computed whenever the instance is saved. `save(update_fields=…)` must name both or
    neither; `bulk_update` of an EncryptedManager adds it by itself.
    """

    def __init__(self, *args: Any, source: str, label: str, **kwargs: Any) -> None:
        self.source, self.label = source, label
        kwargs.update(editable=False, null=True)
        kwargs.setdefault("db_index", not kwargs.get("unique", False))
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Source and label are part of the field."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source, "label": self.label}

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        """Watch saves that would leave the index behind its source."""
        super().contribute_to_class(cls, name, private_only)
        pre_save.connect(self._require_both, sender=cls, weak=False)

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        """Compute the index from the source's plaintext."""
        value = getattr(model_instance, self.source)
        index = None if value is None else blind_index(value, label=self.label)
        setattr(model_instance, self.attname, index)
        return index

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        """Plain bytes."""
        return None if value is None else bytes(value)

    def get_prep_value(self, value: Any) -> Any:
        """Plain text becomes its index; bytes are one already."""
        return blind_index(value, label=self.label) if isinstance(value, str) else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Equality only."""
        if lookup_name not in LOOKUPS:
            raise FieldError(f"{self} knows equality only (exact, in, isnull).")
        return super().get_lookup(lookup_name)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """The source must be an encrypted field of the same model."""
        try:
            source = self.model._meta.get_field(self.source)
        except FieldDoesNotExist:
            source = None
        found = super().check(**kwargs)
        if not isinstance(source, EncryptedField):
            message = f"The source {self.source!r} is no encrypted field of the model."
            found.append(checks.Error(message, obj=self, id="keyring.E005"))
        return found

    def _require_both(self, *, update_fields: frozenset[str] | None, **_kwargs: Any) -> None:
        named = update_fields or frozenset()
        if self.source in named and self.name not in named:
            raise FieldError(f"Save {self.name} together with {self.source}.")
