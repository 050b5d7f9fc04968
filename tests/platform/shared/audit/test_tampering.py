"""Somebody with the database's own rights changes the record; verify_audit says so."""

import os
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from psycopg import conninfo

from shared.audit import chain
from shared.audit.models import ChainHead, Entry
from shared.audit.services import Act, Target, record, record_many
from shared.audit.verification import verify_chain
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context

ENTRIES = 6
THREADS, ACTS_A_THREAD = 8, 25
BULK = 20_000

SWAP = """
    UPDATE audit_entry SET sequence = -sequence WHERE sequence IN (2, 3);
    UPDATE audit_entry SET sequence = CASE sequence WHEN -2 THEN 3 ELSE 2 END
    WHERE sequence IN (-2, -3)
"""
COPY = """
    INSERT INTO audit_entry (sequence, at, action, actor_kind, actor_id, actor_label, object_type,
        object_id, object_label, ip, request_id, payload, payload_digest, previous_digest, digest)
    SELECT %s, at, action, actor_kind, actor_id, actor_label, object_type, object_id,
        object_label, ip, request_id, payload, payload_digest, sha256('x'), sha256('y')
    FROM audit_entry WHERE sequence = 3
"""


class Owner:
    """Changes the record as the owner of the tables, with its triggers switched off."""

    def __init__(self, organisation):
        self.organisation = organisation

    def run(self, *statements):
        parts = conninfo.conninfo_to_dict(os.environ["OWNER_DATABASE_URL"])
        parts["dbname"] = connection.settings_dict["NAME"]
        with psycopg.connect(**parts) as owner:
            owner.execute(f'SET search_path = "{self.organisation.schema_name}"')
            owner.execute("ALTER TABLE audit_entry DROP CONSTRAINT audit_sequence_positive")
            for table in ("audit_entry", "audit_chainhead"):
                owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for statement in statements:
                owner.execute(statement)
            for table in ("audit_entry", "audit_chainhead"):
                owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            owner.execute(
                "ALTER TABLE audit_entry ADD CONSTRAINT audit_sequence_positive CHECK (true)"
            )

    def record_anew(self):
        """A sound record of six entries."""
        self.run(
            "DELETE FROM audit_entry",
            "UPDATE audit_chainhead SET sequence = 0, seal = '', digest = decode(repeat('00', 32),"
            " 'hex')",
        )
        with organisation_context(self.organisation), transaction.atomic():
            for number in range(ENTRIES):
                target = Target("a", str(number), f"Object {number}")
                record(actor=SYSTEM, action=f"act.{number}", target=target, after={"n": 1})


@pytest.fixture
def owner(throwaway_organisation):
    changer = Owner(throwaway_organisation)
    changer.record_anew()
    return changer


def problems_in(organisation):
    with organisation_context(organisation):
        return verify_chain().problems


TAMPERINGS = [
    (["UPDATE audit_entry SET action = 'other' WHERE sequence = 3"], "entry 3: was changed"),
    (["UPDATE audit_entry SET at = at + interval '1 s' WHERE sequence = 3"], "entry 3: was"),
    (["UPDATE audit_entry SET actor_id = 'bob' WHERE sequence = 3"], "entry 3: was changed"),
    (["UPDATE audit_entry SET actor_label = 'Bob' WHERE sequence = 3"], "payload was changed"),
    (["UPDATE audit_entry SET payload = '{}' WHERE sequence = 3"], "payload was changed"),
    (["UPDATE audit_entry SET ip = '192.0.2.1' WHERE sequence = 3"], "payload was changed"),
    (
        ["UPDATE audit_entry SET payload='', actor_label='', object_label='' WHERE sequence=3"],
        "entry 3: blanked without a record",
    ),
    (["DELETE FROM audit_entry WHERE sequence = 3"], "entries 3 to 3: missing"),
    (["DELETE FROM audit_entry WHERE sequence = 1"], "entries 1 to 1: missing"),
    (["DELETE FROM audit_entry WHERE sequence = 6"], "missing at the end"),
    (["DELETE FROM audit_entry"], "entries 1 to 6: missing at the end"),
    ([COPY % 7], "1 entries after the head"),
    ([SWAP], "entry 2: "),
    (
        [
            "DELETE FROM audit_entry WHERE sequence = 6",
            "UPDATE audit_chainhead SET sequence = 5, digest = (SELECT digest FROM audit_entry "
            "WHERE sequence = 5)",
        ],
        "not sealed by this service",
    ),
    (
        ["DELETE FROM audit_entry", "UPDATE audit_chainhead SET sequence = 0"],
        "the head does not name the last entry",
    ),
]


def rewriting_the_chain_with_right_digests_is_found(owner):
    """Whoever knows how digests are made still lacks the seal; going on does not heal it."""
    with organisation_context(owner.organisation):
        last = Entry.objects.get(sequence=ENTRIES)
        fields = {
            name: getattr(last, name)
            for name in (
                *("sequence", "at", "actor_kind", "actor_id", "object_type", "object_id"),
                *("request_id", "payload_digest", "previous_digest"),
            )
        }
    forged = chain.digest_entry(**{**fields, "action": "forged.act"}).hex()
    owner.run(
        f"UPDATE audit_entry SET action = 'forged.act', digest = decode('{forged}', 'hex') "
        f"WHERE sequence = {ENTRIES}",
        f"UPDATE audit_chainhead SET digest = decode('{forged}', 'hex')",
    )
    assert problems_in(owner.organisation) == ("the head was not sealed by this service",)

    with organisation_context(owner.organisation), transaction.atomic():
        record(actor=SYSTEM, action="business.goes_on")
    assert problems_in(owner.organisation) == ("the head was not sealed by this service",)


def emptying_the_record_does_not_make_it_a_new_one(owner):
    owner.run(
        "DELETE FROM audit_entry",
        "UPDATE audit_chainhead SET sequence = 0, digest = decode(repeat('00', 32), 'hex')",
    )
    assert problems_in(owner.organisation) == ("the record was emptied",)


def the_command_names_the_break_and_fails(owner):
    out = StringIO()
    call_command("verify_audit", organisation=owner.organisation.schema_name, stdout=out)
    assert f"{owner.organisation.schema_name}: holds, {ENTRIES} entries" in out.getvalue()

    owner.run("DELETE FROM audit_entry WHERE sequence = 2")
    with pytest.raises(CommandError, match=owner.organisation.schema_name):
        call_command("verify_audit", organisation=owner.organisation.schema_name, stdout=out)
    assert "entries 2 to 2: missing" in out.getvalue()
    with pytest.raises(CommandError, match="nobody"):
        call_command("verify_audit", organisation="nobody")


def test_every_kind_of_tampering_is_found(owner, subtests):
    for statements, found in TAMPERINGS:
        with subtests.test(statements=statements):
            owner.record_anew()
            assert problems_in(owner.organisation) == ()
            owner.run(*statements)
            problems = problems_in(owner.organisation)
            assert any(found in problem for problem in problems), problems
    for check in (
        rewriting_the_chain_with_right_digests_is_found,
        emptying_the_record_does_not_make_it_a_new_one,
        the_command_names_the_break_and_fails,
    ):
        with subtests.test(check=check.__name__):
            owner.record_anew()
            check(owner)


def test_threads_and_bulk_make_one_chain(owner):
    threads_that_record_at_once_make_one_chain(owner.organisation)
    a_billing_runs_worth_is_recorded_in_two_statements(owner.organisation)


def threads_that_record_at_once_make_one_chain(recorded):
    def work(number):
        try:
            with organisation_context(recorded):
                for act in range(ACTS_A_THREAD):
                    with transaction.atomic():
                        record(actor=SYSTEM, action="at.once", after={"n": number, "act": act})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))

    with organisation_context(recorded):
        assert Entry.objects.filter(action="at.once").count() == THREADS * ACTS_A_THREAD
        assert verify_chain().problems == ()
        assert ChainHead.objects.get().sequence == ENTRIES + THREADS * ACTS_A_THREAD


def a_billing_runs_worth_is_recorded_in_two_statements(recorded):
    """However many, so that everybody else waits for the head as shortly as can be."""
    acts = [Act("row.made", Target("row", str(n), f"Row {n}"), after={"n": n}) for n in range(BULK)]
    with organisation_context(recorded):
        with transaction.atomic(), CaptureQueriesContext(connection) as statements:
            record_many(actor=SYSTEM, acts=acts)
        assert len(statements) == 2
        assert verify_chain().problems == ()
