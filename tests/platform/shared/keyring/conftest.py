"""A model with every kind of encrypted field, in a temporary table of acme's."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from shared.keyring.blind_index import BlindIndexField
from shared.keyring.fields import EncryptedJSONField, EncryptedTextField
from shared.keyring.managers import EncryptedManager

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
