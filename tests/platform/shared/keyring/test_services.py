from base64 import b64encode
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from shared.kernel.hooks import provisioning_steps
from shared.kernel.tenancy import PLATFORM_ID, organisation_context
from shared.keyring import cache
from shared.keyring.errors import CannotDecrypt, NoDataKey
from shared.keyring.models import DataKey, Purpose
from shared.keyring.services import (
    create_data_keys,
    current_key,
    key_by_version,
    rewrap_data_keys,
    shred_keys,
)
from tenants.structure.models import LegalEntity


@pytest.fixture
def committed():
    """As if the test's transaction were over: keys may be cached."""

    def commit():
        cache._unsettled.markers.clear()

    return commit


def test_a_new_organisation_gets_a_key_for_every_purpose(db):
    organisation_id = uuid4()

    create_data_keys(organisation_id)
    create_data_keys(organisation_id)

    keys = DataKey.objects.filter(organisation_id=organisation_id)
    assert {(key.purpose, key.version, key.state) for key in keys} == {
        (purpose, 1, "active") for purpose in ("fields", "files", "index")
    }
    assert len({current_key(organisation_id, purpose).secret for purpose in Purpose}) == 3
    assert len({bytes(key.wrapped_key) for key in keys}) == 3


def test_the_key_is_nowhere_in_the_database(db):
    organisation_id = uuid4()
    create_data_keys(organisation_id)
    key = current_key(organisation_id, Purpose.FIELDS)

    wrapped = DataKey.objects.get(organisation_id=organisation_id, purpose="fields").wrapped_key

    assert key.secret not in bytes(wrapped)
    assert repr(key) == "OpenKey(version=1)"


def test_provisioning_makes_the_keys_first(acme):
    assert provisioning_steps()[0].name == "data_keys"
    assert current_key(acme.id, Purpose.FIELDS).version == 1


def test_an_organisation_without_keys_cannot_encrypt(db):
    with pytest.raises(NoDataKey):
        current_key(uuid4(), Purpose.FIELDS)
    with pytest.raises(NoDataKey):
        key_by_version(uuid4(), Purpose.FIELDS, 1)


def test_the_platforms_keys_are_made_on_demand(db):
    DataKey.objects.filter(organisation_id=PLATFORM_ID).delete()
    cache.forget_keys()

    assert current_key(PLATFORM_ID, Purpose.FIELDS).version == 1
    assert DataKey.objects.filter(organisation_id=PLATFORM_ID).count() == 3


def test_wrapped_keys_cannot_change_places(db):
    first, second = uuid4(), uuid4()
    create_data_keys(first)
    create_data_keys(second)
    stolen = DataKey.objects.get(organisation_id=first, purpose="fields").wrapped_key
    DataKey.objects.filter(organisation_id=second, purpose="fields").update(wrapped_key=stolen)
    DataKey.objects.filter(organisation_id=first, purpose="files").update(wrapped_key=stolen)

    with pytest.raises(CannotDecrypt):
        current_key(second, Purpose.FIELDS)
    with pytest.raises(CannotDecrypt):
        current_key(first, Purpose.FILES)


def test_a_key_is_read_once(db, committed):
    organisation_id = uuid4()
    create_data_keys(organisation_id)
    committed()

    with CaptureQueriesContext(connection) as queries:
        keys = {id(current_key(organisation_id, Purpose.FIELDS)) for _ in range(5)}
        keys.add(id(key_by_version(organisation_id, Purpose.FIELDS, 1)))

    assert (len(keys), len(queries)) == (1, 1)
    cache.forget_keys(organisation_id)


def test_a_cached_key_is_read_again_when_its_time_is_over(db, committed, monkeypatch, settings):
    organisation_id, clock = uuid4(), [1000.0]
    monkeypatch.setattr(cache, "monotonic", lambda: clock[0])
    create_data_keys(organisation_id)
    committed()
    current_key(organisation_id, Purpose.FIELDS)

    for seconds, expected in ((settings.KEY_CACHE_SECONDS, 0), (1, 1)):
        clock[0] += seconds
        with CaptureQueriesContext(connection) as queries:
            current_key(organisation_id, Purpose.FIELDS)
        assert len(queries) == expected
    cache.forget_keys(organisation_id)


def test_the_cache_is_bounded(db, committed, monkeypatch):
    monkeypatch.setattr(cache, "ENTRIES_MAX", 4)
    for _ in range(5):
        organisation_id = uuid4()
        create_data_keys(organisation_id)
        committed()
        current_key(organisation_id, Purpose.FIELDS)

    assert len(cache._entries) <= 4
    assert cache.find_key(organisation_id, Purpose.FIELDS, 1) is not None


def test_a_key_that_was_rolled_back_is_not_used_again(db):
    organisation_id = uuid4()
    try:
        with transaction.atomic():
            create_data_keys(organisation_id)
            lost = current_key(organisation_id, Purpose.FIELDS)
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass

    with pytest.raises(NoDataKey):
        current_key(organisation_id, Purpose.FIELDS)
    create_data_keys(organisation_id)
    assert current_key(organisation_id, Purpose.FIELDS).secret != lost.secret


def test_shredding_makes_everything_unreadable(acme):
    with organisation_context(acme):
        LegalEntity.objects.create(
            name="X", number_prefix="KEYTEST", payment_instructions="Pay to 123"
        )

    assert shred_keys(acme.id) == 3

    keys = DataKey.objects.filter(organisation_id=acme.id)
    assert {(key.state, bytes(key.wrapped_key)) for key in keys} == {("shredded", b"")}
    with organisation_context(acme):
        entity = LegalEntity.objects.get(number_prefix="KEYTEST")
        assert entity.name == "X"
        with pytest.raises(CannotDecrypt):
            _ = entity.payment_instructions
    with pytest.raises(NoDataKey):
        current_key(acme.id, Purpose.FIELDS)
    with pytest.raises(NoDataKey, match="destroyed"):
        create_data_keys(acme.id)
    assert shred_keys(acme.id) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"state": "shredded"},
        {"wrapped_key": b""},
        {"version": 0},
    ],
)
def test_the_database_refuses_impossible_keys(db, change):
    organisation_id = uuid4()
    create_data_keys(organisation_id)

    with pytest.raises(IntegrityError), transaction.atomic():
        DataKey.objects.filter(organisation_id=organisation_id, purpose="fields").update(**change)


def test_the_database_holds_one_active_key_a_purpose(db):
    organisation_id = uuid4()
    create_data_keys(organisation_id)

    with pytest.raises(IntegrityError, match="datakey_one_active"), transaction.atomic():
        DataKey.objects.create(
            organisation_id=organisation_id, purpose="fields", version=2, wrapped_key=b"x"
        )


def test_rewrapping_changes_the_master_key_and_no_data_key(db, settings):
    organisation_id = uuid4()
    create_data_keys(organisation_id)
    before = current_key(organisation_id, Purpose.FIELDS).secret
    old, new = settings.INVOICEPATCH_MASTER_KEYS, "2:" + b64encode(b"n" * 32).decode()
    shredded = uuid4()
    create_data_keys(shredded)
    shred_keys(shredded)

    settings.INVOICEPATCH_MASTER_KEYS = f"{old},{new}"
    total = DataKey.objects.exclude(state="shredded").count()
    assert rewrap_data_keys(batch_size=2) == total
    assert rewrap_data_keys() == 0

    settings.INVOICEPATCH_MASTER_KEYS = new
    cache.forget_keys()
    assert current_key(organisation_id, Purpose.FIELDS).secret == before
    assert DataKey.objects.filter(organisation_id=shredded, master_key_id="2").count() == 0
    cache.forget_keys()
