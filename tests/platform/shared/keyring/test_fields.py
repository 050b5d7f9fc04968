import copy
import pickle
import sys
from decimal import Decimal
from time import thread_time
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from shared.kernel.tenancy import organisation_context, shared_context
from shared.keyring.errors import CannotDecrypt
from shared.keyring.sealing import Ciphertext
from tenants.structure.models import LegalEntity, TaxRegistration

IBAN = "CA12 0003 1234 5678 é"


def set_column(row_id, column, value):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE pg_temp_vault SET {column} = %s WHERE id = %s", [value, row_id])


def test_a_value_comes_back_and_is_nowhere_in_the_column(vault, raw_columns):
    row = vault.objects.create(iban=IBAN, other="", details={"branch": "0003"})

    read = vault.objects.get()
    columns = raw_columns(row.id)

    assert (read.iban, read.other, read.details) == (IBAN, "", {"branch": "0003"})
    assert all(column[0] == 0xE1 for column in columns)
    assert b"0003" not in b"".join(columns)


def test_none_stays_null(vault, raw_columns):
    row = vault.objects.create(iban=None, details=None)

    assert raw_columns(row.id)[0] is None
    assert raw_columns(row.id)[2] is None
    assert vault.objects.get(iban__isnull=True).iban is None
    assert vault.objects.filter(iban__isnull=False).count() == 0


@pytest.mark.parametrize(
    "value",
    [
        {"rate": Decimal("1.10"), "big": Decimal("123456789012345.6789"), "whole": Decimal("5")},
        [1, 1.5, True, None, "é", {"deep": [Decimal("0.0001")]}],
        "text",
        {},
        0,
    ],
)
def test_json_keeps_values_and_types(vault, value):
    vault.objects.create(details=value)

    read = vault.objects.get().details

    assert read == value
    assert repr(read) == repr(value)


@pytest.mark.parametrize("value", [float("nan"), Decimal("NaN"), {1, 2}, b"bytes"])
def test_json_refuses_what_it_could_not_give_back(vault, value):
    with pytest.raises((TypeError, ValueError)), transaction.atomic():
        vault.objects.create(details={"value": value})
    assert vault.objects.count() == 0


def test_text_refuses_other_types(vault):
    with pytest.raises(TypeError, match="holds text, not int"), transaction.atomic():
        vault(iban=5).save()


def test_a_copy_into_another_row_cannot_be_read(vault, raw_columns):
    source, target = vault.objects.create(iban=IBAN), vault.objects.create(iban="other")
    set_column(target.id, "iban", raw_columns(source.id)[0])

    with pytest.raises(CannotDecrypt):
        _ = vault.objects.get(id=target.id).iban
    assert vault.objects.get(id=source.id).iban == IBAN


def test_a_copy_into_another_field_cannot_be_read(vault, raw_columns):
    row = vault.objects.create(iban=IBAN)
    set_column(row.id, "other", raw_columns(row.id)[0])

    with pytest.raises(CannotDecrypt):
        _ = vault.objects.get().other


def test_a_copy_into_another_organisation_cannot_be_read(acme, globex):
    def make(organisation):
        with organisation_context(organisation):
            entity = LegalEntity.objects.create(name="X", number_prefix="KEYTEST")
            return TaxRegistration.objects.create(
                id=row_id, entity=entity, component="GST", number="123456789RT0001"
            )

    def read_raw():
        with connection.cursor() as cursor:
            cursor.execute("SELECT number FROM structure_taxregistration WHERE id = %s", [row_id])
            return bytes(cursor.fetchone()[0])

    row_id = uuid4()
    make(acme)
    make(globex)
    with organisation_context(acme):
        stolen = read_raw()
    with organisation_context(globex), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE structure_taxregistration SET number = %s WHERE id = %s", [stolen, row_id]
        )
    with organisation_context(globex), pytest.raises(CannotDecrypt):
        _ = TaxRegistration.objects.get(id=row_id).number
    with organisation_context(acme):
        assert TaxRegistration.objects.get(id=row_id).number == "123456789RT0001"


def test_an_instance_read_in_one_organisation_opens_outside_of_it(acme, vault):
    vault.objects.create(iban=IBAN)
    row = vault.objects.get()

    with shared_context():
        assert row.iban == IBAN


def test_an_instance_of_one_organisation_is_not_saved_in_another(vault, globex):
    vault.objects.create(iban=IBAN)
    row = vault.objects.get()

    with organisation_context(globex), pytest.raises(CannotDecrypt, match="another organisation"):
        row.save()


def test_a_changed_byte_is_found(vault, raw_columns):
    row = vault.objects.create(iban=IBAN)
    original = raw_columns(row.id)[0]
    for position in (0, 1, 4, 5, 16, 17, len(original) - 1):
        changed = bytearray(original)
        changed[position] ^= 1
        set_column(row.id, "iban", bytes(changed))
        with pytest.raises(CannotDecrypt):
            _ = vault.objects.get().iban


def test_ciphertext_given_to_another_row_is_refused_when_saved(vault):
    vault.objects.create(iban=IBAN)
    stolen = vault.objects.values_list("iban", flat=True).get()

    target = vault(name="thief", iban=stolen)

    with pytest.raises(CannotDecrypt), transaction.atomic():
        _ = target.iban
    with pytest.raises(CannotDecrypt), transaction.atomic():
        target.save()
    with pytest.raises(CannotDecrypt), transaction.atomic():
        vault.objects.bulk_create([target])
    assert vault.objects.count() == 1


def test_a_clone_with_a_new_id_does_not_carry_the_old_bytes(vault):
    vault.objects.create(iban=IBAN)
    clone = vault.objects.get()
    _ = clone.iban
    clone.pk, clone._state.adding = uuid4(), True

    with pytest.raises(CannotDecrypt), transaction.atomic():
        clone.save()


def test_values_are_opaque(vault):
    vault.objects.create(iban=IBAN, details={"a": 1})

    values = vault.objects.values("iban", "details").get()
    (listed,) = vault.objects.values_list("iban", flat=True)

    assert isinstance(values["iban"], Ciphertext)
    assert f"{values} {values['iban']} {listed!r}" == (
        "{'iban': [encrypted], 'details': [encrypted]} [encrypted] [encrypted]"
    )
    assert listed == values["iban"]
    assert len({listed, values["iban"]}) == 1
    assert vault.objects.annotate(again=F("iban")).values_list("again", flat=True).get() == listed


def test_an_opened_instance_pickles_and_copies_without_plaintext(in_acme):
    LegalEntity.objects.create(name="X", number_prefix="KEYTEST", payment_instructions=IBAN)
    row = LegalEntity.objects.get(number_prefix="KEYTEST")
    assert row.payment_instructions == IBAN

    pickled = pickle.dumps(row)

    assert IBAN.encode() not in pickled
    assert pickle.loads(pickled).payment_instructions == IBAN
    assert copy.deepcopy(row).payment_instructions == IBAN


def test_deferred_fields_load_when_asked_for(vault):
    row = vault.objects.create(iban=IBAN, name="deferred")

    for query in (vault.objects.defer("iban"), vault.objects.only("name")):
        read = query.get()
        assert "iban" in read.get_deferred_fields()
        with CaptureQueriesContext(connection) as queries:
            assert read.iban == IBAN
            assert read.iban == IBAN
        assert len(queries) == 1
    read = vault.objects.defer("iban").get()
    read.name = "saved"
    read.save()
    assert vault.objects.get(id=row.id).iban == IBAN


def test_refreshing_reads_what_is_there_now(vault):
    row = vault.objects.create(iban="old", details={"a": 1})
    other = vault.objects.get()
    other.iban, other.details = "new", {"a": 2}
    other.save()

    row.refresh_from_db()
    assert (row.iban, row.details) == ("new", {"a": 2})
    row.refresh_from_db(fields=["iban"])
    assert row.iban == "new"


def test_saving_what_did_not_change_keeps_the_bytes(vault, raw_columns):
    row = vault.objects.create(iban=IBAN, other="x", details={"a": [1]})
    before = raw_columns(row.id)
    row.name = "one"
    row.save()
    read = vault.objects.get()
    read.full_clean()
    read.iban = IBAN
    read.name = "two"
    read.save()

    assert raw_columns(row.id) == before
    read.iban = "changed"
    read.save()
    assert raw_columns(row.id)[0] != before[0]
    assert raw_columns(row.id)[1:] == before[1:]
    assert vault.objects.get().iban == "changed"


def test_json_changed_in_place_is_saved(vault):
    vault.objects.create(details={"lines": [1]})
    row = vault.objects.get()
    row.details["lines"].append(2)
    row.save()
    row.details["lines"].append(3)
    row.save(update_fields=["details"])

    assert vault.objects.get().details == {"lines": [1, 2, 3]}


def test_a_small_field_costs_less_than_twenty_microseconds(vault):
    vault.objects.create(iban=IBAN)
    field, count = vault._meta.get_field("iban"), 2000
    best_write = best_read = 1.0
    traced = sys.gettrace()
    sys.settrace(None)  # coverage costs more than the field
    for _attempt in range(5):
        rows = [vault(iban=IBAN) for _ in range(count)]
        start = thread_time()
        sealed = [field.pre_save(row, add=True) for row in rows]
        best_write = min(best_write, (thread_time() - start) / count)
        for row, value in zip(rows, sealed, strict=True):
            row.__dict__["iban"] = field.from_db_value(value, None, connection)
        start = thread_time()
        assert all(row.iban == IBAN for row in rows)
        best_read = min(best_read, (thread_time() - start) / count)

    sys.settrace(traced)
    assert best_write < 20e-6
    assert best_read < 20e-6
