"""Runs: planned once, shared by workers, resumed after a kill, each statement exactly once."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core import mail
from support.billing import make_contract, make_site
from support.statements import JANUARY, carry_out, only_statement, run_statements

from billing.periods import month_period
from shared.accounts.models import User
from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, Forbidden, Invalid
from shared.keyring.storage import EncryptedStorage
from shared.outbox.models import Event
from tenants.documents.models import Document
from tenants.documents.services import provide_document
from tenants.documents.work import find_kept
from tenants.review.models import ReviewItem
from tenants.review.services import raise_item
from tenants.statements import work
from tenants.statements.models import Statement, StatementRun, StatementRunItem
from tenants.statements.selectors.recovery import runs_to_resume
from tenants.statements.selectors.runs import run_progress
from tenants.statements.services import (
    Order,
    finish_run,
    plan_run,
    retry_failed,
    send_statement,
    start_run,
)
from tenants.statements.tasks import send_notice
from tenants.statements.template_choice import Looks

FEBRUARY = month_period(2025, 2)


@pytest.fixture
def three(in_acme, bill):
    """Three customers with an invoice each in January."""
    contracts = [make_contract(make_site(), effective_date=date(2025, 1, 1)) for _ in range(3)]
    for contract in contracts:
        bill(contract, 1)
    return contracts


def planned():
    run = start_run(actor=SYSTEM, order=Order(period=JANUARY))
    plan_run(run_id=run.pk)
    run.refresh_from_db()
    return run


def files_of(run):
    return list(Document.objects.filter(object_id__in=run.statements.values("pk")))


def test_every_statement_has_its_encrypted_file(three):
    run = run_statements()
    documents = files_of(run)
    assert (run.status, run.total, len(documents)) == ("done", 3, 3)
    for document in documents:
        with EncryptedStorage().open(document.file_name) as pdf:
            content = pdf.read()
        assert content.startswith(b"%PDF")
        assert len(content) == document.size_bytes
    progress = run_progress(run)
    assert (progress.made, progress.waiting, progress.failed) == (3, 0, 0)


def test_what_was_made_is_shown_whatever_template_comes_later(three, monkeypatch):
    run = run_statements()
    statement = run.statements.first()
    kept = find_kept(kind="statement", object_id=statement.pk)
    monkeypatch.setattr("tenants.documents.rendering.template_version", lambda kind: "another")
    assert provide_document(kind="statement", object_id=statement.pk) == kept


def test_a_second_run_passes_over_what_is_there(three):
    run_statements()
    again = run_statements()
    assert again.statements.count() == 0
    assert {item.status for item in again.items.all()} == {"skipped"}
    assert all(item.statement for item in again.items.all())


def test_planning_twice_is_planning_once(three):
    run = planned()
    assert not plan_run(run_id=run.pk)
    assert run.items.count() == 3


def test_a_worker_killed_after_its_files_leaves_no_double(three, monkeypatch):
    """The first taker dies between files and transaction; the second takes over its lease."""
    run = planned()

    class Killed(BaseException):
        """What SIGKILL is to the code that follows."""

    def die(*args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(work, "_store", die)
        with pytest.raises(Killed):
            work.work_on_run(run_id=run.pk, seconds=60)
    assert run.statements.count() == 0
    assert work.take_chunk(run) is None  # the lease holds
    left = {item.pk for item in run.items.all()}
    run.chunks.update(leased_until=a_second_ago())
    assert [one.pk for one in runs_to_resume().idle] == [run.pk]
    carry_out(run)
    assert run.statements.count() == len(left) == 3
    names = {document.file_name for document in files_of(run)}
    folder, pattern = "documents", {name.rsplit("/", 1)[1] for name in names}
    present = set(EncryptedStorage().listdir(folder)[1])
    assert pattern <= present
    assert not {name.replace("-2.pdf", "-1.pdf") for name in pattern} & present


def a_second_ago():
    return now() - timedelta(seconds=1)


def test_a_late_worker_throws_its_work_away(three):
    run = planned()
    late = work.take_chunk(run)
    run.chunks.update(leased_until=a_second_ago())
    carry_out(run)
    before = set(run.statements.values_list("pk", flat=True))
    work.do_chunk(run, late, Looks("latest"))
    assert set(run.statements.values_list("pk", flat=True)) == before
    for document in files_of(run):
        assert EncryptedStorage().exists(document.file_name)


def test_one_that_cannot_be_printed_fails_alone_and_is_tried_again(three, monkeypatch):
    real, calls = work.render_contents, []

    def breaks_once(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise ValueError("no such glyph")
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(work, "render_contents", breaks_once)
        run = run_statements()
    failed = run.items.get(status="failed")
    assert "no such glyph" in failed.reason
    assert run_progress(run).made == 2
    retry_failed(actor=SYSTEM, run_id=run.pk)
    run = carry_out(run)
    assert (run_progress(run).made, run_progress(run).failed) == (3, 0)
    assert not StatementRunItem.objects.filter(run=run).exclude(status="made").exists()
    with pytest.raises(Conflict):
        retry_failed(actor=SYSTEM, run_id=run.pk)


def test_a_chunk_that_is_interrupted_each_time_ends(three, monkeypatch):
    run = planned()
    run.chunks.update(attempts=work.ATTEMPTS_MAX)
    carry_out(run)
    run.refresh_from_db()
    assert (run.status, run_progress(run).failed) == ("done", 3)


def test_corrections_are_new_statements(three, bill, pay):
    first = run_statements()
    asked = [
        raise_item(kind="statement_variance", target=one, cause="Unusual")
        for one in first.statements.all()
    ]
    unchanged = run_statements(kind="correction")
    assert unchanged.statements.count() == 0
    customer = three[0].site.customer
    pay(customer, "100.00", date(2025, 1, 31))
    run = run_statements(kind="correction")
    newer = only_statement(run)
    old = first.statements.get(customer=customer)
    assert (newer.issue, newer.replaces) == (1, old)
    assert newer.closing_balance == old.closing_balance - 100
    with pytest.raises(Conflict):
        send_statement(actor=SYSTEM, statement_id=old.pk)
    for item in asked:
        item.refresh_from_db()
    assert {one.target_id for one in asked if one.status == "resolved"} == {old.pk}


def test_an_unusual_statement_waits_for_a_person(contract, bill, courier):
    """1,130.00 in January and 0.00 in February: far from it, so it is not sent by itself."""
    bill(contract, 1)
    run_statements(delivery_method="email")
    assert len(courier.taken) == 1
    statement = only_statement(run_statements(FEBRUARY, delivery_method="email"))
    assert statement.is_unusual
    assert statement.previous_total == Decimal("1130.00")
    assert len(courier.taken) == 1
    item = ReviewItem.objects.get(kind="statement_variance", target_id=statement.pk)
    assert "$1,130.00" in item.cause
    send_statement(actor=SYSTEM, statement_id=statement.pk)
    item.refresh_from_db()
    assert (item.status, len(courier.taken)) == ("resolved", 2)


def test_statements_are_handed_to_delivery_in_their_transaction(three, courier):
    run = run_statements(delivery_method="auto")
    assert {method for _pk, method in courier.taken} == {"auto"}
    assert {pk for pk, _method in courier.taken} == set(run.statements.values_list("pk", flat=True))
    assert {one.status for one in run.statements.all()} == {"requested"}


def test_each_statement_is_told_and_recorded(three):
    run = run_statements()
    codes = set(run.statements.values_list("statement_code", flat=True))
    events = Event.objects.filter(topic="statement.generated", key__in=codes)
    assert events.count() == 3
    entries = Entry.objects.filter(action="statement.generated")
    assert entries.count() == 3
    assert Event.objects.filter(topic="statement_run.finished", key=str(run.pk)).count() == 1


def test_who_started_the_run_is_told_once(three, actor_in):
    actor = actor_in("billing_manager")
    User.objects.create_user("billing@acme.test", id=actor.user_id)
    run = carry_out(start_run(actor=actor, order=Order(period=JANUARY)))
    for _time in range(2):
        send_notice.apply(kwargs={"run_id": str(run.pk), "schema": "acme"}, throw=True)
    assert [message.to for message in mail.outbox] == [["billing@acme.test"]]
    assert "3 statements are ready" in mail.outbox[0].subject
    assert str(run.pk) in mail.outbox[0].body


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"contract_types": ["weekly"]}, "customerFilters.contractTypes[0]"),
        ({"customer_ids": ["CUS999999"]}, "customerFilters.customerIds[0]"),
        ({"template": "7"}, "options.templateVersion"),
        ({"statement_date": date(2025, 1, 30)}, "statementDate"),
        ({"period": month_period(2036, 1)}, "billingPeriod.endDate"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_starts(in_acme, changes, field):
    with pytest.raises(Invalid) as refused:
        start_run(actor=SYSTEM, order=Order(**{"period": JANUARY, **changes}))
    assert [error.field for error in refused.value.errors] == [field]
    assert not StatementRun.objects.exists()


def test_only_who_may_starts_or_sends(in_acme, actor_in):
    with pytest.raises(Forbidden):
        start_run(actor=actor_in("viewer"), order=Order(period=JANUARY))
    with pytest.raises(Forbidden):
        send_statement(actor=actor_in("approver"), statement_id=uuid4())


def test_warnings_say_what_the_period_lacks(in_acme, three, bill):
    make_contract(make_site(), effective_date=date(2025, 1, 1))
    bill(make_contract(make_site(), effective_date=date(2025, 1, 1)), 1, issue=False)
    run = planned()
    assert {one["code"]: one["count"] for one in run.warnings} == {"unbilled": 1, "drafts": 1}


def test_an_ended_run_is_ended_once(three):
    run = run_statements()
    assert not finish_run(run_id=run.pk)
    assert Statement.objects.count() == 3
