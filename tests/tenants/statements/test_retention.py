"""Statements are kept for their years and then erased, unless somebody holds them."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from support.statements import only_statement, run_statements

from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Forbidden, Gone, Invalid
from shared.keyring.storage import EncryptedStorage
from tenants.delivery.models import Delivery
from tenants.documents.models import Document
from tenants.statements.models import Statement
from tenants.statements.selectors.settings import retention_years, statement_settings
from tenants.statements.services import (
    archive_old_statements,
    place_hold,
    release_hold,
    remove_old_runs,
    save_retention,
    save_settings,
)
from tenants.statements.services import retention as keeping
from tenants.statements.showing import show_statement


@pytest.fixture
def statement(contract, bill, monkeypatch):
    """Of January 2025, looked at on a day of 2032 that the test may move."""
    bill(contract, 1)
    made = only_statement(run_statements())
    set_today(monkeypatch, date(2032, 2, 1))
    return made


def set_today(monkeypatch, day):
    monkeypatch.setattr(keeping, "today", lambda: day)


def file_of(statement):
    return Document.objects.get(kind="statement", object_id=statement.pk).file_name


def test_seven_years_after_its_period_a_statement_is_erased(statement, monkeypatch):
    name = file_of(statement)
    set_today(monkeypatch, date(2032, 1, 31))  # the last of the seven years
    assert archive_old_statements() == 0
    set_today(monkeypatch, date(2032, 2, 1))
    assert archive_old_statements() == 1
    statement = Statement.objects.get(pk=statement.pk)
    assert statement.status == "archived"
    assert statement.parties == {}
    assert statement.closing_balance == Decimal("1130.00")  # the books refer to it
    assert statement.lines.count() == 3
    assert not EncryptedStorage().exists(name)
    assert not Document.objects.filter(object_id=statement.pk).exists()
    with pytest.raises(Gone):
        show_statement(actor=SYSTEM, statement_id=statement.pk, output="html")
    assert archive_old_statements() == 0
    assert Entry.objects.filter(action="statement.archived").count() == 1


@pytest.mark.parametrize("of_customer", [True, False])
def test_a_hold_wins_over_the_rule(statement, customer, of_customer):
    target = (
        {"customer_id": customer.customer_id} if of_customer else {"statement_id": statement.pk}
    )
    hold = place_hold(actor=SYSTEM, reason="Audit of 2025", **target)
    assert archive_old_statements() == 0
    assert EncryptedStorage().exists(file_of(statement))
    with pytest.raises(Conflict):
        place_hold(actor=SYSTEM, reason="Again", **target)
    release_hold(actor=SYSTEM, hold_id=hold.pk)
    with pytest.raises(Conflict):
        release_hold(actor=SYSTEM, hold_id=hold.pk)
    assert archive_old_statements() == 1


def test_a_kill_between_file_and_row_is_made_good(statement, monkeypatch):
    """The file is gone, the row is not: the next pass archives it all the same."""
    EncryptedStorage().delete(file_of(statement))
    assert archive_old_statements() == 1


def test_erasing_forgets_to_whom_it_was_sent(statement):
    for number in (1, 2):
        Delivery.objects.create(
            kind="statement",
            object_id=statement.pk,
            object_code=statement.statement_code,
            customer=statement.customer,
            channel="email",
            recipient_name=f"Ann {number}",
            address=f"ann{number}@c.example",
            request_key="first",
            status=("sent", "pending")[number - 1],
        )
    assert archive_old_statements() == 1
    kept = [
        (one.recipient_name, one.address, one.status)
        for one in Delivery.objects.order_by("created_at")
    ]
    assert kept == [("", "", "sent"), ("", "", "cancelled")]
    assert not Delivery.objects.filter(address_index="ann1@c.example").exists()


def test_years_are_the_tenants_choice(statement, monkeypatch):
    save_retention(actor=SYSTEM, years={"statement": 10, "run": 7})
    assert retention_years() == {"statement": 10, "run": 7}
    assert archive_old_statements() == 0
    with pytest.raises(Invalid) as refused:
        save_retention(actor=SYSTEM, years={"statement": 0})
    assert refused.value.errors[0].field == "statement"


def test_old_runs_lose_their_results_and_keep_their_statements(statement):
    run = statement.run
    assert remove_old_runs() == 1
    assert run.items.count() == run.chunks.count() == 0
    assert run.statements.get() == statement
    assert remove_old_runs() == 0


def test_an_archived_statement_stays_so(statement):
    archive_old_statements()
    with pytest.raises(DatabaseError), transaction.atomic():
        Statement.objects.filter(pk=statement.pk).update(archived_at=None)


def test_what_is_unusual_is_the_tenants_choice(in_acme):
    save_settings(actor=SYSTEM, variance_limit=Decimal("0.1"), variance_minimum=Decimal("5000.00"))
    settings = statement_settings()
    assert (settings.variance_limit, settings.variance_minimum) == (
        Decimal("0.1"),
        Decimal(5000),
    )
    with pytest.raises(Invalid) as refused:
        save_settings(actor=SYSTEM, variance_limit=Decimal(-1), variance_minimum=Decimal(-1))
    assert {error.field for error in refused.value.errors} == {
        "variance_limit",
        "variance_minimum",
    }


def test_only_an_administrator_decides_what_is_kept(in_acme, customer, actor_in):
    manager = actor_in("billing_manager")
    with pytest.raises(Forbidden):
        save_retention(actor=manager, years={"statement": 1})
    with pytest.raises(Forbidden):
        place_hold(actor=manager, reason="Mine", customer_id=customer.customer_id)
