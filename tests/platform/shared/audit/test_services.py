import json
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from shared.accounts.models import User
from shared.audit import chain, services
from shared.audit.models import ChainHead, Entry
from shared.audit.services import Act, Target, erase_payloads, record, record_many
from shared.audit.verification import verify_chain
from shared.kernel.actor import SYSTEM, Actor

ANNA = Actor(kind="user", id=str(uuid4()), label="Anna", ip="192.0.2.7", request_id="request-0001")


def test_an_act_is_recorded_with_actor_object_and_change(in_acme):
    user = User(email="new@example.com", name="New")
    number = record(
        actor=ANNA,
        action="person.invited",
        target=user,
        before={"role": "viewer"},
        after={"role": "owner", "rate": Decimal("0.10"), "since": date(2026, 11, 1)},
    )

    entry = Entry.objects.get(sequence=number)
    assert (entry.actor_label, entry.ip, entry.request_id) == ("Anna", "192.0.2.7", "request-0001")
    assert (entry.object_type, entry.object_id) == ("accounts.user", str(user.pk))
    assert entry.object_label == "New"
    assert entry.payload == (
        '{"after":{"rate":0.10,"role":"owner","since":"2026-11-01"},"before":{"role":"viewer"}}'
    )


def test_what_one_organisation_records_the_other_does_not_see(in_acme, globex):
    from shared.kernel.tenancy import organisation_context

    with organisation_context(globex):
        before = Entry.objects.count()
    record(actor=SYSTEM, action="only.here")

    with organisation_context(globex):
        assert Entry.objects.count() == before


def test_secrets_are_not_recorded(in_acme):
    number = record(
        actor=SYSTEM,
        action="client.created",
        after={
            "client_secret": "s3cret",
            "nested": [{"API_KEY": "ip_abc", "name": "ok"}],
            "password": "",
        },
    )

    payload = Entry.objects.get(sequence=number).payload
    assert "s3cret" not in payload
    assert "ip_abc" not in payload
    assert json.loads(payload)["after"]["nested"] == [{"API_KEY": chain.REDACTED, "name": "ok"}]
    assert json.loads(payload)["after"]["password"] == ""


def test_encrypted_fields_of_the_target_are_not_recorded(in_acme):
    from shared.idempotency.models import IdempotencyKey

    number = record(
        actor=SYSTEM,
        action="key.kept",
        target=IdempotencyKey(scope=b"", request_digest=b""),
        after={"body": "what was shown once", "status": 201},
    )

    payload = Entry.objects.get(sequence=number).payload
    assert json.loads(payload)["after"] == {"body": chain.REDACTED, "status": 201}


def test_an_act_outside_a_transaction_is_refused(in_acme):
    connection.in_atomic_block = False
    try:
        with pytest.raises(RuntimeError, match="transaction"):
            record(actor=SYSTEM, action="too.early")
    finally:
        connection.in_atomic_block = True


def test_a_rolled_back_act_leaves_no_entry_and_no_gap(in_acme):
    first = record(actor=SYSTEM, action="first.done")
    with transaction.atomic():
        record(actor=SYSTEM, action="second.undone")
        transaction.set_rollback(True)
    assert record(actor=SYSTEM, action="third.done") == first + 1
    assert verify_chain().problems == ()


def test_many_acts_are_chained_under_one_lock(in_acme, django_assert_num_queries):
    before = ChainHead.objects.get().sequence
    acts = [Act("row.made", Target("demo.row", str(n)), after={"n": n}) for n in range(1000)]
    with django_assert_num_queries(2):
        last = record_many(actor=SYSTEM, acts=acts)

    assert last == before + 1000
    assert Entry.objects.filter(action="row.made").count() == 1000
    assert verify_chain().problems == ()


@pytest.mark.parametrize("text", ["a\x00b", "é" * 400, "=1+1"])
def test_any_label_can_be_recorded(in_acme, text):
    number = record(actor=SYSTEM, action="odd.label", target=Target("x", text, text))
    assert len(Entry.objects.get(sequence=number).object_label) <= services.LABEL_MAX
    assert verify_chain().problems == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'other'",
        "UPDATE audit_entry SET payload = ''",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "UPDATE audit_chainhead SET sequence = 0",
        "DELETE FROM audit_chainhead",
    ],
)
def test_the_database_refuses_changes(in_acme, statement):
    record(actor=SYSTEM, action="kept.for_ever")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_lawful_erasure_blanks_the_payload_and_the_chain_holds(in_acme):
    number = record(
        actor=ANNA, action="person.changed", target=Target("p", "1", "Bob"), after={"name": "Bob"}
    )
    assert erase_payloads(actor=SYSTEM, sequences=[number], reason="asked for") == 1

    entry = Entry.objects.get(sequence=number)
    assert (entry.actor_label, entry.object_label, entry.ip, entry.payload) == ("", "", "", "")
    assert entry.object_id == "1"
    verdict = verify_chain()
    assert verdict.problems == ()
    assert verdict.erased == 1


def test_the_door_lets_nothing_through_but_blanks(in_acme):
    from shared.keyring.door import open_door

    number = record(actor=ANNA, action="person.changed", after={"name": "Bob"})
    for change in ({"payload": "{}"}, {"actor_label": "Carl"}, {"action": "x"}):
        with pytest.raises(DatabaseError), transaction.atomic(), open_door():
            Entry.objects.filter(sequence=number).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic(), open_door():
        Entry.objects.filter(sequence=number).delete()
