"""Model fields whose column holds ciphertext.

    class BankAccount(Row):
        number = EncryptedTextField(label="structure.bank_account.number", null=True)
        number_index = BlindIndexField(source="number", label="structure.bank_account.number")
        objects = EncryptedManager()

Reading the attribute decrypts, saving the instance encrypts; None stays NULL. The label is part
of the encryption: once data exists it never changes, whatever model and field are called.

- `save`, `bulk_create` and, on an EncryptedManager, `bulk_update` work.
- `.update(field=value)` and any lookup but `isnull` raise FieldError; `.update(field=None)` works.
- `.values()` and `.values_list()` give an opaque Ciphertext.
- Bytes moved to another row, field or organisation raise CannotDecrypt, read or saved.
- Text and numbers of JSON come back as they went in, Decimal as Decimal.
"""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.apps import apps
from django.core import checks, validators
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.expressions import Case, Value
from django.db.models.functions import Cast
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _

from shared.kernel.tenancy import current_organisation_id
from shared.keyring.errors import CannotDecrypt
from shared.keyring.sealing import Ciphertext, Sealed, seal_value

LABEL_PATTERN = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
DECIMAL_TAG = "$decimal"


class EncryptedAttribute(DeferredAttribute):
    """Opens the ciphertext when the attribute is first read."""

    field: "EncryptedField"

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            self._load_deferred(instance)
        value = instance.__dict__[name]
        if isinstance(value, Ciphertext):
            return value.open(self.field.label, row_id(instance), self.field.decode)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        name = self.field.attname
        held = instance.__dict__.get(name)
        if isinstance(held, Ciphertext) and held.is_opened_to(value):
            return  # the same bytes stay, so that a frozen row does not look changed
        instance.__dict__[name] = value

    def _load_deferred(self, instance: Any) -> None:
        """Fetch the column without opening it, as refresh_from_db() would."""
        rows = type(instance)._base_manager.db_manager(
            instance._state.db, hints={"instance": instance}
        )
        name = self.field.attname
        instance.__dict__[name] = rows.values_list(name, flat=True).get(pk=instance.pk)


class EncryptedField(models.Field[Any, Any]):
    """What encrypted text and JSON have in common; subclasses encode and decode."""

    descriptor_class = EncryptedAttribute

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        self.label = label
        super().__init__(*args, **kwargs)

    def encode(self, value: Any) -> bytes:
        """Plain bytes of a value. Raises TypeError for what the field cannot hold."""
        raise NotImplementedError

    def decode(self, encoded: bytes) -> Any:
        """The value again."""
        raise NotImplementedError

    def deconstruct(self) -> Any:
        """The label is part of the field."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "label": self.label}

    def get_internal_type(self) -> str:
        """The column is bytea."""
        return "BinaryField"

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        """The sealed bytes for this row; those it was read with where nothing changed."""
        held = getattr_raw(model_instance, self)
        if held is None:
            return None
        row, organisation_id = row_id(model_instance), current_organisation_id()
        if isinstance(held, Ciphertext):
            if held.organisation_id != organisation_id:
                raise CannotDecrypt(_("The protected value belongs to another organisation."))
            plain = held.open(self.label, row, self.decode)
            if held.still_holds(self.encode):
                return Sealed(held.raw)
        else:
            plain = held
        encoded = self.encode(plain)
        sealed = seal_value(encoded, organisation_id, self.label, row)
        fresh = Ciphertext(bytes(sealed), organisation_id)
        fresh.remember(self.label, row, plain=plain, encoded=encoded)
        model_instance.__dict__[self.attname] = fresh
        return sealed

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Ciphertext | None:
        """Leave it closed: most rows of a list are never asked for it."""
        return None if value is None else Ciphertext(bytes(value), current_organisation_id())

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Accept only what pre_save sealed. Raises FieldError for anything else."""
        if value is None or _is_sealed_case(value):
            return value
        if isinstance(value, Sealed):
            return connection.Database.Binary(bytes(value))
        raise FieldError(
            f"{self} is encrypted for its row: set it on the instance and save(), or use "
            "bulk_create(), or bulk_update() of a model with an EncryptedManager."
        )

    def get_prep_value(self, value: Any) -> Any:
        """Only NULL has a meaning outside its row."""
        if value is not None:
            raise FieldError(f"{self} is encrypted and cannot be compared.")
        return None

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull`; equality goes through a BlindIndexField."""
        if lookup_name != "isnull":
            raise FieldError(
                f"{self} is encrypted: only isnull can be asked. Add a BlindIndexField "
                "to find it by equality."
            )
        return super().get_lookup(lookup_name)

    def value_to_string(self, obj: models.Model) -> str:
        """Fixtures cannot carry it: neither plain nor without its key."""
        raise FieldError(f"{self} is encrypted and cannot be written into a fixture.")

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Refuse what would make values unreadable or findable by chance."""
        return [*super().check(**kwargs), *self._check_row_id(), *self._check_use()]

    def _check_row_id(self) -> list[checks.CheckMessage]:
        key = self.model._meta.pk
        if isinstance(key, models.UUIDField) and key.has_default() and callable(key.default):
            return []
        hint = "id = UUIDField(primary_key=True, default=uuid4, editable=False)"
        message = "An encrypted field needs a model whose primary key is a client-made UUID."
        return [checks.Error(message, hint=hint, obj=self, id="keyring.E001")]

    def _check_use(self) -> list[checks.CheckMessage]:
        found: list[checks.CheckMessage] = []
        if not LABEL_PATTERN.fullmatch(self.label):
            message = "A label is lower-case words joined by dots, such as structure.tax_number."
            found.append(checks.Error(message, obj=self, id="keyring.E002"))
        if self.unique or self.primary_key or getattr(self, "db_index", False):
            message = "An encrypted column cannot be indexed; use a BlindIndexField."
            found.append(checks.Error(message, obj=self, id="keyring.E003"))
        return found


class EncryptedTextField(EncryptedField):
    """Encrypted text; `max_length` limits the characters of the plaintext."""

    description = _("Encrypted text")

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, label=label, **kwargs)
        if self.max_length is not None:
            self.validators.append(validators.MaxLengthValidator(self.max_length))

    def encode(self, value: Any) -> bytes:
        """UTF-8."""
        if not isinstance(value, str):
            raise TypeError(f"{self} holds text, not {type(value).__name__}.")
        return value.encode()

    def decode(self, encoded: bytes) -> str:
        """From UTF-8."""
        return encoded.decode()

    def to_python(self, value: Any) -> Any:
        """Text, as forms give it."""
        return value if value is None or isinstance(value, str) else str(value)

    def formfield(self, **kwargs: Any) -> Any:
        """A text input that knows the longest value."""
        defaults = {"form_class": forms.CharField, "max_length": self.max_length}
        return super().formfield(**{**defaults, **kwargs})


class EncryptedJSONField(EncryptedField):
    """Encrypted JSON. Decimals stay Decimals; dates and other types are refused."""

    description = _("Encrypted JSON")
    empty_strings_allowed = False

    def encode(self, value: Any) -> bytes:
        """UTF-8 JSON in which a Decimal is {"$decimal": "1.10"}."""
        return json.dumps(
            value, default=_tag_decimal, allow_nan=False, separators=(",", ":"), ensure_ascii=False
        ).encode()

    def decode(self, encoded: bytes) -> Any:
        """The structure again."""
        return json.loads(encoded, object_hook=_untag_decimal)

    def formfield(self, **kwargs: Any) -> Any:
        """Django's own JSON form field."""
        return super().formfield(**{"form_class": forms.JSONField, **kwargs})


def row_id(instance: models.Model) -> UUID:
    """The row's primary key. Raises FieldError before it has one."""
    key = instance.pk
    if isinstance(key, UUID):
        return key
    if isinstance(key, str):
        return UUID(key)
    raise FieldError("An encrypted value belongs to a row that has its id.")


def getattr_raw(instance: models.Model, field: EncryptedField) -> Any:
    """The attribute as it is held, without opening it."""
    if field.attname not in instance.__dict__:
        getattr(instance, field.attname)
    return instance.__dict__[field.attname]


def _tag_decimal(value: Any) -> dict[str, str]:
    if isinstance(value, Decimal) and value.is_finite():
        return {DECIMAL_TAG: str(value)}
    raise TypeError(f"Encrypted JSON cannot hold {type(value).__name__}.")


def _untag_decimal(value: dict[str, Any]) -> Any:
    if value.keys() == {DECIMAL_TAG}:
        return Decimal(value[DECIMAL_TAG])
    return value


def _is_sealed_case(value: Any) -> bool:
    """Whether this is the expression bulk_update() builds, with sealed values only."""
    if not isinstance(value, Cast):
        return False
    (case,) = value.get_source_expressions()
    return isinstance(case, Case) and all(
        isinstance(when.result, Value) and isinstance(when.result.value, Sealed | None)
        for when in case.cases
    )


@checks.register(checks.Tags.models)
def check_labels(app_configs: Any, **_kwargs: Any) -> list[checks.CheckMessage]:
    """Labels are unique over all apps, whichever were asked for."""
    return find_shared_labels(apps.get_models())


def find_shared_labels(found: Iterable[type[models.Model]]) -> list[checks.CheckMessage]:
    """Two fields with one label could take each other's bytes where their rows share an id."""
    seen: dict[str, models.Field[Any, Any]] = {}
    errors: list[checks.CheckMessage] = []
    for field in (field for model in found for field in model._meta.local_concrete_fields):
        if not isinstance(field, EncryptedField):
            continue
        if field.label in seen:
            message = f"The label {field.label!r} is already that of {seen[field.label]}."
            errors.append(checks.Error(message, obj=field, id="keyring.E004"))
        seen[field.label] = field
    return errors
