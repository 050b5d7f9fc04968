import pytest
from django.core.exceptions import FieldError
from django.db import connection, models, transaction
from django.test.utils import isolate_apps

from shared.kernel.tenancy import organisation_context
from shared.keyring.blind_index import BlindIndexField, blind_index
from shared.keyring.fields import EncryptedTextField


def test_a_value_is_found_by_equality(vault):
    vault.objects.create(iban="CA12 0003", name="first")
    vault.objects.create(iban="CA12 0004", name="second")
    vault.objects.create(iban=None, name="none")

    assert vault.objects.get(iban_index="ca120003").name == "first"
    assert vault.objects.filter(iban_index__in=["CA120003", "CA12 0004"]).count() == 2
    assert vault.objects.get(iban_index__isnull=True).name == "none"
    assert not vault.objects.filter(iban_index="CA12").exists()


def test_the_index_follows_the_value(vault):
    row = vault.objects.create(iban="old")
    row.iban = "new"
    row.save()
    assert not vault.objects.filter(iban_index="old").exists()
    assert vault.objects.get(iban_index="new") == row
    row.iban = None
    row.save(update_fields=["iban", "iban_index"])
    assert not vault.objects.filter(iban_index="new").exists()


def test_saving_the_value_without_its_index_is_refused(vault):
    row = vault.objects.create(iban="old")
    row.iban = "new"

    with pytest.raises(FieldError, match="iban_index together with iban"), transaction.atomic():
        row.save(update_fields=["iban"])
    row.save(update_fields=["name"])
    assert vault.objects.get().iban == "old"


def test_indexes_of_organisations_and_labels_cannot_be_compared(acme, globex):
    with organisation_context(acme):
        ours, other_label = (blind_index("123", label=label) for label in ("a.b", "a.c"))
    with organisation_context(globex):
        theirs = blind_index("123", label="a.b")

    assert len({ours, other_label, theirs}) == 3
    assert {len(ours), len(theirs)} == {32}
    assert blind_index(" 1２3 ", label="a.b", organisation_id=acme.id) == ours


def test_the_column_does_not_hold_the_value(vault):
    row = vault.objects.create(iban="CA120003")
    with connection.cursor() as cursor:
        cursor.execute("SELECT iban_index FROM pg_temp_vault")
        (stored,) = cursor.fetchone()

    assert bytes(stored) == row.iban_index == vault.objects.get().iban_index
    assert len(stored) == 32


@pytest.mark.parametrize("lookup", ["contains", "gt", "startswith"])
def test_only_equality_can_be_asked(vault, lookup):
    with pytest.raises(FieldError, match="equality only"):
        vault.objects.filter(**{f"iban_index__{lookup}": "x"})


def test_migrations_keep_source_and_label():
    field = BlindIndexField(source="iban", label="a.iban")
    field.set_attributes_from_name("iban_index")

    _, path, _, kwargs = field.deconstruct()

    assert path == "shared.keyring.blind_index.BlindIndexField"
    assert kwargs == {"source": "iban", "label": "a.iban", "null": True, "db_index": True}


@isolate_apps("shared.keyring")
@pytest.mark.parametrize("source", ["plain", "missing"])
def test_the_source_must_be_encrypted(source):
    class Unsafe(models.Model):
        plain = models.CharField(max_length=5)
        secret = EncryptedTextField(label="a.secret")
        index = BlindIndexField(source=source, label="a.secret")

        class Meta:
            app_label = "keyring"

        def __str__(self) -> str:
            return "unsafe"

    assert [found.id for found in Unsafe._meta.get_field("index").check()] == ["keyring.E005"]
