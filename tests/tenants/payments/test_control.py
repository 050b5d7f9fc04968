"""Journal and documents agree to the cent at any date, whatever happened in whatever order."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Thread
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from support.office import DATES, Office, assert_agrees, in_closed_time, make_world

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden
from shared.kernel.tenancy import current_schema, organisation_context
from tenants.contracts.models import Contract
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice
from tenants.ledger.models import JournalLine, LedgerProof
from tenants.ledger.services import Entry, Leg, post
from tenants.payments.control import control_differences
from tenants.payments.services.proving import differing_days, prove_ledger
from tenants.payments.tasks import prove_yesterday
from tenants.review.models import ReviewItem
from tenants.structure.services import create_legal_entity


@pytest.mark.parametrize("seed", range(6))
def test_any_documents_in_any_order(in_acme, seed):
    make_world()
    office = Office(seed)
    with time_machine.travel("2026-04-15T12:00:00-04:00", tick=True):
        before = in_closed_time()
        for done in range(1, 26):
            office.work(done)
            closed = in_closed_time()
            assert all(closed.get(key, now) == now for key, now in before.items())
            before = closed
        assert_agrees()


def test_many_at_once(throwaway_organisation, django_db_blocker):
    finished = []

    def work(seed: int) -> None:
        try:
            with organisation_context(throwaway_organisation):
                Office(seed).work(10)
                finished.append(seed)
        finally:
            connections.close_all()

    with (
        django_db_blocker.unblock(),
        time_machine.travel("2026-04-15T12:00:00-04:00", tick=True),
        organisation_context(throwaway_organisation),
    ):
        make_world()
        threads = [Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert len(finished) == len(threads)
        assert_agrees()


@pytest.fixture
def posted(in_acme) -> Invoice:
    """An issued invoice of 1,000.01 and HST 130.00."""
    make_world()
    contract = Contract.objects.order_by("contract_id").first()
    assert contract is not None
    return generate_invoice(
        actor=SYSTEM, site_id=contract.site.site_id, period=month_period(2026, 1)
    ).invoice


def _post_cent(line, other, cent):
    """Receivable against revenue, which no document says."""
    JournalLine.objects.bulk_create(
        [
            JournalLine(
                entry=line.entry,
                account=account,
                detail=detail,
                posted_on=line.posted_on,
                customer_id=line.customer_id,
                currency=line.currency,
                amount=amount,
                base_amount=amount,
            )
            for account, detail, amount in (
                ("receivable", "", cent),
                ("revenue", other.detail, -cent),
            )
        ]
    )


@pytest.mark.spoils_the_books
def test_a_cent_too_many_is_found(posted):
    line = JournalLine.objects.filter(account="receivable").get()
    other = JournalLine.objects.filter(account="revenue").first()
    _post_cent(line, other, Decimal("0.01"))
    found = control_differences(actor=SYSTEM, on=line.posted_on)
    assert {(one.key.account, one.ledger - one.documents) for one in found} == {
        ("receivable", Decimal("0.01")),
        ("revenue_and_deferred", Decimal("-0.01")),
    }
    assert control_differences(actor=SYSTEM, on=line.posted_on - timedelta(days=1)) == []
    proof = prove_ledger(actor=SYSTEM, on=line.posted_on)
    assert not proof.agrees
    item = ReviewItem.objects.get()
    assert (item.kind, item.status) == ("ledger_difference", "open")
    assert differing_days() == [line.posted_on]
    _post_cent(line, other, Decimal("-0.01"))
    prove_yesterday(schema=current_schema())  # proves the day that differed again
    item.refresh_from_db()
    assert item.status == "resolved"
    assert LedgerProof.objects.get(on=line.posted_on).agrees
    assert differing_days() == []


@pytest.mark.spoils_the_books
def test_opposite_errors_of_two_companies_do_not_cancel(posted):
    """The same customer's receivable is a dollar too high in one company, too low in the other."""
    west = create_legal_entity(
        actor=SYSTEM, given={"name": "Acme West Ltd.", "number_prefix": "AW", "currency": "CAD"}
    )
    for entity, amount in ((posted.entity, Decimal(1)), (west, Decimal(-1))):
        post(
            [
                Entry(
                    kind="write_off",
                    source_id=uuid4(),
                    document_id=posted.pk,
                    document_code=str(posted),
                    posted_on=posted.invoice_date,
                    entity_id=entity.pk,
                    customer_id=posted.customer_id,
                    site_id=None,
                    currency="CAD",
                    base_currency="CAD",
                    legs=(Leg("receivable", amount), Leg("write_off", -amount)),
                )
            ]
        )
    found = control_differences(actor=SYSTEM, on=DATES[-1])
    told = {(one.key.entity_id, one.key.in_books, one.ledger - one.documents) for one in found}
    assert told == {
        (posted.entity_id, False, 1),
        (posted.entity_id, True, 1),
        (west.pk, False, -1),
        (west.pk, True, -1),
    }
    proof = prove_ledger(actor=SYSTEM, on=DATES[-1])
    assert {one["company"] for one in proof.differences} == {posted.entity.name, "Acme West Ltd."}


@pytest.mark.spoils_the_books
def test_a_settled_amount_without_its_allocation_is_found(posted):
    Invoice.objects.filter(pk=posted.pk).update(amount_paid=Decimal(5))
    (found,) = control_differences(actor=SYSTEM, on=DATES[-1])
    assert (found.key.account, found.key.detail) == ("settled", posted.number)


def test_the_proof_is_kept_once_a_day(posted, actor_in):
    for _time in range(2):
        prove_ledger(actor=SYSTEM, on=date(2026, 1, 31))
    proof = LedgerProof.objects.get()
    assert proof.agrees
    assert proof.compared >= 4
    with pytest.raises(Forbidden):
        control_differences(actor=actor_in("contractor"), on=DATES[0])


def test_the_number_of_queries_does_not_grow(posted, django_assert_num_queries):
    with CaptureQueriesContext(
        connection,
    ) as few:
        control_differences(actor=SYSTEM, on=DATES[-1])
    Office(99).work(5)
    with django_assert_num_queries(len(few)):
        control_differences(actor=SYSTEM, on=DATES[-1])
