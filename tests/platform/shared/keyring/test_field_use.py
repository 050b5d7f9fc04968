"""Encrypted fields in bulk writes, look-ups, forms, migrations and checks."""

from uuid import uuid4

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import connection, models, transaction
from django.db.models import F
from django.forms import modelform_factory
from django.test.utils import CaptureQueriesContext, isolate_apps

from shared.keyring.cache import forget_keys
from shared.keyring.fields import (
    EncryptedJSONField,
    EncryptedTextField,
    check_labels,
    find_shared_labels,
)
from tenants.structure.models import LegalEntity

IBAN = "CA12 0003 1234 5678 é"


def test_bulk_create_seals_each_row(vault, raw_columns):
    rows = vault.objects.bulk_create([vault(iban=f"iban {n}") for n in range(3)])

    assert {row.iban for row in vault.objects.all()} == {"iban 0", "iban 1", "iban 2"}
    assert len({raw_columns(row.id)[0] for row in rows}) == 3


def test_bulk_update_seals_each_row_and_its_index(vault):
    rows = vault.objects.bulk_create([vault(iban=f"iban {n}", details=n) for n in range(3)])
    for row in rows:
        row.iban, row.details = f"new {row.details}", None

    assert vault.objects.bulk_update(rows, ["iban", "details"]) == 3

    assert {row.iban for row in vault.objects.all()} == {"new 0", "new 1", "new 2"}
    assert rows[1].iban == "new 1"
    assert vault.objects.get(iban_index="NEW 2").iban == "new 2"
    assert vault.objects.filter(details__isnull=True).count() == 3


def test_bulk_update_through_a_plain_manager_says_what_to_use(vault):
    row = vault.objects.create(iban=IBAN)
    row.iban = "changed"

    with pytest.raises(FieldError, match="EncryptedManager"), transaction.atomic():
        models.QuerySet(vault).bulk_update([row], ["iban"])
    assert vault.objects.get().iban == IBAN


def test_an_upsert_cannot_put_a_value_into_another_row(vault):
    with pytest.raises(FieldError, match="upserted"), transaction.atomic():
        vault.objects.bulk_create(
            [vault(iban=IBAN)],
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["iban"],
        )


@pytest.mark.parametrize("value", ["plain", F("other"), b"bytes", 5])
def test_update_without_an_instance_is_refused(vault, value):
    vault.objects.create(iban=IBAN)

    with pytest.raises(FieldError, match="encrypted for its row"), transaction.atomic():
        vault.objects.update(iban=value)
    with pytest.raises(FieldError, match="encrypted for its row"), transaction.atomic():
        vault.objects.update(iban=vault.objects.values_list("iban", flat=True).get())
    assert vault.objects.get().iban == IBAN


def test_update_to_null_is_how_a_value_is_erased(vault, raw_columns):
    row = vault.objects.create(iban=IBAN)

    vault.objects.update(iban=None)

    assert raw_columns(row.id)[0] is None


@pytest.mark.parametrize("lookup", ["iban", "iban__contains", "iban__in", "iban__gt", "details__a"])
def test_lookups_are_refused(vault, lookup):
    with pytest.raises(FieldError, match=r"encrypted|not permitted"):
        vault.objects.filter(**{lookup: "x"})


def test_a_list_asks_for_the_key_once(vault):
    vault.objects.bulk_create([vault(iban=f"iban {n}", details=n) for n in range(50)])
    forget_keys()

    with CaptureQueriesContext(connection) as queries:
        assert len({(row.iban, row.details) for row in vault.objects.all()}) == 50

    assert len([q for q in queries if "keyring_datakey" in q["sql"]]) == 1
    assert len(queries) == 2


def test_forms_show_and_take_the_plain_value(vault):
    form_class = modelform_factory(vault, fields=["iban", "details"])
    row = vault.objects.create(iban=IBAN, details={"a": 1})

    shown = form_class(instance=vault.objects.get())
    sent = form_class({"iban": "new", "details": '{"a": 2}'}, instance=vault.objects.get())

    assert shown.initial == {"iban": IBAN, "details": {"a": 1}}
    assert sent.is_valid(), sent.errors
    sent.save()
    row.refresh_from_db()
    assert (row.iban, row.details) == ("new", {"a": 2})
    assert "iban" in form_class({"iban": "x" * 35, "details": "{}"}).errors


def test_the_plaintext_has_a_longest_length(vault):
    with pytest.raises(ValidationError, match="at most 34"):
        vault(iban="x" * 35, other="y", details={}).full_clean()


def test_a_model_with_constraints_is_validated(in_acme):
    entity = LegalEntity(name="X", number_prefix="1", payment_instructions=IBAN)

    with pytest.raises(ValidationError, match="entity_number_prefix_form"):
        entity.full_clean()
    entity.number_prefix = "KEYTEST"
    entity.full_clean()


def test_a_row_without_an_id_cannot_hold_a_secret(vault):
    with pytest.raises(FieldError, match="has its id"):
        vault(id=None, iban=IBAN)._meta.get_field("iban").pre_save(vault(id=None, iban="x"), True)


def test_fixtures_are_refused(vault):
    row = vault.objects.create(iban=IBAN)

    with pytest.raises(FieldError, match="fixture"):
        vault._meta.get_field("iban").value_to_string(row)


@isolate_apps("shared.keyring")
def test_two_fields_with_one_label_are_refused_by_a_check():
    class First(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid4)
        secret = EncryptedTextField(label="a.secret")
        other = EncryptedTextField(label="a.other")

        class Meta:
            app_label = "keyring"

        def __str__(self) -> str:
            return "first"

    class Second(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid4)
        details = EncryptedJSONField(label="a.secret")

        class Meta:
            app_label = "keyring"

        def __str__(self) -> str:
            return "second"

    (error,) = find_shared_labels([First, Second])

    assert error.id == "keyring.E004"
    assert error.obj is Second._meta.get_field("details")
    assert "keyring.First.secret" in error.msg
    assert check_labels(None) == []


def test_migrations_keep_the_label():
    field = EncryptedTextField(label="test.label", null=True)
    field.set_attributes_from_name("secret")
    _, path, args, kwargs = field.deconstruct()

    assert (path, args) == ("shared.keyring.fields.EncryptedTextField", [])
    assert kwargs == {"label": "test.label", "null": True}
    assert field.db_type(connection) == "bytea"


@isolate_apps("shared.keyring")
@pytest.mark.parametrize(
    ("field", "key", "error"),
    [
        (lambda: EncryptedTextField(label="a.b"), lambda: models.BigAutoField(primary_key=True), 1),
        (lambda: EncryptedTextField(label="a.b"), lambda: models.UUIDField(primary_key=True), 1),
        (lambda: EncryptedJSONField(label="A b"), None, 2),
        (lambda: EncryptedTextField(label="nodot"), None, 2),
        (lambda: EncryptedTextField(label="a.b", unique=True), None, 3),
        (lambda: EncryptedTextField(label="a.b", db_index=True), None, 3),
    ],
)
def test_unsafe_models_are_refused_by_a_check(field, key, error):
    class Unsafe(models.Model):
        id = key() if key else models.UUIDField(primary_key=True, default=uuid4)
        secret = field()

        class Meta:
            app_label = "keyring"

        def __str__(self) -> str:
            return "unsafe"

    assert [found.id for found in Unsafe._meta.get_field("secret").check()] == [
        f"keyring.E00{error}"
    ]
