"""Encrypted values on their way between database, model instance and application.

A value is bound to organisation, label of the field and primary key of its row: the same bytes
in another place do not open. Source: `architecture.md`, Isolation, layer 3.
"""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from shared.keyring import envelope
from shared.keyring.errors import CannotDecrypt
from shared.keyring.models import Purpose
from shared.keyring.services import current_key, key_by_version

REDACTED: Final = "[encrypted]"


class Sealed(bytes):
    """Bytes that were sealed for the row they are about to be written to."""


class Ciphertext:
    """What the database holds, as `.values()` gives it: it tells nothing by itself.

    On a model instance the field's descriptor opens it and remembers the plaintext for that
    row and field only. The remembered plaintext never goes into a pickle or a copy.
    """

    __slots__ = ("_encoded", "_opened_as", "_plain", "organisation_id", "raw")

    def __init__(self, raw: bytes, organisation_id: UUID) -> None:
        self.raw = raw
        self.organisation_id = organisation_id
        self._opened_as: tuple[str, UUID] | None = None
        self._plain: Any = None
        self._encoded = b""

    def open(self, label: str, row_id: UUID, decode: Callable[[bytes], Any]) -> Any:
        """The plaintext. Raises CannotDecrypt unless it was sealed for this field and row."""
        if self._opened_as != (label, row_id):
            encoded = unseal_value(self.raw, self.organisation_id, label, row_id)
            self.remember(label, row_id, plain=decode(encoded), encoded=encoded)
        return self._plain

    def remember(self, label: str, row_id: UUID, *, plain: Any, encoded: bytes) -> None:
        """Keep the plaintext for the field and row it belongs to."""
        self._plain, self._encoded = plain, encoded
        self._opened_as = (label, row_id)

    def still_holds(self, encode: Callable[[Any], bytes]) -> bool:
        """Whether the opened plaintext was not changed in place (a dict can be)."""
        return encode(self._plain) == self._encoded

    def is_opened_to(self, value: Any) -> bool:
        """Whether assigning this value changes nothing, so that the same bytes may stay."""
        if self._opened_as is None:
            return False
        return value is self._plain or (isinstance(value, str) and value == self._plain)

    def __repr__(self) -> str:
        return REDACTED

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ciphertext) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __reduce__(self) -> tuple[Any, ...]:
        return Ciphertext, (self.raw, self.organisation_id)


def seal_value(encoded: bytes, organisation_id: UUID, label: str, row_id: UUID) -> Sealed:
    """Encrypt by the organisation's current key. Raises NoDataKey."""
    key = current_key(organisation_id, Purpose.FIELDS)
    return Sealed(
        envelope.seal(
            key.cipher,
            version=key.version,
            plaintext=encoded,
            context=value_context(organisation_id, label, row_id),
        )
    )


def unseal_value(raw: bytes, organisation_id: UUID, label: str, row_id: UUID) -> bytes:
    """Decrypt by the key version named in it. Raises CannotDecrypt (NoDataKey among them)."""
    context = value_context(organisation_id, label, row_id)
    try:
        key = key_by_version(organisation_id, Purpose.FIELDS, envelope.read_version(raw))
        return envelope.unseal(key.cipher, sealed=raw, context=context)
    except envelope.BadEnvelope as error:
        raise CannotDecrypt(
            _("The protected value %(label)s of this record cannot be read.") % {"label": label}
        ) from error


def value_context(organisation_id: UUID, label: str, row_id: UUID) -> bytes:
    """Organisation and row have 16 bytes each, so the label between them is unambiguous."""
    return organisation_id.bytes + label.encode() + row_id.bytes
