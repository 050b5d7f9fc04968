"""A model with every kind of encrypted field, in a temporary table of acme's."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps
from support.rotation import REGISTRATIONS

from shared.kernel.tenancy import organisation_context
from shared.keyring.blind_index import BlindIndexField
from shared.keyring.fields import EncryptedJSONField, EncryptedTextField
from shared.keyring.managers import EncryptedManager
from shared.organisations.models import Organisation
from tenants.structure.models import LegalEntity, TaxRegistration

with isolate_apps("shared.keyring"):

    class Vault(models.Model):
        """A row with secrets."""

        id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
        name = models.CharField(max_length=20, default="")
        iban = EncryptedTextField(label="test.iban", null=True, blank=True, max_length=34)
        iban_index = BlindIndexField(source="iban", label="test.iban")
        other = EncryptedTextField(label="test.other", default="")
        details = EncryptedJSONField(label="test.details", null=True)

        objects = EncryptedManager()

        class Meta:
            app_label = "keyring"
            db_table = "pg_temp_vault"

        def __str__(self) -> str:
            return self.name


@pytest.fixture
def vault(in_acme: Any) -> type[Vault]:
    """The model, with its table for the length of the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE pg_temp_vault (id uuid PRIMARY KEY, name text NOT NULL,"
            " iban bytea, iban_index bytea, other bytea NOT NULL, details bytea) ON COMMIT DROP"
        )
    return Vault


@pytest.fixture
def raw_columns() -> Callable[[Any], tuple[bytes | None, ...]]:
    """What stands in the encrypted columns of a row."""

    def read(row_id: Any) -> tuple[bytes | None, ...]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT iban, other, details FROM pg_temp_vault WHERE id = %s", [row_id])
            return tuple(value and bytes(value) for value in cursor.fetchone())

    return read


@pytest.fixture
def at_once(settings: Any) -> None:
    """One process only: nobody else has the old key in its cache."""
    settings.KEY_CACHE_SECONDS = 0


@pytest.fixture
def organisation(throwaway_organisation: Organisation) -> Organisation:
    """A committed organisation with registrations "T1 number" and so on."""
    with organisation_context(throwaway_organisation):
        entity = LegalEntity.objects.create(
            name="X", number_prefix="K", payment_instructions="Pay to 123"
        )
        TaxRegistration.objects.bulk_create(
            [
                TaxRegistration(entity=entity, component=f"T{n}", number=f"T{n} number")
                for n in range(REGISTRATIONS)
            ]
        )
    return throwaway_organisation
